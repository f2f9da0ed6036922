"""Reading the audit log for people: by actor, action, subject and time, newest first, a page at a time.

Not here: appending and verifying (warehouse/audit).
"""

from dataclasses import dataclass, replace
from datetime import datetime

from warehouse.ledger.store import Row, Transaction

PAGE_SIZE = 50
MOST_COUNTED = 10_000
"""A count stops here: what is beyond is told as "more than"."""
COLUMNS = "a.seq, a.at, a.actor, a.action, a.subject, a.submission_ref, a.body, a.previous_hash, a.confirmation_hash, a.key_id"


@dataclass(frozen=True)
class RecordFilter:
    """Which records; what is empty does not narrow. `actor` is an id or an address, `action` may end with *."""

    actor: str = ""
    action: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None
    page: int = 1

    def of_actor(self, actor: str) -> "RecordFilter":
        """Return the same for one actor's records only."""
        return replace(self, actor=actor)


@dataclass(frozen=True)
class AuditRecord:
    """One record as stored; `actor_email` where the actor is a person who is known."""

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str
    submission_ref: str | None
    body: bytes
    previous_hash: bytes
    confirmation_hash: bytes
    key_id: str
    actor_email: str | None


@dataclass(frozen=True)
class FoundRecords:
    """One page of records, and how many there are in all (`is_capped`: at least that many)."""

    rows: tuple[AuditRecord, ...]
    total: int
    is_capped: bool


def find_records(tx: Transaction, wanted: RecordFilter) -> FoundRecords:
    """Return one page of records, newest first."""
    conditions, parameters = _conditions(tx, wanted)
    where = f"where {' and '.join(conditions)}" if conditions else ""
    parameters |= {"size": PAGE_SIZE, "skip": PAGE_SIZE * (wanted.page - 1), "most": MOST_COUNTED + 1}
    counted = tx.row(f"select count(*) as n from (select from audit_logs a {where} limit %(most)s) as m", parameters)  # noqa: S608 - the parts are below
    rows = tx.rows(
        f"select {COLUMNS}, p.email as actor_email from audit_logs a left join profiles p on p.id = as_uuid(a.actor)"  # noqa: S608 - the parts are below
        f" {where} order by a.seq desc limit %(size)s offset %(skip)s",
        parameters,
    )
    total = int(counted["n"]) if counted else 0
    return FoundRecords(tuple(map(_record, rows)), min(total, MOST_COUNTED), total > MOST_COUNTED)


def find_record(tx: Transaction, seq: int) -> AuditRecord | None:
    """Return one record; None where there is none, or row security keeps it back."""
    row = tx.row(
        f"select {COLUMNS}, p.email as actor_email from audit_logs a left join profiles p on p.id = as_uuid(a.actor)"  # noqa: S608 - the columns are above
        " where a.seq = %s",
        [seq],
    )
    return _record(row) if row else None


def list_actions(tx: Transaction) -> list[str]:
    """Return every action that the log knows, by a walk over its index."""
    rows = tx.rows(
        "with recursive known as ((select action from audit_logs order by action limit 1) union all"
        " select (select a.action from audit_logs a where a.action > known.action order by a.action limit 1)"
        " from known where known.action is not null) select action from known where action is not null"
    )
    return [str(row["action"]) for row in rows]


def _conditions(tx: Transaction, wanted: RecordFilter) -> tuple[list[str], dict[str, object]]:
    found: list[tuple[str, str, object]] = []
    if wanted.actor:
        found.append(("a.actor = %(actor)s", "actor", _actor(tx, wanted.actor)))
    if wanted.action.endswith("*"):
        found.append(("starts_with(a.action, %(action)s)", "action", wanted.action[:-1]))
    elif wanted.action:
        found.append(("a.action = %(action)s", "action", wanted.action))
    if wanted.subject:
        found.append(("a.subject = %(subject)s", "subject", wanted.subject))
    if wanted.since is not None:
        found.append(("a.at >= %(since)s", "since", wanted.since))
    if wanted.until is not None:
        found.append(("a.at < %(until)s", "until", wanted.until))
    return [condition for condition, _, _ in found], {name: value for _, name, value in found}


def _actor(tx: Transaction, text: str) -> str:
    """Turn an address into the id that records hold."""
    if "@" not in text:
        return text
    row = tx.row("select id::text as id from profiles where email = lower(%s)", [text.strip()])
    return str(row["id"]) if row else text


def _record(row: Row) -> AuditRecord:
    values = dict(row)
    for name in ("body", "previous_hash", "confirmation_hash"):
        values[name] = bytes(values[name])
    return AuditRecord(**values)
