"""Who is looking at the page: the session is checked here at each rerun, each callback and each turn of a fragment.

A connection names its session by the handle that the gate put into its handshake (gate.py). An open page so lives on while
the id in the browser's cookie is replaced, and ends with its session.
"""

from contextlib import suppress
from urllib.parse import quote

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.gate import HANDLE_HEADER, SIGN_IN
from pipelines.administration.reauthentication import Continuation
from pipelines.administration.sessions import person_of_handle, sign_out_person
from warehouse import clock
from warehouse.domain.access import Person
from warehouse.errors import NotSignedIn
from warehouse.ledger.store import open_ledger

REFRESHES = "page_refreshes_itself"


def person(*, acts: bool = False) -> Person:
    """Return who is signed in.

    Args:
        acts: This part of the page never refreshes itself: that it runs alone is the person's doing.

    Raises:
        NotSignedIn: the session has ended since the page was opened.
    """
    handle = st.context.headers.get(HANDLE_HEADER)
    if not handle:
        raise NotSignedIn("This page has no session.", kept="everything you saved.", todo="sign in again.")
    return person_of_handle(open_ledger(), bytes.fromhex(handle), at=clock.now(), is_use=_is_use(acts=acts))


def is_part_alone() -> bool:
    """Say whether only a part of the page runs, by itself: what the page read around it is then of an earlier run."""
    context = get_script_run_ctx()
    return context is not None and bool(context.fragment_ids_this_run)


def refresh() -> None:
    """Draw the whole page anew because somebody else did something: as little a use of the session as a part's refresh."""
    st.session_state[REFRESHES] = True
    st.rerun()


def is_refresh() -> bool:
    """Say whether the page is being drawn anew because of others."""
    return REFRESHES in st.session_state


def end_refresh() -> None:
    """Say that the page is drawn: what runs next is asked for by the person."""
    st.session_state.pop(REFRESHES, None)


def _is_use(*, acts: bool) -> bool:
    """Whether the person does something: a page that refreshes itself, whole or in part, keeps no session awake."""
    if get_script_run_ctx() is None:
        return True
    return not is_refresh() and (acts or not is_part_alone())


def end() -> None:
    """End this session and lead the browser to the sign-in page."""
    with suppress(NotSignedIn):  # ended in another window: the browser leaves all the same
        sign_out_person(open_ledger(), at=clock.now(), by=person())
    leave_for(f"{SIGN_IN}?signed-out")


def go_on(continuation: Continuation, path: str) -> None:
    """Let the browser take the session that replaces this one, come back to a page of ours, and draw nothing more."""
    leave_for(f"{continuation.path}&next={quote(path, safe='')}")
    st.caption("One moment …")
    st.stop()


def leave_for(path: str) -> None:
    """Let the browser leave for a page that is not Streamlit's.

    Streamlit has no public call for it; this is the message that its own st.login sends (streamlit/user_info.py of 1.67).
    It can go when st.switch_page takes a plain address.
    """
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

    context = get_script_run_ctx()
    if context is not None:
        message = ForwardMsg()
        message.auth_redirect.url = path
        context.enqueue(message)
