"""Watching an offer: when somebody did something in it, the page is drawn anew, and nothing that is being typed is lost.

The watch asks for one number, the newest audit record about the offer. It keeps no session awake.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from app import session
from warehouse.domain.access import Person
from warehouse.ledger.store import open_ledger
from warehouse.ledger.submission_activity import last_happening
from warehouse.ledger.submissions import Submission

EVERY_SECONDS = 0.7
"""What somebody else did is then here within a second."""
SEEN = "offer_seen"


@contextmanager
def drawing(submission: Submission, person: Person) -> Iterator[None]:
    """Stand around what is drawn of an offer: it is then as new as the number that is remembered, or newer."""
    with open_ledger().read(person) as tx:
        st.session_state[SEEN] = (submission.id, last_happening(tx, submission.id))
    try:
        yield
    finally:
        session.end_refresh()
    _watch(submission.id)


@st.fragment(run_every=EVERY_SECONDS)
def _watch(submission_id: str) -> None:
    if not session.is_part_alone():
        return  # the page has just been drawn
    person = session.person()
    with open_ledger().read(person) as tx:
        newest = last_happening(tx, submission_id)
    seen = st.session_state.get(SEEN)
    if seen is not None and seen != (submission_id, newest):
        session.refresh()
