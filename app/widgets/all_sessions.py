"""Where everybody is signed in, for an admin: each session with person, device, place and times; any can be ended."""

import streamlit as st

from app import session
from app.widgets import deadline, told
from app.widgets.text import plain
from pipelines.administration.sessions import end_session, list_sessions
from warehouse import clock
from warehouse.domain.access import Person
from warehouse.ledger.sessions import SessionRow
from warehouse.ledger.store import open_ledger

MOST = 100
"""More rows than anybody ends by hand; the latest used come first."""
PLACE = "all_sessions"


def draw(person: Person) -> None:
    """Draw the list."""
    rows = list_sessions(open_ledger(), at=clock.now(), by=person, of_all=True)
    told.tell(PLACE)
    people = len({row.person.id for row in rows})
    st.caption(
        f"{len(rows):,} session{'' if len(rows) == 1 else 's'} of {people:,} {'person' if people == 1 else 'people'},"
        f" the latest used first.{f' The first {MOST} are shown.' if len(rows) > MOST else ''}"
        " Ending one is seen at once: in the next click, and in the log."
    )
    with st.container(border=True, gap="xsmall"):
        for row in rows[:MOST]:
            _draw_session(row, is_this=row.handle == person.session)


def _draw_session(row: SessionRow, *, is_this: bool) -> None:
    now, zone = clock.now(), deadline.reader_zone()
    seen = "now" if is_this else deadline.left(row.last_seen_at, now).removeprefix("passed ")
    place = st.container(
        horizontal=True,
        vertical_alignment="center",
        horizontal_alignment="distribute",
        key=f"session {row.handle.hex()}",
    )
    with place:
        with st.container(width="stretch", gap="xxsmall"):
            badge = " :green-badge[this one]" if is_this else ""
            st.markdown(f"**{plain(row.person.email)}**{badge}")
            st.caption(
                f"{plain(row.device or 'unknown device')} from {plain(row.network or 'unknown')}"
                f" · signed in {deadline.moment(row.created_at, zone)} · last used {seen}"
            )
        if not is_this:
            st.button(
                "End", key=f"end of all {row.handle.hex()}", on_click=_end, args=(row.handle,), help="Ends at once."
            )


def _end(handle: bytes) -> None:
    told.attempt(PLACE, lambda: end_session(open_ledger(), handle, at=clock.now(), by=session.person()))
