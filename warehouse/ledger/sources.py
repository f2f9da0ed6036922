"""Sources as people see them: when each last answered, what each run brought, and the requests for a run.

Reading, and asking for a run. Not here: what a run itself writes (discovery_runs.py).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from warehouse.domain.run_outcome import RunOutcome
from warehouse.ledger.store import Deed, Transaction


@dataclass(frozen=True)
class Source:
    """One source; `last_outcome` is that of its newest run that has one (domain/run_outcome.py), "" when none has."""

    name: str
    status: str
    status_reason: str | None
    documentation_url: str | None
    last_success_at: datetime | None
    last_outcome: str

    @property
    def is_expected(self) -> bool:
        """Whether it should bring news: one that takes a key and has none is left out, and so is one never really asked."""
        if self.last_outcome == RunOutcome.NO_KEY:
            return False
        return self.last_success_at is not None or self.last_outcome not in {"", RunOutcome.NOT_ASKED}


@dataclass(frozen=True)
class Run:
    """One run of discovery over one source."""

    id: str
    source: str
    status: str
    records_fetched: int
    accepted: int
    quarantined: int
    unchanged: int
    versions: int
    requests_spent: int
    skipped_files: tuple[dict[str, Any], ...]
    outcome: str
    reason: str
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True)
class RunRequest:
    """One request for a run, and how far it is."""

    id: str
    job: str
    requested_by: str
    requested_at: datetime
    state: str
    detail: str


def list_sources(tx: Transaction) -> list[Source]:
    """Return all sources that were ever asked, by name; one whose key was stored in advance is none yet."""
    rows = tx.rows(
        "select name, status::text as status, status_reason, documentation_url, last_success_at, coalesce((select r.outcome"
        " from discovery_runs r where r.connector_id = c.id and r.outcome <> '' order by r.started_at desc, r.id limit 1), '')"
        " as last_outcome from connectors c"
        " where last_success_at is not null or exists (select from discovery_runs r where r.connector_id = c.id) order by name"
    )
    return [Source(**row) for row in rows]


def list_runs(tx: Transaction, *, limit: int = 50) -> list[Run]:
    """Return the latest runs, newest first."""
    rows = tx.rows(
        "select r.id::text as id, c.name as source, r.status::text as status, r.records_fetched, r.accepted, r.quarantined,"
        " r.unchanged, r.versions, r.requests_spent, r.skipped_files, r.outcome, r.reason, r.started_at, r.finished_at"
        " from discovery_runs r join connectors c on c.id = r.connector_id order by r.started_at desc, r.id limit %s",
        [limit],
    )
    return [Run(**{**row, "skipped_files": tuple(row["skipped_files"])}) for row in rows]


def latest_request(tx: Transaction, job: str) -> RunRequest | None:
    """Return the newest request for a job."""
    row = tx.row(
        "select q.id::text as id, q.job, coalesce(p.email, 'unknown') as requested_by, q.requested_at,"
        " q.state::text as state, q.detail from run_requests q left join profiles p on p.id = q.requested_by"
        " where q.job = %s order by q.requested_at desc limit 1",
        [job],
    )
    return RunRequest(**row) if row else None


def insert_request(deed: Deed, request_id: str, job: str, person_id: str, at: datetime) -> None:
    """Write a request; the unique index refuses a second open one of the same job."""
    deed.execute(
        "insert into run_requests (id, job, requested_by, requested_at) values (%s, %s, %s, %s)",
        [request_id, job, person_id, at],
    )
