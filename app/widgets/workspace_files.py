"""Files of a workspace: adding several at once, and every document with its version, size and what its scan said.

Not here: one document with its preview and versions (workspace_file.py), taking files in (file_uploads.py).
"""

from collections.abc import Sequence

import streamlit as st

from app.widgets import deadline, file_uploads, state, workspace_file
from app.widgets.text import plain
from pipelines.submission.file_scans import finish_scans, is_cut_off
from pipelines.submission.files import files_of, uploadable_kinds
from warehouse import clock, settings
from warehouse.domain.access import Person
from warehouse.domain.submission_file import FileKind, ScanStatus
from warehouse.ledger.store import open_ledger
from warehouse.ledger.submission_files import FileRow
from warehouse.ledger.submissions import Submission

KIND = "files_kind"
KINDS = {FileKind.OFFER: "For the offer", FileKind.EVIDENCE: "Evidence for a point"}

Document = list[FileRow]
"""The versions of a document, the newest first."""


def draw(submission: Submission, person: Person) -> None:
    """Draw the part."""
    st.subheader("Files", anchor=False)
    documents = files_of(open_ledger(), submission.id, by=person)
    if any(is_cut_off(document[0], at=clock.now()) for document in documents):
        with st.spinner("Finishing scans that were cut off …"):
            finish_scans(open_ledger(), at=clock.now())
        documents = files_of(open_ledger(), submission.id, by=person)
    kinds = uploadable_kinds(open_ledger(), submission, by=person)
    if kinds:
        _draw_uploader(submission, documents, kinds)
    file_uploads.tell(workspace_file.verdict)
    with st.container():  # one block however many they are: what is open below stays open
        _draw_list([document for document in documents if document[0].removed_at is None], may_add=bool(kinds))
    _draw_removed([document for document in documents if document[0].removed_at is not None], submission, person)
    workspace_file.draw_chosen(documents, submission, person)


def _draw_uploader(submission: Submission, documents: Sequence[Document], kinds: list[FileKind]) -> None:
    most = settings.current().files_most_mb
    kind = kinds[0]
    if len(kinds) > 1:
        kind = st.segmented_control(
            "Kind", kinds, default=kinds[0], key=KIND, format_func=KINDS.__getitem__, required=True,
            label_visibility="collapsed",
        )  # fmt: skip
    what = "files of the offer" if kind is FileKind.OFFER else "evidence, which never leaves the firm"
    given = st.file_uploader(
        f"Add {what}", accept_multiple_files=True, max_upload_size=most,
        key=file_uploads.key_of(submission.id),
        help=f"Up to {most} MB each. A file with the name of one that is here becomes its next version; none is overwritten.",
    )  # fmt: skip
    if given:
        here = [d[0] for d in documents if d[0].kind is kind and d[0].removed_at is None]
        known = {newest.file_name.lower(): newest.document_id for newest in here}
        file_uploads.keep_all(submission.id, given, FileKind(kind), known)
        st.rerun()


def _draw_list(documents: Sequence[Document], *, may_add: bool) -> None:
    if not documents:
        why = "Add the first above: volumes, forms, prices." if may_add else "Who works on this offer adds them here."
        state.empty("No files yet", why)
    for document in documents:
        _draw_document(document)


def _draw_document(document: Document) -> None:
    newest = document[0]
    with st.container(border=True, gap="xsmall"):
        left, right = st.columns([5, 2], vertical_alignment="center")
        kind = "evidence · " if newest.kind is FileKind.EVIDENCE else ""
        day = deadline.day(newest.created_at, deadline.reader_zone())
        left.markdown(
            f"**{plain(newest.file_name)}** {workspace_file.badge(newest)}  \n"
            f":small[:gray[{kind}v{newest.version} · {workspace_file.size(newest.size_bytes)} · {plain(newest.uploader_email)}"
            f" · {day}]]"
        )
        with right:
            st.button(
                "Open", key=f"open {newest.document_id}", width="stretch", on_click=workspace_file.choose,
                args=(newest.document_id,), help=f"Preview, download and versions of {plain(newest.file_name)}",
            )  # fmt: skip
        if newest.scan_status is not ScanStatus.CLEAN:
            st.caption(workspace_file.verdict(newest))


def _draw_removed(documents: Sequence[Document], submission: Submission, person: Person) -> None:
    if not documents:
        return
    with st.expander(f"Removed ({len(documents)})"):
        for document in documents:
            left, right = st.columns([5, 2], vertical_alignment="center")
            left.caption(f"{plain(document[0].file_name)} · v{document[0].version}")
            if workspace_file.may_change(submission, person):
                right.button(
                    "Restore", key=f"restore {document[0].document_id}", width="stretch",
                    on_click=workspace_file.restore, args=(document[0].document_id,),
                )  # fmt: skip
