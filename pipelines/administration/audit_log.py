"""What people do with the audit log: look into it, verify it, have it signed, take it away.

Not here: how it is written and checked (warehouse/audit).
"""

import io
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from warehouse.audit.accepted import read_accepted
from warehouse.audit.checkpoint import Checkpoint, log_size, newest_checkpoint, write_checkpoint
from warehouse.audit.chunks import Progress
from warehouse.audit.export import export_log, zip_export
from warehouse.audit.signer import signer
from warehouse.audit.verdict import Verdict
from warehouse.audit.verify import verify_log
from warehouse.audit.witness import FOLDER, FolderWitness, bring_to_all, faults, read_places
from warehouse.domain import access
from warehouse.domain.access import Action, Person, State
from warehouse.domain.audit_event import AuditEvent
from warehouse.errors import WrongState
from warehouse.ledger import audit_records
from warehouse.ledger.audit_records import AuditRecord, FoundRecords, RecordFilter
from warehouse.ledger.store import SYSTEM, Ledger
from warehouse.settings import Settings


def search_records(ledger: Ledger, wanted: RecordFilter, *, by: Person) -> FoundRecords:
    """Return one page of the records that fit, newest first; who may not read the log finds their own deeds only.

    Raises:
        NotPermitted: `by` may not even see those.
    """
    if not access.may(by, Action.READ_AUDIT_LOG):
        access.check(by, Action.READ_OWN_AUDIT_RECORDS, State.OWN)
        wanted = wanted.of_actor(by.id)
    with ledger.read(by) as tx:
        return audit_records.find_records(tx, wanted)


def find_record(ledger: Ledger, seq: int, *, by: Person) -> AuditRecord | None:
    """Return one record; None where there is none or it is not for `by` to see.

    Raises:
        NotPermitted: `by` may not even see their own.
    """
    reads_all = access.may(by, Action.READ_AUDIT_LOG)
    if not reads_all:
        access.check(by, Action.READ_OWN_AUDIT_RECORDS, State.OWN)
    with ledger.read(by) as tx:
        record = audit_records.find_record(tx, seq)
    return record if record is not None and (reads_all or record.actor == by.id) else None


def known_actions(ledger: Ledger, *, by: Person) -> list[str]:
    """Return the actions that the log, as far as `by` may see it, knows.

    Raises:
        NotPermitted: `by` may not even see their own records.
    """
    if not access.may(by, Action.READ_AUDIT_LOG):
        access.check(by, Action.READ_OWN_AUDIT_RECORDS, State.OWN)
    with ledger.read(by) as tx:
        return audit_records.list_actions(tx)


def verify_audit_log(
    ledger: Ledger,
    settings: Settings,
    *,
    at: datetime,
    by: Person | None = None,
    since_last: bool = False,
    processes: bool = False,
    progress: Progress | None = None,
) -> Verdict:
    """Verify the log, whole or since the last time it held.

    Args:
        by: Who asks; None is the operator at the machine or a run.

    Raises:
        NotPermitted: `by` may not verify.
        StoreUnavailable: PostgreSQL does not answer.
    """
    if by is not None:
        access.check(by, Action.VERIFY_AUDIT_LOG)
    return verify_log(ledger, settings, at=at, by=by, since_last=since_last, processes=processes, progress=progress)


def sign_log(ledger: Ledger, settings: Settings, *, at: datetime) -> Checkpoint | None:
    """Write a checkpoint and bring it to every second place; None while the log is empty.

    Raises:
        AuditBroken: the log does not follow its last checkpoint, or the second place knows better.
    """
    newest = write_checkpoint(ledger, settings, at=at)
    bring_to_all(ledger, settings, signer(settings).origin, at=at)
    return newest


@dataclass(frozen=True)
class LogState:
    """How the log stands, without verifying it.

    Attributes:
        accepted_at, accepted: When a verification last held, and for how many records; empty and 0 for never.
        places: The second places by name, with what fails there.
        failing: A sentence for each place that fails, and for a log that cannot be signed.
    """

    records: int
    checkpoint: Checkpoint | None
    accepted_at: str
    accepted: int
    places: tuple[str, ...]
    failing: tuple[str, ...]


def log_state(ledger: Ledger, settings: Settings, *, by: Person) -> LogState:
    """Say how the log stands.

    Raises:
        NotPermitted: `by` may not read the log.
    """
    access.check(by, Action.READ_AUDIT_LOG)
    with ledger.read(by) as tx:
        records, checkpoint = log_size(tx.connection), newest_checkpoint(tx.connection)
    origin = signer(settings).origin
    accepted = read_accepted(settings, origin)
    known = {name: place.where for name, place in read_places(settings).items() if place.where}
    places = tuple(({FOLDER: FolderWitness(settings, origin).where} | known).values())
    return LogState(
        records, checkpoint, accepted.at if accepted else "", accepted.link.seq if accepted else 0, places,
        tuple(faults(settings)),
    )  # fmt: skip


def export_as_zip(ledger: Ledger, settings: Settings, *, at: datetime, by: Person) -> bytes:
    """Return an export as one zip archive.

    Raises:
        NotPermitted, AuditBroken: as `export_audit_log`.
    """
    with tempfile.TemporaryDirectory(dir=settings.temporary) as folder:
        export_audit_log(ledger, settings, Path(folder) / "audit-log", at=at, by=by)
        archive = io.BytesIO()
        zip_export(Path(folder) / "audit-log", archive)
    return archive.getvalue()


def export_audit_log(
    ledger: Ledger, settings: Settings, out: Path, *, at: datetime, by: Person | None = None
) -> Checkpoint:
    """Write the log into a new folder for an outsider, up to a checkpoint made for it, and return that checkpoint.

    Raises:
        NotPermitted: `by` may not take the log away.
        AuditBroken: the log cannot be signed; nothing was exported.
        BadInput: the folder is not empty or cannot be made.
    """
    if by is not None:
        access.check(by, Action.EXPORT_AUDIT_LOG)
    with ledger.deed(AuditEvent("audit_log:exported", "audit_log", by.id if by else SYSTEM), by):
        pass  # the deed is the record itself: who took the log away
    newest = sign_log(ledger, settings, at=at)
    if newest is None:
        raise WrongState("the audit log is empty.", kept="nothing was exported.")
    export_log(ledger, out, newest.size)
    return newest
