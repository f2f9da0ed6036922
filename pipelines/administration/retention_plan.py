"""What is due: a dry run over all classes, with a hash of exactly what would go. Nothing is changed here.

Not here: carrying it out (retention.py), how long each class is kept (warehouse/domain/retention.py).
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.domain.retention import RULES, Decided, Hold, HoldKind, Period, RecordClass, check_period
from warehouse.lake.connection import Lake
from warehouse.lake.retention import LandedFile, NoticeRecords, judge_notices
from warehouse.landing import Landing
from warehouse.ledger import retention as records
from warehouse.ledger.holds import list_holds
from warehouse.ledger.retention import DueRecord, Purge
from warehouse.ledger.store import Ledger, Transaction
from warehouse.settings import Settings

LEDGER_CLASSES = (RecordClass.BID, RecordClass.MODEL_CACHE, RecordClass.SESSION_LOG)
SAMPLES = 5


@dataclass(frozen=True)
class Sample:
    """One record that is due: what it is, since when its time counts, by which date, and when it fell due."""

    title: str
    subject: str
    clock: str
    starts_at: datetime
    due_at: datetime


@dataclass(frozen=True)
class ClassPlan:
    """What of one class would go.

    Attributes:
        until: What began to count by then is due.
        count: How many records would go.
        held: How many would go but for a hold or a bid.
        old: Of a class that never goes: how many are older than its period.
    """

    record_class: RecordClass
    period: Period
    until: datetime
    count: int = 0
    oldest: datetime | None = None
    newest: datetime | None = None
    samples: tuple[Sample, ...] = ()
    held: int = 0
    old: int = 0


@dataclass(frozen=True)
class FilePlan:
    """One landed file: it goes when `stays_for` is empty; else why it stays and, where that is known, until when."""

    source: str
    origin: str
    size: int
    stays_for: str
    until: datetime | None


@dataclass(frozen=True)
class Plan:
    """A dry run: `hash` names exactly the records and files that would go, and `purge` takes these or nothing."""

    at: datetime
    hash: str
    classes: tuple[ClassPlan, ...]
    files: tuple[FilePlan, ...]
    active_holds: int
    unfinished: Purge | None = None

    @property
    def count(self) -> int:
        """How many records would go."""
        return sum(one.count for one in self.classes)

    @property
    def going(self) -> tuple[FilePlan, ...]:
        """The landed files that would go."""
        return tuple(file for file in self.files if not file.stays_for)

    @property
    def counts(self) -> dict[str, int]:
        """What would go, as the purge writes it down."""
        found = {one.record_class.value: one.count for one in self.classes if one.count}
        return found | ({"landed_files": len(self.going)} if self.going else {})


@dataclass(frozen=True)
class Survey:
    """A plan with what it was made from, for as long as the snapshot of the lake is open."""

    plan: Plan
    notices: NoticeRecords
    files: tuple[LandedFile, ...]
    records: dict[RecordClass, list[DueRecord]]


def plan_purge(ledger: Ledger, lake: Lake, settings: Settings, *, at: datetime, by: Person | None = None) -> Plan:
    """Return what a purge would take as of an instant.

    Args:
        lake: Any role's; only read.
        at: This instant, never the world's.
        by: Who asks; None is the operator at the machine's own command line.

    Raises:
        NotPermitted: `by` may not see records of retention.
    """
    if by is not None:
        access.check(by, Action.READ_RETENTION)
    with ledger.read(by) as tx, survey(tx, lake, settings, at=at) as found:
        return found.plan


def periods(settings: Settings) -> dict[RecordClass, Period]:
    """Return how long each class is kept here.

    Raises:
        BadInput: one is below its floor.
    """
    wanted = {
        RecordClass.NOTICE: Period(years=settings.retention_notice_years),
        RecordClass.BID: Period(years=settings.retention_bid_years),
        RecordClass.AWARD: Period(years=settings.retention_award_years),
        RecordClass.AUDIT: Period(years=settings.retention_audit_years),
        RecordClass.MODEL_CACHE: Period(days=settings.retention_model_cache_days),
        RecordClass.SESSION_LOG: Period(days=settings.retention_session_log_days),
    }
    return {record_class: check_period(record_class, period) for record_class, period in wanted.items()}


def effective_holds(tx: Transaction, decided: Iterable[Decided]) -> list[Hold]:
    """Return the active holds; one on a bid holds its opportunity as well."""
    active = list_holds(tx)
    bid = next((hold for hold in active if hold.kind is HoldKind.SUBMISSION), None)
    held = {one.opportunity_id for one in decided if one.has_held_bid}
    return active + [replace(bid, kind=HoldKind.OPPORTUNITY, subject=one) for one in sorted(held) if bid is not None]


@contextmanager
def survey(tx: Transaction, lake: Lake, settings: Settings, *, at: datetime) -> Iterator[Survey]:
    """Find what is due in both stores; the snapshot of the lake stays open inside the `with`."""
    kept = periods(settings)
    found = {one: records.due_records(tx, one, kept[one].before(at)) for one in LEDGER_CLASSES}
    classes = {one: _plan_records(one, kept[one], at, due) for one, due in found.items()}
    old, oldest, newest = records.old_audit_records(tx, kept[RecordClass.AUDIT].before(at))
    classes[RecordClass.AUDIT] = replace(_empty(RecordClass.AUDIT, kept, at), old=old, oldest=oldest, newest=newest)
    classes[RecordClass.AWARD] = _empty(RecordClass.AWARD, kept, at)
    decided = records.decided_opportunities(tx)
    holds = effective_holds(tx, decided)
    cutoff = kept[RecordClass.NOTICE].before(at)
    with judge_notices(lake, cutoff=cutoff, holds=holds, decided=decided) as notices:
        classes[RecordClass.NOTICE], fingerprint = _plan_notices(notices, kept[RecordClass.NOTICE], at)
        files = tuple(notices.landed_files(Landing(settings.landing).entries()))
        plan = Plan(
            at=at,
            hash=_hash(fingerprint, files, found),
            classes=tuple(classes[one] for one in RecordClass),
            files=tuple(_plan_file(file, kept[RecordClass.NOTICE]) for file in files),
            active_holds=len(list_holds(tx)),
            unfinished=records.open_purge(tx),
        )
        yield Survey(plan, notices, files, found)


def _empty(record_class: RecordClass, kept: dict[RecordClass, Period], at: datetime) -> ClassPlan:
    return ClassPlan(record_class, kept[record_class], kept[record_class].before(at))


def _plan_records(record_class: RecordClass, period: Period, at: datetime, due: list[DueRecord]) -> ClassPlan:
    first = sorted(due, key=lambda one: (one.starts_at, one.subject))[:SAMPLES]
    title = RULES[record_class].title
    return ClassPlan(
        record_class,
        period,
        period.before(at),
        len(due),
        min((one.starts_at for one in due), default=None),
        max((one.starts_at for one in due), default=None),
        tuple(Sample(title, one.subject[:16], one.clock, one.starts_at, period.after(one.starts_at)) for one in first),
    )


def _plan_notices(notices: NoticeRecords, period: Period, at: datetime) -> tuple[ClassPlan, str]:
    due = notices.due()
    samples = tuple(Sample(*one, period.after(one[3])) for one in due.samples)
    held = due.held + due.with_bid
    plan = ClassPlan(RecordClass.NOTICE, period, period.before(at), due.count, due.oldest, due.newest, samples, held)
    return plan, due.fingerprint


def _plan_file(file: LandedFile, period: Period) -> FilePlan:
    until = period.after(file.until_start) if file.until_start else None
    return FilePlan(file.entry.source, file.entry.origin, file.entry.size, file.stays_for, until)


def _hash(notices: str, files: tuple[LandedFile, ...], found: dict[RecordClass, list[DueRecord]]) -> str:
    digest = sha256(f"notices {notices}\n".encode())
    for file in files:
        if not file.stays_for:
            digest.update(f"file {file.entry.sha256}\n".encode())
    for record_class, due in found.items():
        for one in due:
            digest.update(f"{record_class.value} {one.subject} {one.payload_hash.hex()}\n".encode())
    return digest.hexdigest()
