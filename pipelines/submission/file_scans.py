"""The verdict on a file: its scan, written down by the product itself, and finished where a crash came between.

Not here: what a scan looks for (scan.py), uploading (files.py).
"""

from datetime import datetime, timedelta

from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.notification import NotificationKind
from warehouse.domain.submission_file import ScanStatus
from warehouse.errors import DiskFull, NotFound, NotPermitted, StoreUnavailable
from warehouse.ledger import submission_files
from warehouse.ledger.notifications import tell
from warehouse.ledger.store import SYSTEM, Deed, Ledger
from warehouse.ledger.submission_files import FileRow
from warehouse.object_store import ObjectStore, open_object_store

PATIENCE = timedelta(seconds=30)
"""A file that is pending for longer has lost the process that scans it; a scan takes 5 s at most."""


def scan(ledger: Ledger, file_id: str, *, store: ObjectStore, at: datetime) -> bool:
    """Scan a pending file and write the verdict; False where it stays pending: its bytes did not come.

    Two scans of one file do no harm: the first verdict counts.
    """
    from pipelines.submission.scan import scan_file

    with ledger.read() as tx:
        file = submission_files.read_file(tx, file_id)
    if file is None or file.scan_status is not ScanStatus.PENDING:
        return True
    try:
        with store.local(file.storage_path) as path:
            result = scan_file(path, file.given_name or file.file_name)
    except (StoreUnavailable, DiskFull, NotFound, NotPermitted):
        return False  # the file is kept as pending; `finish_scans` comes again
    event = AuditEvent(
        "file:scanned", file.id, SYSTEM,
        {"status": result.status.value, "reason": result.reason, "media_type": result.media_type, "sha256": file.sha256},
        submission_ref=file.submission_id,
    )  # fmt: skip
    with ledger.deed(event) as deed:
        if not submission_files.write_verdict(
            deed, file.id, status=result.status, reason=result.reason, media_type=result.media_type,
            findings=result.findings, at=at,
        ):  # fmt: skip
            deed.nothing_happened()
        if result.status is ScanStatus.REFUSED:
            _tell(deed, file, result.reason)
    return True


def finish_scans(ledger: Ledger, *, at: datetime) -> int:
    """Scan what a killed process left pending; return how many are still so."""
    with ledger.read() as tx:
        waiting = submission_files.pending_files(tx, before=at - PATIENCE)
    store = open_object_store()
    return sum(not scan(ledger, file.id, store=store, at=at) for file in waiting)


def is_cut_off(file: FileRow, *, at: datetime) -> bool:
    """Say whether a file has been pending for so long that nobody scans it any more."""
    return file.scan_status is ScanStatus.PENDING and file.created_at <= at - PATIENCE


def waiting_scans(ledger: Ledger, *, at: datetime) -> list[FileRow]:
    """Return the files whose scan was cut off."""
    with ledger.read() as tx:
        return submission_files.pending_files(tx, before=at - PATIENCE)


def _tell(deed: Deed, file: FileRow, reason: str) -> None:
    owner = deed.row("select owner_id::text as id from submissions where id = %s", [file.submission_id])
    tell(
        deed,
        {file.uploaded_by, owner["id"]} if owner else {file.uploaded_by},
        NotificationKind.FILE_REFUSED,
        f"{file.file_name} was refused: {reason}",
        key=f"file:{file.id}:refused",
        submission_id=file.submission_id,
    )
