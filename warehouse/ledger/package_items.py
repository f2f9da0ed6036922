"""Rows of what goes into an offer's package, in its order. Not here: rights and versions (pipelines/submission/package.py)."""

from collections.abc import Sequence

from warehouse.domain.package import PackageItem
from warehouse.ledger.store import Deed, Transaction


def list_items(tx: Transaction, submission_id: str) -> list[PackageItem]:
    """Return the documents of a package in their order."""
    rows = tx.rows(
        "select document_id::text as document_id, package_name, volume from package_items where submission_id = as_uuid(%s)"
        " order by position",
        [submission_id],
    )
    return [PackageItem(**row) for row in rows]


def write_items(deed: Deed, submission_id: str, items: Sequence[PackageItem]) -> None:
    """Make these the documents of a package, in this order. The offer's row must be locked before.

    Names are unique at each statement, not at the end: rows that change go out first, so that two can swap their names.
    """
    wanted = {item.document_id: (place, item) for place, item in enumerate(items, 1)}
    kept = {
        row["document_id"]: row["version"]
        for row in deed.rows(
            "select document_id::text as document_id, position, package_name, volume, version from package_items"
            " where submission_id = %s",
            [submission_id],
        )
        if (found := wanted.get(row["document_id"]))
        and found == (row["position"], PackageItem(row["document_id"], row["package_name"], row["volume"]))
    }
    gone = deed.rows(
        "delete from package_items where submission_id = %s and document_id <> all(%s::uuid[])"
        " returning document_id::text as document_id, version",
        [submission_id, list(kept)],
    )
    versions = {row["document_id"]: row["version"] for row in gone}
    for document_id, (place, item) in wanted.items():
        if document_id not in kept:
            deed.execute(
                "insert into package_items (submission_id, document_id, position, package_name, volume, version)"
                " values (%s, %s, %s, %s, %s, %s)",
                [submission_id, document_id, place, item.package_name, item.volume, versions.get(document_id, 0) + 1],
            )
