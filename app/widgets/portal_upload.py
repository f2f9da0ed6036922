"""Uploading a portal profile: its text, checked; what is wrong stands beside it with its line; sound, it is kept as a version."""

from collections.abc import Sequence

import streamlit as st

from app import session
from app.widgets import file_uploads, told
from app.widgets.text import code, plain
from pipelines.submission.portals.check import CheckedProfile, check_text
from pipelines.submission.portals.profiles import FaultyProfile, upload_profile
from pipelines.submission.portals.text import LARGEST, Fault
from warehouse import clock
from warehouse.errors import BadInput, ProcuraError
from warehouse.ledger.store import open_ledger

PLACE = "portal_upload"
MOST_FAULTS = 20
TEXT, ROUND, CHECKED = "portal_text", "portal_round", "portal_checked"


def draw() -> None:
    """Draw the box for who may upload."""
    with st.expander("Upload or check a profile", icon=":material/upload:", key="portal_upload_open"):
        told.tell(PLACE)
        st.caption(
            "A TOML text, written from the portal’s manual alone; docs/portal-profiles.md tells how. A new text of a name that is"
            " there becomes its next version. Nothing uses it before it is activated."
        )
        st.file_uploader(
            "The file", type=["toml"], key=f"portal_file {st.session_state.get(ROUND, 0)}", max_upload_size=1, on_change=_take,
            help="Its text comes into the box below, where it can be corrected.",
        )  # fmt: skip
        st.text_area("The profile as text (TOML)", key=TEXT, height=260, max_chars=LARGEST)
        with st.container(horizontal=True):
            st.button("Check", key="portal_check", on_click=_check)
            st.button("Keep as the next version", key="portal_keep", type="primary", on_click=_keep)
        if checked := st.session_state.get(CHECKED):
            _draw_checked(*checked)


def draw_faults(faults: Sequence[Fault], text: str) -> None:
    """Draw what is wrong, each with its line of the text; nothing where nothing is."""
    lines = text.splitlines()
    for fault in faults[:MOST_FAULTS]:
        kind = ":orange-badge[note]" if fault.is_warning else ":red-badge[fault]"
        line = f"line **{fault.line}**" if fault.line else "whole text"
        key = f" {code(fault.key)}" if fault.key else ""
        st.markdown(f"{kind} {line}{key}: {plain(fault.words)}")
        if 0 < fault.line <= len(lines):
            shown = lines[fault.line - 1 : fault.line + 1]
            st.code("\n".join(f"{fault.line + n:>4}  {one}" for n, one in enumerate(shown)), language=None)
    if len(faults) > MOST_FAULTS:
        st.caption(f"The first {MOST_FAULTS} of {len(faults)}.")


def _draw_checked(text: str, checked: CheckedProfile) -> None:
    left, right = st.columns([2, 3], gap="large")
    with left:
        wrong = sum(not fault.is_warning for fault in checked.faults)
        if checked.is_sound:
            st.markdown(":green-badge[sound] Everything that can be checked without going there is as it must be.")
        else:
            st.markdown(f"**{wrong} {'fault' if wrong == 1 else 'faults'}**")
        draw_faults(checked.faults, text)
    with right:
        st.code(text, language="toml", line_numbers=True, height=420)


def _take() -> None:
    """Bring a chosen file's text into the box, and look at it."""
    given = st.session_state.get(f"portal_file {st.session_state.get(ROUND, 0)}")
    if given is None:
        return
    try:
        text = given.getvalue().decode("utf-8-sig")
    except UnicodeDecodeError:
        told.leave(PLACE, BadInput("The file is no text in UTF-8.", kept="nothing of it.", todo="save it as UTF-8."))
        return
    finally:
        file_uploads.let_go(given)
        st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1
    st.session_state[TEXT] = text
    _check()


def _check() -> None:
    text = str(st.session_state.get(TEXT) or "")
    if not text.strip():
        told.leave(
            PLACE, BadInput("There is no text.", kept="everything as it was.", todo="choose a file or paste it.")
        )
        return
    st.session_state[CHECKED] = (text, check_text(text))


def _keep() -> None:
    text = str(st.session_state.get(TEXT) or "")
    try:
        made = upload_profile(open_ledger(), text, at=clock.now(), by=session.person())
    except FaultyProfile as error:
        st.session_state[CHECKED] = (text, check_text(text))
        told.leave(PLACE, error)
    except ProcuraError as error:
        told.leave(PLACE, error)
    else:
        st.session_state[TEXT] = ""
        st.session_state.pop(CHECKED, None)
        told.leave(PLACE, f"Kept: {plain(made.name)}, version {made.version}. Rehearse it, then activate it.")
