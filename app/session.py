"""Who is looking at the page: the session is checked here at each rerun, each callback and each turn of a fragment."""

import streamlit as st

from app.gate import COOKIE, SIGN_IN
from pipelines.administration.sign_in import person_of_session, sign_out
from warehouse import clock
from warehouse.domain.access import Person
from warehouse.ledger.store import open_ledger


def person() -> Person:
    """Return who is signed in.

    Raises:
        NotSignedIn: the session has ended since the page was opened.
    """
    return person_of_session(open_ledger(), st.context.cookies.get(COOKIE), at=clock.now())


def end() -> None:
    """End this session and lead the browser to the sign-in page."""
    token = st.context.cookies.get(COOKIE)
    if token:
        sign_out(open_ledger(), token, at=clock.now())
    leave_for(f"{SIGN_IN}?signed-out")


def leave_for(path: str) -> None:
    """Let the browser leave for a page that is not Streamlit's.

    Streamlit has no public call for it; this is the message that its own st.login sends (streamlit/user_info.py of 1.67).
    It can go when st.switch_page takes a plain address.
    """
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    context = get_script_run_ctx()
    if context is not None:
        message = ForwardMsg()
        message.auth_redirect.url = path
        context.enqueue(message)
