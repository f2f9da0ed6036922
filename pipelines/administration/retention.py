"""The purge: decided in one transaction of the ledger, carried out in every other place, finished after any kill.

The decision removes what lies in the ledger, leaves a tombstone for each record and commits with its audit record. What is
left to do then follows from the tombstones alone: rows and snapshots of the lake, landed files, files of bids, PostgreSQL's
own files. The next purge, or the same command again, finishes what a kill cut off. Not here: what is due (retention_plan.py).
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from pipelines.administration.retention_plan import Survey, effective_holds, periods, survey
from pipelines.administration.stored_files import remove_unnamed
from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.domain.audit_event import AuditEvent, Fact
from warehouse.domain.retention import RecordClass
from warehouse.errors import WrongState
from warehouse.lake.connection import Lake
from warehouse.lake.one_reader import one_reader
from warehouse.lake.purging import free_snapshots, remove_notices
from warehouse.lake.retention import judge_notices
from warehouse.landing import Entry, Landing
from warehouse.ledger import retention as records
from warehouse.ledger.retention import LANDING, OPPORTUNITY, Purge
from warehouse.ledger.store import SYSTEM, Deed, Ledger
from warehouse.object_store import open_object_store
from warehouse.settings import Settings

Report = Callable[[str, int], object]


@dataclass(frozen=True)
class Purged:
    """What a purge did.

    Attributes:
        counts: Records by class and landed files that went; of several purges where an older one was finished first.
        freed_bytes: Of landed files.
        in_use: Tables of PostgreSQL that were in use and keep removed rows in their files until the next purge.
        still_in_inbox: Files of the inbox with the bytes of a landed file that went: yours to remove.
    """

    purge_id: str
    plan_hash: str
    counts: dict[str, int]
    freed_bytes: int
    in_use: list[str]
    still_in_inbox: list[str]
    begun_at: datetime


def purge(
    ledger: Ledger,
    lake: Lake,
    settings: Settings,
    plan_hash: str,
    *,
    at: datetime,
    by: Person | None = None,
    report: Report,
) -> Purged:
    """Remove exactly what a plan has shown.

    Args:
        ledger: As the app.
        lake: As the pipeline.
        settings: Of this home.
        plan_hash: Of the plan that was shown; an unfinished purge of this hash is finished.
        at: This instant, never the world's.
        by: Who decides; None is the operator at the machine's own command line.
        report: Told each step.

    Raises:
        NotPermitted: `by` may not purge.
        WrongState: what is due is no longer what the plan said; nothing of it was removed.
    """
    if by is not None:
        access.check(by, Action.PURGE_RECORDS)
    with one_reader(settings, report):
        with ledger.read(by) as tx:
            open_one = records.open_purge(tx)
        if open_one is not None:
            done = _carry_out(ledger, lake, settings, open_one, at=at, by=by, report=report)
            if open_one.plan_hash == plan_hash:
                return done
        decided = _decide(ledger, lake, settings, plan_hash, at=at, by=by, report=report)
        return _carry_out(ledger, lake, settings, decided, at=at, by=by, report=report)


def _decide(
    ledger: Ledger, lake: Lake, settings: Settings, plan_hash: str, *, at: datetime, by: Person | None, report: Report
) -> Purge:
    who, purge_id = by.id if by else SYSTEM, str(uuid.uuid4())
    report("comparing with the plan", 0)
    with ledger.deed(AuditEvent("retention:purged", purge_id, who), by) as deed:
        deed.execute("select pg_advisory_xact_lock(818)")  # holds wait from here to the commit
        with survey(deed, lake, settings, at=at) as found:
            if found.plan.hash != plan_hash:
                raise WrongState(
                    "what is due is not what the plan said: records or holds have changed since.",
                    kept="everything.",
                    todo="look at a new plan (`procura retention plan`), and purge by its hash.",
                )
            if not found.plan.counts:
                raise WrongState("nothing is due.", kept="everything.")
            kept: dict[str, Fact] = {
                f"kept_{one.value}": period.in_words() for one, period in periods(settings).items()
            }
            deed.note(plan=plan_hash, **found.plan.counts, **kept)
            purge_row = Purge(purge_id, plan_hash, at, who, found.plan.counts, (), None)
            _remove_from_ledger(deed, found, purge_row, Landing(settings.landing))
        report("deciding", 0)
    with ledger.read(by) as tx:
        written = records.open_purge(tx)
    assert written is not None  # noqa: S101 - just committed, and one_reader keeps others away
    return written


def _remove_from_ledger(deed: Deed, found: Survey, decided: Purge, landing: Landing) -> None:
    """Remove what lies in the ledger and leave the tombstones of all that goes anywhere."""
    newest = max((entry.order for entry in [*landing.entries(), *landing.purged()]), default=0)
    _, files = records.purge_records(
        deed, RecordClass.BID.value, [one.subject for one in found.records[RecordClass.BID]]
    )
    records.insert_purge(deed, Purge(**{**vars(decided), "pending_files": files}))
    for record_class, due in found.records.items():
        if record_class is not RecordClass.BID:
            records.purge_records(deed, record_class.value, [one.subject for one in due])
        hashes = [(_hashed(one.subject), one.payload_hash) for one in due]
        records.insert_tombstones(deed, record_class.value, hashes, up_to_order=None, purge=decided)
    records.purge_records(deed, OPPORTUNITY, found.notices.opportunity_ids())
    for block in found.notices.hashes():
        records.insert_tombstones(deed, RecordClass.NOTICE.value, block, up_to_order=newest, purge=decided)
    for file in found.files:
        if not file.stays_for:
            hashed = bytes.fromhex(file.entry.sha256)
            records.insert_tombstones(deed, LANDING, [(hashed, hashed)], up_to_order=file.entry.order, purge=decided)


def _carry_out(
    ledger: Ledger, lake: Lake, settings: Settings, decided: Purge, *, at: datetime, by: Person | None, report: Report
) -> Purged:
    """Do everything that follows from a decided purge; each step may be done again."""
    _spare_what_is_held_since(ledger, lake, settings, decided, by=by)
    landing = Landing(settings.landing)
    with ledger.read(by) as tx:
        notices = records.tombstones_of(tx, decided, RecordClass.NOTICE.value)
        going = {hashed for hashed, _ in records.tombstones_of(tx, decided, LANDING)}
    entries = [entry for entry in [*landing.entries(), *landing.purged()] if bytes.fromhex(entry.sha256) in going]
    report("removing from the lake", len(notices))
    remove_notices(lake, notices, [(entry.source, entry.order) for entry in entries])
    report("removing landed files", len(entries))
    freed = sum(landing.purge(entry, at=decided.begun_at) for entry in entries)
    # The same bytes may belong to another offer as well: then they stay.
    remove_unnamed(ledger, open_object_store(settings), decided.pending_files)
    report("freeing old snapshots of the lake", 0)
    free_snapshots(lake)
    report("compacting the ledger", 0)
    in_use = records.compact(settings)
    who = by.id if by else SYSTEM
    facts: dict[str, Fact] = {"plan": decided.plan_hash, "freed_bytes": freed, "in_use": ", ".join(in_use)}
    with ledger.deed(AuditEvent("retention:purge_finished", decided.id, who, facts), by) as deed:
        records.finish_purge(deed, decided, at=at)
    left = [found for entry in entries for found in _in_inbox(settings, entry)]
    return Purged(decided.id, decided.plan_hash, dict(decided.counts), freed, in_use, left, decided.begun_at)


def _spare_what_is_held_since(
    ledger: Ledger, lake: Lake, settings: Settings, decided: Purge, *, by: Person | None
) -> None:
    """Take out of a decided purge what a hold has named since and still lies in the lake or the landing."""
    with ledger.read(by) as tx:
        bids = records.decided_opportunities(tx)
        holds = [hold for hold in effective_holds(tx, bids) if hold.set_at >= decided.begun_at]
        hashes = [hashed for hashed, _ in records.tombstones_of(tx, decided, RecordClass.NOTICE.value)]
        files = {hashed for hashed, _ in records.tombstones_of(tx, decided, LANDING)}
    if not holds:
        return
    with judge_notices(lake, cutoff=decided.begun_at, holds=holds, decided=[]) as notices:
        held = notices.held_among(hashes)
        entries = [entry for entry in Landing(settings.landing).entries() if bytes.fromhex(entry.sha256) in files]
        spared = [bytes.fromhex(f.entry.sha256) for f in notices.landed_files(entries) if f.stays_for == "a hold"]
    if not held and not spared:
        return
    facts: dict[str, Fact] = {"notices": len(held), "landed_files": len(spared)}
    with ledger.deed(AuditEvent("retention:spared", decided.id, by.id if by else SYSTEM, facts), by) as deed:
        records.withdraw_tombstones(deed, decided, RecordClass.NOTICE.value, held)
        records.withdraw_tombstones(deed, decided, LANDING, spared)


def _in_inbox(settings: Settings, entry: Entry) -> list[str]:
    name = Path(entry.origin).name
    return [str(path) for path in (settings.inbox / entry.source).rglob("*") if path.name == name and path.is_file()]


def _hashed(subject: str) -> bytes:
    return sha256(subject.encode()).digest()
