"""Which bytes of the object store are evidence: of deliveries, with their receipts, and of rehearsals of portal profiles.

Not here: the rows themselves (deliveries.py, portal_profiles.py).
"""

from warehouse.ledger.store import Transaction


def is_evidence(tx: Transaction, path: str) -> bool:
    """Say whether evidence names these bytes. Asked by the product itself, who sees all rows."""
    row = tx.row(
        "select exists (select from delivery_evidence where storage_path = %(path)s)"
        " or exists (select from portal_rehearsals where evidence @> jsonb_build_array(jsonb_build_object('storage_path', %(path)s::text)))"
        " as is_named",
        {"path": path},
    )
    return bool(row and row["is_named"])


def evidence_paths(tx: Transaction) -> dict[str, str]:
    """Return every path that evidence names, with words for the person who misses it: what it is, of what, from which day."""
    found = {
        row["path"]: f"{row['name']} of {row['at']:%Y-%m-%d}, a rehearsal of the portal profile {row['profile']}"
        for row in tx.rows(
            "select kept ->> 'storage_path' as path, kept ->> 'name' as name, r.at, f.name as profile"
            " from portal_rehearsals r join portal_profiles f on f.id = r.profile_id, jsonb_array_elements(r.evidence) kept"
        )
    }
    return found | {
        row[
            "path"
        ]: f"{row['name']} of {row['at']:%Y-%m-%d}, seen by delivery {row['number']} of the offer to {row['title'][:80]}"
        for row in tx.rows(
            "select e.storage_path as path, e.name, e.at, r.number, o.title from delivery_evidence e"
            " join submission_runs r on r.id = e.run_id join submissions s on s.id = r.submission_id"
            " join opportunities o on o.id = s.opportunity_id"
        )
    }
