"""Where a person is signed in: each session with its device, place and times; end one, end all others."""

from contextlib import suppress

import streamlit as st

from app import session
from app.widgets import deadline
from app.widgets.text import plain
from pipelines.administration.sessions import end_other_sessions, end_session, list_sessions
from warehouse import clock
from warehouse.domain.access import Person
from warehouse.errors import NotFound, NotSignedIn
from warehouse.ledger.sessions import SessionRow
from warehouse.ledger.store import open_ledger


def draw(person: Person) -> None:
    """Draw the list, this session first."""
    rows = sorted(list_sessions(open_ledger(), at=clock.now(), by=person), key=lambda row: row.handle != person.session)
    st.subheader("Where you are signed in", anchor=False)
    for row in rows:
        _draw_session(row, is_this=row.handle == person.session)
    if len(rows) > 2:
        st.button(f"End all {len(rows) - 1} others", on_click=_end_others)


def _draw_session(row: SessionRow, *, is_this: bool) -> None:
    now, zone = clock.now(), deadline.reader_zone()
    seen = deadline.left(row.last_seen_at, now).removeprefix("passed ")
    with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(width="stretch", gap="xxsmall"):
            badge = " :green-badge[this one]" if is_this else ""
            st.markdown(f"**{plain(row.device or 'unknown device')}** from {plain(row.network or 'unknown')}{badge}")
            used = "now" if is_this else seen
            st.caption(f"Signed in {deadline.moment(row.created_at, zone)} · last used {used}")
        if not is_this:
            st.button("End", key=f"end {row.handle.hex()}", on_click=_end, args=(row.handle,), help="Ends at once.")


def _end(handle: bytes) -> None:
    with suppress(NotFound, NotSignedIn):  # gone already; and without a session of one's own the page says so next
        end_session(open_ledger(), handle, at=clock.now(), by=session.person())


def _end_others() -> None:
    with suppress(NotSignedIn):
        end_other_sessions(open_ledger(), at=clock.now(), by=session.person())
