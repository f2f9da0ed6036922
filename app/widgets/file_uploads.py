"""Taking files from a browser into an offer: one after the other is kept, scanned and let go of.

Streamlit holds an upload whole in the app's memory until the tab is closed; here it is freed as soon as it is kept. Not here:
what is drawn around it (workspace_files.py, workspace_file.py).
"""

from collections.abc import Callable, Mapping, Sequence

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from app import session
from app.widgets import state, told
from app.widgets.text import plain
from pipelines.submission.files import upload_file
from warehouse import clock
from warehouse.domain.submission_file import FileKind, tidy_name
from warehouse.errors import ProcuraError
from warehouse.ledger.store import open_ledger
from warehouse.ledger.submission_files import FileRow

PLACE, ROUND = "files", "files_round"


def key_of(place: str) -> str:
    """Return the key of an uploader; another one after each round, so that it is empty again."""
    return f"files {place} {st.session_state.get(ROUND, 0)}"


def keep_all(
    submission_id: str,
    given: Sequence[UploadedFile],
    kind: FileKind,
    known: Mapping[str, str],
    *,
    document_id: str | None = None,
) -> None:
    """Keep and scan files; what cannot be kept stops no other. What became of each is told by `tell`.

    Args:
        known: Documents by their name in small letters: a file of that name becomes the next version.
        document_id: Of the one document whose next version it is, whatever its name.
    """
    names, came = dict(known), list[FileRow | ProcuraError]()
    bar = st.progress(0.0)
    for number, file in enumerate(given):
        bar.progress(number / len(given), f"Keeping and scanning {number + 1} of {len(given)}: {plain(file.name)}")
        wanted = document_id or names.get(tidy_name(file.name).lower())
        try:
            kept = upload_file(
                open_ledger(), submission_id, file, file.name, kind=kind, document_id=wanted, at=clock.now(),
                by=session.person(acts=True),
            )  # fmt: skip
        except ProcuraError as error:
            came.append(error)
        else:
            names[kept.file_name.lower()] = kept.document_id
            came.append(kept)
        finally:
            let_go(file)
    bar.empty()
    told.leave(PLACE, came)
    st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1


def tell(verdict: Callable[[FileRow], str]) -> None:
    """Say what became of the last upload.

    Args:
        verdict: What is said of a file that did not pass.
    """
    told.tell(PLACE, lambda came: _say(came, verdict))


def _say(came: Sequence[FileRow | ProcuraError], verdict: Callable[[FileRow], str]) -> None:
    kept = [one for one in came if isinstance(one, FileRow)]
    good = [f"{plain(f.file_name)}" + (f" as version {f.version}" if f.version > 1 else "") for f in kept if f.passes]
    if good:
        st.success(f"Kept: {', '.join(good)}.")
    for file in kept:
        if not file.passes:
            st.warning(f"{plain(file.file_name)}: {verdict(file)}")
    for fault in came:
        if isinstance(fault, ProcuraError):
            state.told(fault)


def let_go(file: UploadedFile) -> None:
    """Free what Streamlit holds of an upload that is kept elsewhere by now."""
    context = get_script_run_ctx()
    if context is not None and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)
