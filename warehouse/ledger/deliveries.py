"""Rows of deliveries: the runs of an offer, their progress and what they saw; and the functions that move them.

Which rows come is row security's to say; what may happen to a run is asked by the functions themselves
(0012_deliveries.sql). Not here: receipts (receipts.py), portal profiles (portal_profiles.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from warehouse.domain.delivery import EvidenceKind, Outcome, Phase, RunStatus
from warehouse.ledger.store import Deed, Parameters, Row, Transaction


@dataclass(frozen=True)
class Delivery:
    """One run, or dry run; instants are UTC.

    Attributes:
        number: Counts the runs of one offer, from 1.
        reference: Our own, which goes with the offer and is looked up later.
        started_by: A profile's id, or system; `starter` is the address.
        fence: Grows with each worker that takes the run: only the newest one may act.
        look_at: Nothing is to be done before.
        intended_at: When the intent was committed; `acted_at` when the last act was begun, from where on it may have arrived.
        transported_at: When a server took it, which is no receipt.
        absences: How often in a row it was looked for and not there.
        needs_person: Why it waits for a person; "" when it does not.
        message: What the other side said, or why it ended.
    """

    id: str
    submission_id: str
    number: int
    status: RunStatus
    outcome: Outcome
    phase: Phase
    manifest_id: str
    manifest_hash: str
    executor: str
    portal_profile_id: str | None
    is_dry_run: bool
    reference: str
    started_by: str
    starter: str
    attempt: int
    fence: int
    worker: str
    lease_until: datetime | None
    look_at: datetime
    intended_at: datetime | None
    acted_at: datetime | None
    transported_at: datetime | None
    absences: int
    needs_person: str
    message: str
    receipt_id: str | None
    created_at: datetime
    ended_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.ended_at is None


@dataclass(frozen=True)
class Step:
    """One line of a run's progress."""

    position: int
    at: datetime
    words: str
    is_fault: bool


@dataclass(frozen=True)
class Evidence:
    """One thing that a run saw and kept; its bytes lie in the object store."""

    id: str
    run_id: str
    position: int
    kind: EvidenceKind
    name: str
    media_type: str
    sha256: str
    size_bytes: int
    storage_path: str
    at: datetime


QUERY = (
    "select r.id::text as id, r.submission_id::text as submission_id, r.number, r.status::text as status, r.outcome, r.phase,"
    " r.manifest_id::text as manifest_id, r.manifest_hash, r.executor, r.portal_profile_id::text as portal_profile_id, r.is_dry_run,"
    " r.reference, r.started_by, coalesce(p.email, r.started_by) as starter, r.attempt, r.fence, r.worker, r.lease_until, r.look_at,"
    " r.intended_at, r.acted_at, r.transported_at, r.absences, r.needs_person, r.message, r.receipt_id, r.created_at, r.ended_at"
    " from submission_runs r left join profiles p on p.id = as_uuid(r.started_by)"
)


def read_delivery(tx: Transaction, run_id: str) -> Delivery | None:
    """Return one run, or None where there is none or the person may not see it."""
    row = tx.row(f"{QUERY} where r.id = as_uuid(%s)", [run_id])
    return _delivery(row) if row else None


def is_taken_elsewhere(tx: Transaction, run_id: str) -> bool:
    """Say whether another process works on a run, or has stopped in the midst of it and lives; else mark it as this one's.

    The mark goes with the transaction, which is therefore kept open while an executor works: a lease that ran out does not say
    whether its holder is dead, and who is only slow may still act.
    """
    row = tx.row("select pg_try_advisory_xact_lock(hashtextextended(%s, 0)) as is_ours", [f"delivery:{run_id}"])
    return not (row and row["is_ours"])


def next_due(tx: Transaction) -> datetime | None:
    """Return when the next run is due that waits for no person; None where every run has ended or waits for one."""
    row = tx.row(
        "select min(greatest(look_at, coalesce(lease_until, look_at))) as due from submission_runs"
        " where status in ('pending', 'running') and needs_person = ''"
    )
    return row["due"] if row else None


def deliveries_of(tx: Transaction, submission_id: str) -> list[Delivery]:
    """Return the runs of an offer, the newest first."""
    return _deliveries(tx, "r.submission_id = as_uuid(%s) order by r.number desc", [submission_id])


def newest_deliveries(tx: Transaction, *, limit: int) -> list[Delivery]:
    """Return the newest runs of all offers that are seen, the newest first."""
    return _deliveries(tx, "true order by r.created_at desc limit %s", [limit])


def newest_of_each(tx: Transaction, submission_ids: Sequence[str]) -> list[Delivery]:
    """Return the newest run of each of these offers that has one, dry runs aside."""
    newest = (
        "r.id in (select distinct on (n.submission_id) n.id from submission_runs n where n.submission_id = any(%s::uuid[])"
        " and not n.is_dry_run order by n.submission_id, n.number desc)"
    )
    return _deliveries(tx, newest, [list(submission_ids)])


def waiting_for_people(tx: Transaction) -> list[Delivery]:
    """Return the open runs that wait for a person, the oldest first."""
    return _deliveries(tx, "r.ended_at is null and r.needs_person <> '' order by r.created_at", [])


def due_deliveries(tx: Transaction, *, limit: int) -> list[Delivery]:
    """Return the runs that a worker could take now, the longest due first."""
    due = (
        "r.status in ('pending', 'running') and r.needs_person = '' and r.look_at <= clock_timestamp()"
        " and (r.lease_until is null or r.lease_until < clock_timestamp()) order by r.look_at, r.created_at limit %s"
    )
    return _deliveries(tx, due, [limit])


def _deliveries(tx: Transaction, where: str, parameters: Parameters) -> list[Delivery]:
    return [_delivery(row) for row in tx.rows(f"{QUERY} where {where}", parameters)]


def _delivery(row: Row) -> Delivery:
    told = {"status": RunStatus(row["status"]), "outcome": Outcome(row["outcome"]), "phase": Phase(row["phase"])}
    return Delivery(**{**row, **told})


def steps_of(tx: Transaction, run_id: str) -> list[Step]:
    """Return the progress of a run, the first line first."""
    rows = tx.rows(
        "select position, at, words, is_fault from delivery_steps where run_id = as_uuid(%s) order by position",
        [run_id],
    )
    return [Step(**row) for row in rows]


def evidence_of(tx: Transaction, run_id: str) -> list[Evidence]:
    """Return what a run kept, the first one first."""
    rows = tx.rows(
        "select id::text as id, run_id::text as run_id, position, kind, name, media_type, sha256, size_bytes, storage_path, at"
        " from delivery_evidence where run_id = as_uuid(%s) order by position",
        [run_id],
    )
    return [Evidence(**{**row, "kind": EvidenceKind(row["kind"])}) for row in rows]


def delivery_fault(tx: Transaction, submission_id: str, manifest_id: str | None) -> str:
    """Say why a package may not go out; "" when it may."""
    row = tx.row("select delivery_fault(%s, %s) as fault", [submission_id, manifest_id])
    return (row["fault"] if row else None) or ""


def open_delivery(
    deed: Deed, submission_id: str, manifest_hash: str, *, is_dry_run: bool, portal_profile_id: str | None, reference: str
) -> str:  # fmt: skip
    """Open a run and return its id; the function refuses with a code of delivery_refusals."""
    row = deed.row(
        "select open_delivery(%s, %s, %s, %s, %s)::text as id",
        [submission_id, manifest_hash, is_dry_run, portal_profile_id, reference],
    )
    return str(row["id"]) if row else ""


def take_delivery(tx: Transaction, run_id: str | None, worker: str, *, seconds: int) -> Delivery | None:
    """Take a run under a new fencing number, or None where none is due; None as `run_id`: the longest due."""
    row = tx.row("select take_delivery(%s, %s, %s)::text as id", [run_id, worker, seconds])
    return read_delivery(tx, row["id"]) if row and row["id"] else None


def hold_delivery(tx: Transaction, run_id: str, fence: int, *, seconds: int) -> None:
    """Lock a run that this worker still holds and lengthen its lease; refused (PR450) when it does not."""
    tx.execute("select hold_delivery(%s, %s, %s)", [run_id, fence, seconds])


def hold_offer(deed: Deed, run_id: str, fence: int, *, seconds: int) -> None:
    """Lock an offer and its run, in this order, and lengthen the lease; for deeds that end a run. Refused as `hold_delivery`."""
    deed.execute("select hold_offer(%s, %s, %s)", [run_id, fence, seconds])


def begin_act(deed: Deed, run_id: str, fence: int, *, seconds: int) -> str:
    """Begin the last act, or say why it may not begin; the outcome is unknown from here on."""
    row = deed.row("select begin_act(%s, %s, %s) as fault", [run_id, fence, seconds])
    return (row["fault"] if row else None) or ""


CHANGEABLE = frozenset(
    {"status", "outcome", "phase", "lease_until", "look_at", "intended_at", "transported_at", "absences", "needs_person",
     "message", "ended_at", "screenshots"}
)  # fmt: skip


def change_delivery(tx: Transaction, run_id: str, **columns: Any) -> None:
    """Write columns of a run that `hold_delivery` has locked in this transaction."""
    if wrong := set(columns) - CHANGEABLE:
        raise ValueError(f"a worker does not change {', '.join(sorted(wrong))} of a delivery")
    assigned = ", ".join(f"{name} = %s" for name in columns)
    tx.execute(f"update submission_runs set {assigned} where id = as_uuid(%s)", [*columns.values(), run_id])  # noqa: S608 - the names are above


def add_step(tx: Transaction, run_id: str, words: str, *, is_fault: bool = False) -> None:
    """Append a line to the progress of a run."""
    tx.execute(
        "insert into delivery_steps (run_id, position, words, is_fault)"
        " select %s, 1 + coalesce(max(position), 0), %s, %s from delivery_steps where run_id = %s",
        [run_id, words[:1000], is_fault, run_id],
    )


def add_evidence(
    tx: Transaction, run_id: str, kind: EvidenceKind, *, name: str, media_type: str, sha256: str, size: int, path: str
) -> int:
    """Write that a run kept something, and return its position."""
    row = tx.row(
        "insert into delivery_evidence (run_id, position, kind, name, media_type, sha256, size_bytes, storage_path)"
        " select %s, 1 + coalesce(max(position), 0), %s, %s, %s, %s, %s, %s from delivery_evidence where run_id = %s returning position",
        [run_id, kind.value, name[:200], media_type, sha256, size, path, run_id],
    )
    return int(row["position"]) if row else 0


def submit_offer(deed: Deed, run_id: str) -> None:
    """Make the offer and its opportunity submitted, and the run a success; refused without a receipt that counts."""
    deed.execute("select submit_offer(%s)", [run_id])


def decide_delivery(deed: Deed, run_id: str, decision: str, reason: str) -> None:
    """Write what a person decided about a run that waits: `not_delivered` or `look_again`."""
    deed.execute("select decide_delivery(%s, %s, %s)", [run_id, decision, reason])
