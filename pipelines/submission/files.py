"""Files of an offer: uploading, removing, letting pass what could not be scanned, and finding one to open.

Bytes come first and are on the disk before their row is written: a crash leaves bytes without a row (`procura doctor --fix`
removes them), never a row without bytes. Refused files keep their bytes: they are evidence of what came, and a rule that
was wrong can be undone; they lie as every other, under a hash without an ending, and nothing gives them out again. Not here:
their verdict (file_scans.py), links to them (download_links.py), what they look like (previews.py).
"""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import BinaryIO

from pipelines.submission import file_scans
from pipelines.submission.look_up import find_for, find_submission, stands
from pipelines.submission.refusals import refusals
from warehouse.domain import access
from warehouse.domain.access import Action, Person, State
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.submission import SubmissionStatus
from warehouse.domain.submission_file import FileKind, ScanStatus, tidy_name
from warehouse.errors import BadInput, NotFound, NotPermitted, WrongState
from warehouse.ledger import submission_files, submissions
from warehouse.ledger.store import Deed, Ledger, Transaction
from warehouse.ledger.submission_files import FileRow, NewFile
from warehouse.ledger.submissions import Submission
from warehouse.ledger.system_settings import read_settings
from warehouse.object_store import ObjectStore, open_object_store
from warehouse.settings import current

ALLOWS_UNSCANNED = "allow_unscanned_files"
"""The setting that lets officers pass what could not be scanned (pipelines/administration/system_settings.py)."""
SHORTEST_REASON, LONGEST_REASON, LONGEST_GIVEN_NAME = 10, 1_000, 1_000


def upload_file(
    ledger: Ledger,
    submission_id: str,
    stream: BinaryIO,
    file_name: str,
    *,
    kind: FileKind | str = FileKind.OFFER,
    document_id: str | None = None,
    at: datetime,
    by: Person,
) -> FileRow:
    """Keep a file as a new document, or as the next version of one, and have it scanned.

    When this returns, the file is kept, whatever happens next. Its scan may still be pending where the store did not answer.

    Args:
        stream: Read once, in pieces; memory stays at some MB.
        file_name: As the browser gives it.
        kind: `evidence` may also come from a department that has a locked point; of a known document, its own kind counts.
        document_id: Of the document whose next version it is.

    Raises:
        NotFound, NotPermitted: no such offer or document for `by`, or not theirs to upload to.
        WrongState: the offer is no open draft, or holds exactly these bytes already.
        BadInput: it is empty, or larger than PROCURA_FILES_MOST_MB.
        DiskFull: there is no room; nothing of it is left.
    """
    with ledger.read(by) as tx:  # before a byte is written
        wanted = _check_may_upload(tx, submission_id, FileKind(kind), document_id, by)
    store = open_object_store()
    stored = store.put(stream, limit=current().files_most_mb * 1024**2)
    file = NewFile(
        str(uuid.uuid4()), submission_id, tidy_name(file_name), _storable(file_name), stored.path, wanted,
        document_id or str(uuid.uuid4()), stored.size, stored.sha256, by.id, at,
    )  # fmt: skip
    _record(ledger, store, file, by)
    file_scans.scan(ledger, file.id, store=store, at=at)
    with ledger.read(by) as tx:
        return _found(submission_files.read_file(tx, file.id))


def remove_file(ledger: Ledger, document_id: str, *, at: datetime, by: Person) -> None:
    """Take a document out of its offer; bytes and versions stay, and it can be restored.

    Raises:
        NotFound, NotPermitted: no such document for `by`, or not theirs to remove.
        WrongState: the offer is no open draft, or the document is in the package or shows that a point is done.
    """

    def remove(deed: Deed, newest: FileRow) -> bool:
        _check_is_not_used(deed, newest)
        return submission_files.write_removal(deed, newest.id, by=by.id, at=at)

    _change(ledger, document_id, "file:removed", remove, by=by)


def restore_file(ledger: Ledger, document_id: str, *, by: Person) -> None:
    """Take a removed document back into its offer.

    Raises:
        NotFound, NotPermitted, WrongState: as in `remove_file`.
    """
    _change(
        ledger, document_id, "file:restored",
        lambda deed, newest: submission_files.write_removal(deed, newest.id, by=None, at=None), by=by,
    )  # fmt: skip


def override_scan(ledger: Ledger, file_id: str, reason: str, *, at: datetime, by: Person) -> None:
    """Let a file pass that could not be scanned: a named officer answers for it, who did not upload it.

    Raises:
        NotPermitted: `by` may not, or uploaded it.
        WrongState: the setting does not allow it, the file was scanned, or the offer is no open draft.
        BadInput: the reason says too little or too much.
    """
    words = " ".join(reason.replace("\x00", "").split())
    if not SHORTEST_REASON <= len(words) <= LONGEST_REASON:
        raise BadInput(
            f"The reason has {len(words):,} characters.",
            kept="the file stays as it was.",
            todo=f"say in {SHORTEST_REASON} to {LONGEST_REASON:,} characters how you know that the file is harmless.",
        )
    with ledger.read(by) as tx:
        seen = _found(submission_files.read_file(tx, file_id))
    event = AuditEvent(
        "file:override_scan",
        file_id,
        by.id,
        {"reason": words, "sha256": seen.sha256},
        submission_ref=seen.submission_id,
    )
    with refusals(), ledger.deed(event, by) as deed:
        find_for(deed, seen.submission_id, Action.OVERRIDE_SCAN, by=by)
        if seen.uploaded_by == by.id:
            raise NotPermitted(
                "Nobody lets an own file pass.",
                kept="the file stays as it was.",
                todo="ask another officer of this offer.",
            )
        if read_settings(deed).get(ALLOWS_UNSCANNED) != "yes":
            raise WrongState(
                "Files that could not be scanned are not let pass here.",
                kept="the file stays as it was.",
                todo="upload it in a form that can be looked into (PDF, DOCX, XLSX), or ask an admin for the setting.",
            )
        if not submission_files.write_override(deed, file_id, by=by.id, at=at, reason=words):
            raise WrongState("This file was scanned, or let pass already.", kept="the file as it is.")


def files_of(ledger: Ledger, submission_id: str, *, by: Person) -> list[list[FileRow]]:
    """Return the documents of an offer by name, each with its versions, the newest first; removed ones as well.

    Raises:
        NotPermitted, NotFound: `by` may not see the offer's files.
    """
    access.check(by, Action.READ_FILES)
    find_submission(ledger, submission_id, by=by)
    with ledger.read(by) as tx:
        rows = submission_files.all_versions(tx, submission_id)
    documents: dict[str, list[FileRow]] = {}
    for row in rows:
        documents.setdefault(row.document_id, []).append(row)
    return list(documents.values())


def find_openable(ledger: Ledger, file_id: str, *, by: Person) -> FileRow:
    """Return a file that may be given out or shown.

    Raises:
        NotPermitted: `by` may read no files, or this one did not pass its scan.
        NotFound: there is none of this id that `by` may see.
    """
    access.check(by, Action.READ_FILES)
    with ledger.read(by) as tx:
        found = _found(submission_files.read_file(tx, file_id))
    check_passes(found)
    return found


def check_passes(file: FileRow) -> None:
    """Refuse to give out what did not pass, evidence too.

    Raises:
        NotPermitted: with what the scan said.
    """
    if file.passes:
        return
    why = {
        ScanStatus.PENDING: "its scan has not ended yet",
        ScanStatus.REFUSED: f"it was refused: {file.scan_reason}",
    }.get(file.scan_status, f"it could not be scanned: {file.scan_reason}")
    raise NotPermitted(
        f"{file.file_name} cannot be opened, for {why.rstrip('.')}.", kept="the file, under lock.",
        todo="wait a moment, then reload." if file.scan_status is ScanStatus.PENDING else "ask who uploaded it.",
    )  # fmt: skip


def uploadable_kinds(ledger: Ledger, submission: Submission, *, by: Person) -> list[FileKind]:
    """Return what `by` may upload here now, the usual first; nothing where the offer is no open draft."""
    if not _is_open_draft(submission):
        return []
    if access.may(by, Action.UPLOAD_FILE, stands(submission, by)):
        return [FileKind.OFFER, FileKind.EVIDENCE]
    if not access.may(by, Action.UPLOAD_FILE, State.DEPARTMENT):
        return []
    with ledger.read(by) as tx:
        return [FileKind.EVIDENCE] if _has_locked_point(tx, submission.id, by) else []


def lets_unscanned_pass(ledger: Ledger, *, by: Person) -> bool:
    """Say whether the setting lets officers pass what could not be scanned."""
    with ledger.read(by) as tx:
        return read_settings(tx).get(ALLOWS_UNSCANNED) == "yes"


def _check_may_upload(
    tx: Transaction, submission_id: str, kind: FileKind, document_id: str | None, by: Person
) -> FileKind:
    """Ask who may upload here and whether the offer takes files; return the kind that counts."""
    found = submissions.read_submission(tx, submission_id)
    if found is None:
        raise NotFound("There is no such offer, or it is not yours to see.", todo="ask its owner to share it.")
    versions = submission_files.file_versions(tx, document_id) if document_id else []
    if document_id and (not versions or versions[0].submission_id != submission_id):
        raise NotFound(
            "There is no such document in this offer.", kept="nothing was uploaded.", todo="reload the page."
        )
    kind = versions[0].kind if versions else kind
    state = stands(found, by)
    if state is State.OTHERS and kind is FileKind.EVIDENCE and _has_locked_point(tx, submission_id, by):
        state = State.DEPARTMENT
    access.check(by, Action.UPLOAD_FILE, state)
    if not _is_open_draft(found):
        raise WrongState(
            f"This offer is {'closed' if found.closed_at else found.status.value.replace('_', ' ')}: its files stay as they are.",
            kept="every file as it was.",
            todo="its owner can take it back to draft.",
        )
    return kind


def _record(ledger: Ledger, store: ObjectStore, file: NewFile, by: Person) -> None:
    """Write the row of bytes that lie in the store, with its audit record."""
    event = AuditEvent(
        "file:uploaded", file.id, by.id,
        {"document": file.document_id, "kind": file.kind.value, "sha256": file.sha256, "bytes": file.size_bytes},
        submission_ref=file.submission_id,
    )  # fmt: skip
    with refusals(), ledger.deed(event, by) as deed:
        _check_may_upload(deed, file.submission_id, file.kind, None, by)
        submission_files.hold_bytes(deed, file.storage_path)
        if not store.has(file.storage_path):  # a purge of the same bytes came between
            raise WrongState("The file was not kept.", kept="every other file.", todo="upload it again.")
        same = submission_files.same_bytes(deed, file.submission_id, file.sha256, file.kind)
        if same is not None:
            raise WrongState(
                f"This offer holds exactly these bytes already: {same.file_name}, version {same.version}, uploaded by"
                f" {same.uploader_email or 'somebody'}.",
                kept="that one; nothing was added.",
                todo="nothing, unless you meant another file.",
            )
        deed.note(version=submission_files.insert_file(deed, file))


def _change(
    ledger: Ledger, document_id: str, action: str, change: Callable[[Deed, FileRow], bool], *, by: Person
) -> None:
    with ledger.read(by) as tx:
        seen = _newest(tx, document_id)
    event = AuditEvent(action, seen.id, by.id, {"document": document_id}, submission_ref=seen.submission_id)
    with refusals(), ledger.deed(event, by) as deed:
        found = find_for(deed, seen.submission_id, Action.EDIT_SUBMISSION, by=by)
        if not _is_open_draft(found):
            raise WrongState(
                "Files of an offer change only while it is a draft.", kept="every file as it was.",
                todo="its owner can take it back to draft.",
            )  # fmt: skip
        newest = _newest(deed, document_id)
        if not change(deed, newest):
            deed.nothing_happened()  # somebody did the same meanwhile
        deed.note(version=newest.version, sha256=newest.sha256)


def _check_is_not_used(tx: Transaction, file: FileRow) -> None:
    if tx.row("select from package_items where document_id = %s", [file.document_id]) is not None:
        raise WrongState(
            f"{file.file_name} is in the package.", kept="the file.", todo="take it out of the package first."
        )
    point = tx.row(
        "select t.title from submission_tasks t join submission_files f on f.id = t.evidence_file_id"
        " where f.document_id = %s and t.completed limit 1",
        [file.document_id],
    )
    if point:
        raise WrongState(
            f"{file.file_name} shows that a point is done: {point['title']}.", kept="the file.",
            todo="open the point again, or give it another file, first.",
        )  # fmt: skip


def _has_locked_point(tx: Transaction, submission_id: str, by: Person) -> bool:
    return (
        tx.row(
            "select from submission_tasks where submission_id = as_uuid(%s) and locked and department = %s limit 1",
            [submission_id, by.department.value],
        )
        is not None
    )


def _newest(tx: Transaction, document_id: str) -> FileRow:
    versions = submission_files.file_versions(tx, document_id)
    return _found(versions[0] if versions else None)


def _found(file: FileRow | None) -> FileRow:
    if file is None:
        raise NotFound("There is no such file, or it is not yours to see.", kept="nothing was changed.")
    return file


def _is_open_draft(submission: Submission) -> bool:
    return submission.status is SubmissionStatus.DRAFT and submission.closed_at is None


def _storable(name: str) -> str:
    """Return a name as it was given, as far as PostgreSQL can hold it."""
    return name.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()[:LONGEST_GIVEN_NAME]
