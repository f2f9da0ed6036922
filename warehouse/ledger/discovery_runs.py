"""Runs of sources and their health: tables `discovery_runs` and `connectors`; each change is a deed.

Not here: what a run does (pipelines/discovery), reading for pages (warehouse/ledger/sources.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from warehouse.domain.audit_event import AuditEvent, Fact
from warehouse.domain.run_outcome import RunOutcome
from warehouse.lake.landings import Counts
from warehouse.ledger.credentials import write_status
from warehouse.ledger.store import SYSTEM, Deed, Ledger

INTERRUPTED = "The run was interrupted before its end; the next one went on where it stopped."


@dataclass(frozen=True)
class Source:
    """What the ledger keeps of a connector."""

    name: str
    auth_type: str
    documentation_url: str


def start_run(ledger: Ledger, source: Source, *, at: datetime, as_of: datetime | None) -> str:
    """Open a run of a source and return its id; runs of it that a kill left open are closed as failed."""
    with ledger.deed(AuditEvent("discovery:started", source.name, SYSTEM)) as deed:
        connector_id = _connector_id(deed, source)
        deed.execute(
            "update discovery_runs set status = 'failed', finished_at = %s, reason = %s, outcome = 'interrupted'"
            " where connector_id = %s and status in ('pending', 'running')",
            [at, INTERRUPTED, connector_id],
        )
        row = deed.row(
            "insert into discovery_runs (connector_id, status, as_of, started_at) values (%s, 'running', %s, %s) returning id::text",
            [connector_id, as_of, at],
        )
    return str(row["id"]) if row else ""


def note_landing(
    ledger: Ledger,
    run_id: str,
    outcome: RunOutcome,
    *,
    reason: str,
    skipped: Sequence[dict[str, str]],
    requests_spent: int = 0,
) -> None:
    """Write down what landing came to and why, which files were skipped, and how many requests it took."""
    facts: dict[str, Fact] = {"skipped_files": len(skipped), "outcome": outcome.value, "requests": requests_spent}
    with ledger.deed(AuditEvent("discovery:landed", run_id, SYSTEM, facts)) as deed:
        deed.execute(
            "update discovery_runs set outcome = %s, reason = %s, skipped_files = %s, requests_spent = %s where id = %s",
            [outcome.value, reason, Jsonb(list(skipped)), requests_spent, run_id],
        )


def end_idle_run(ledger: Ledger, run_id: str, *, at: datetime, reason: str) -> None:
    """Close a run that neither asked its source nor found a file: nothing failed, but it is no sign of life either."""
    with ledger.deed(AuditEvent("discovery:idle", run_id, SYSTEM)) as deed:
        deed.execute(
            "update discovery_runs set status = 'success', finished_at = %s, reason = %s where id = %s",
            [at, reason, run_id],
        )


def fail_run(ledger: Ledger, run_id: str, *, at: datetime, reason: str) -> None:
    """Close a run as failed; its connector shows a warning with the reason."""
    with ledger.deed(AuditEvent("discovery:failed", run_id, SYSTEM)) as deed:
        deed.execute(
            "update discovery_runs set status = 'failed', finished_at = %s, reason = %s where id = %s",
            [at, reason, run_id],
        )
        row = deed.row(
            "select c.name from connectors c join discovery_runs r on r.connector_id = c.id where r.id = %s", [run_id]
        )
        if row is not None:
            write_status(deed, row["name"], at=at)


def add_to_open_run(ledger: Ledger, source: str, counts: Counts, *, is_done: bool, at: datetime) -> None:
    """Add what was read to the open run of a source and, when nothing is left to read, close it.

    Without an open run (a rebuild, a retry) nothing changes.
    """
    facts = {"landed": counts.landed, "quarantined": counts.quarantined, "versions": counts.versions}
    with ledger.deed(AuditEvent("discovery:read", source, SYSTEM, facts)) as deed:
        run = deed.row(
            "select r.id from discovery_runs r join connectors c on c.id = r.connector_id"
            " where c.name = %s and r.status = 'running' order by r.started_at desc limit 1",
            [source],
        )
        if run is None or not (is_done or counts.landed):
            deed.nothing_happened()
            return
        deed.execute(
            "update discovery_runs set records_fetched = records_fetched + %s, accepted = accepted + %s,"
            " quarantined = quarantined + %s, unchanged = unchanged + %s, versions = versions + %s where id = %s",
            [counts.landed, counts.accepted, counts.quarantined, counts.unchanged, counts.versions, run["id"]],
        )
        if is_done:
            deed.execute(
                "update discovery_runs set status = 'success', finished_at = %s where id = %s", [at, run["id"]]
            )
            deed.execute("update connectors set last_success_at = %s where name = %s", [at, source])
            write_status(deed, source, at=at)


def _connector_id(deed: Deed, source: Source) -> object:
    deed.execute(
        "insert into connectors (name, auth_type, documentation_url) values (%s, %s, %s)"
        " on conflict (name) do update set auth_type = excluded.auth_type, documentation_url = excluded.documentation_url"
        " where (connectors.auth_type, connectors.documentation_url)"
        " is distinct from (excluded.auth_type, excluded.documentation_url)",
        [source.name, source.auth_type, source.documentation_url],
    )
    row = deed.row("select id from connectors where name = %s", [source.name])
    assert row is not None  # noqa: S101 - inserted above
    return row["id"]
