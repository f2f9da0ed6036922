"""One document of a workspace in a dialog: what it looks like, its versions, and what can be done with it.

Everything of the file is shown as pictures, plain text and tables of texts. Not here: the list and adding files
(workspace_files.py), how a preview is made (pipelines/submission/previews.py).
"""

from collections.abc import Sequence

import streamlit as st

from app import session
from app.widgets import deadline, file_uploads, state, told
from app.widgets.text import plain
from pipelines.submission.download_links import link_to
from pipelines.submission.files import lets_unscanned_pass, override_scan, remove_file, restore_file, uploadable_kinds
from pipelines.submission.look_up import may_on
from pipelines.submission.previews import Block, preview_of
from warehouse import clock, settings
from warehouse.domain.access import Action, Person
from warehouse.domain.submission import SubmissionStatus
from warehouse.domain.submission_file import ScanStatus
from warehouse.errors import ProcuraError
from warehouse.ledger.store import open_ledger
from warehouse.ledger.submission_files import FileRow
from warehouse.ledger.submissions import Submission

CHOSEN, PLACE, SHOWN, REASON = "file_chosen", "file", "file_preview", "file_override_reason"
COLOURS = {
    ScanStatus.CLEAN: "green",
    ScanStatus.PENDING: "gray",
    ScanStatus.REFUSED: "red",
    ScanStatus.NOT_SCANNED: "orange",
}
WORDS = {
    ScanStatus.CLEAN: "clean",
    ScanStatus.PENDING: "being scanned",
    ScanStatus.REFUSED: "refused",
    ScanStatus.NOT_SCANNED: "not scanned",
}


def choose(document_id: str) -> None:
    """Open a document with the next turn of the page."""
    st.session_state[CHOSEN] = document_id
    st.session_state.pop(SHOWN, None)


def draw_chosen(documents: Sequence[list[FileRow]], submission: Submission, person: Person) -> None:
    """Draw the dialog of the document that was opened, if one was; else say what the last button could not do."""
    chosen = st.session_state.get(CHOSEN)
    document = next((d for d in documents if d[0].document_id == chosen), None)
    if document is not None:
        st.dialog(plain(document[0].file_name), width="large", on_dismiss=_close)(_draw)(document, submission, person)
    else:
        told.tell(PLACE)


def badge(file: FileRow) -> str:
    """Return the Markdown of a file's scan state: a colour and a word."""
    if file.scan_status is ScanStatus.NOT_SCANNED and file.passes:
        return ":orange-badge[let pass]"
    return f":{COLOURS[file.scan_status]}-badge[{WORDS[file.scan_status]}]"


def verdict(file: FileRow) -> str:
    """Return in words what the scan said and what follows."""
    if file.scan_status is ScanStatus.PENDING:
        return "Its scan has not ended yet; it is finished by itself."
    if file.scan_status is ScanStatus.REFUSED:
        return f"{plain(file.scan_reason)} It can neither be opened nor packed; upload a clean version."
    if file.scan_status is ScanStatus.NOT_SCANNED and file.override_at is not None:
        when = deadline.moment(file.override_at, deadline.reader_zone())
        return f"Let pass by {plain(file.overrider_email or 'somebody')}, {when}: {plain(file.override_reason)}"
    if file.scan_status is ScanStatus.NOT_SCANNED:
        return f"{plain(file.scan_reason)} It can neither be opened nor packed."
    return "Nothing dangerous was found."


def size(count: int) -> str:
    """Write a number of bytes as people read it."""
    if count < 1000:
        return f"{count} B"
    return f"{count / 1000:,.0f} kB" if count < 1_000_000 else f"{count / 1_000_000:,.1f} MB"


def may_change(submission: Submission, person: Person) -> bool:
    """Say whether to show the buttons that change an offer's files."""
    is_open = submission.status is SubmissionStatus.DRAFT and submission.closed_at is None
    return is_open and may_on(submission, person, Action.EDIT_SUBMISSION)


def restore(document_id: str) -> None:
    """Take a removed document back."""
    told.attempt(PLACE, lambda: restore_file(open_ledger(), document_id, by=session.person(acts=True)))


def _close() -> None:
    st.session_state.pop(CHOSEN, None)
    st.session_state.pop(SHOWN, None)


def _draw(document: list[FileRow], submission: Submission, person: Person) -> None:
    newest = document[0]
    told.tell(PLACE)
    st.markdown(f"{badge(newest)} {verdict(newest)}")
    if newest.given_name and newest.given_name != newest.file_name:
        st.caption(f"Came as: {plain(ascii(newest.given_name))}")
    with st.container(horizontal=True):
        if newest.passes:
            st.button("Download", type="primary", key="download newest", on_click=_download, args=(newest.id,))
        if may_change(submission, person):
            st.button(
                "Remove", key="remove newest", on_click=_remove, args=(document[0].document_id,),
                help="Takes the document out of the offer. Its versions stay and it can be restored.",
            )  # fmt: skip
    _draw_override(newest, submission, person)
    if newest.kind in uploadable_kinds(open_ledger(), submission, by=person):
        _draw_next_version(newest)
    if newest.passes:
        _draw_preview(newest, person)
    _draw_versions(document)


def _draw_next_version(newest: FileRow) -> None:
    with st.expander("Add the next version"):
        given = st.file_uploader(
            "Next version", key=file_uploads.key_of(newest.document_id), label_visibility="collapsed",
            max_upload_size=settings.current().files_most_mb,
        )  # fmt: skip
    if given is not None:
        file_uploads.keep_all(newest.submission_id, [given], newest.kind, {}, document_id=newest.document_id)
        st.session_state.pop(SHOWN, None)
        st.rerun()


def _draw_versions(document: list[FileRow]) -> None:
    zone = deadline.reader_zone()
    st.markdown("**Versions**")
    for file in document:
        left, right = st.columns([6, 2], vertical_alignment="center")
        left.caption(
            f"v{file.version} {badge(file)} {plain(file.file_name)} · {size(file.size_bytes)} · {plain(file.uploader_email)} ·"
            f" {deadline.moment(file.created_at, zone)}  \nSHA-256 `{file.sha256[:16]}…`"
        )
        if file.passes and file is not document[0]:
            right.button("Download", key=f"download {file.id}", on_click=_download, args=(file.id,), width="stretch")


def _draw_preview(file: FileRow, person: Person) -> None:
    known = st.session_state.get(SHOWN)
    if known is None or known[0] != file.id:
        with st.spinner("Drawing the preview …"):
            try:
                known = (file.id, preview_of(open_ledger(), file.id, by=person))
            except ProcuraError as error:
                state.told(error)
                return
        st.session_state[SHOWN] = known
    found = known[1]
    if found.note:
        st.caption(plain(found.note))
    if found.blocks:
        with st.container(border=True, height=520):
            for block in found.blocks:
                _draw_block(block)


def _draw_block(block: Block) -> None:
    if block.title:
        st.caption(plain(block.title))
    if block.picture:
        st.image(block.picture, width="stretch")
    if block.text:
        st.text(block.text)
    if block.table:
        # No data grid: its tool bar would give the values out as a file, without a record and with formulas armed.
        width = max(len(row) for row in block.table)
        padded = [(*row, *[""] * (width - len(row))) for row in block.table]
        cells = [{str(place + 1): plain(cell) for place, cell in enumerate(row)} for row in padded]
        st.table(cells, hide_index=True, hide_header=True, alt=f"Values of {block.title or 'the table'}")


def _draw_override(file: FileRow, submission: Submission, person: Person) -> None:
    """Offer to let a file pass that could not be scanned, where the setting and the person allow it."""
    is_due = file.scan_status is ScanStatus.NOT_SCANNED and file.override_by is None
    if not (is_due and may_on(submission, person, Action.OVERRIDE_SCAN) and may_change(submission, person)):
        return
    if not lets_unscanned_pass(open_ledger(), by=person):
        st.caption("Upload it in a form that can be looked into (PDF, DOCX, XLSX); here nobody lets such files pass.")
        return
    if file.uploaded_by == person.id:
        st.caption("Another officer of this offer can let it pass; nobody does so for an own file.")
        return
    with st.form("override", border=True):
        st.text_area("How do you know that it is harmless?", key=REASON, height=80)
        st.caption("Your name and this reason stay with the file and in the audit log.")
        st.form_submit_button("Let this file pass", on_click=_override, args=(file.id,))


def _override(file_id: str) -> None:
    reason = str(st.session_state.get(REASON) or "")
    told.attempt(
        PLACE, lambda: override_scan(open_ledger(), file_id, reason, at=clock.now(), by=session.person(acts=True))
    )


def _remove(document_id: str) -> None:
    if told.attempt(
        PLACE, lambda: remove_file(open_ledger(), document_id, at=clock.now(), by=session.person(acts=True))
    ):
        _close()


def _download(file_id: str) -> None:
    """Let the browser fetch the file: the link is made now, for this session, and is good for a minute."""
    try:
        session.leave_for(link_to(settings.current(), file_id, at=clock.now(), by=session.person(acts=True)))
    except ProcuraError as error:
        told.leave(PLACE, error)
