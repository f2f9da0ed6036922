"""Calendars of the Inbox: a secret address for a calendar program, shown once; the list of them, each revocable."""

from contextlib import suppress

import streamlit as st

from app import session
from app.widgets import deadline, told
from app.widgets.text import plain
from pipelines.administration.app_links import base_url
from pipelines.administration.calendar_feeds import LONGEST_NAME, list_feeds, new_feed, revoke_feed
from warehouse import clock
from warehouse.domain.access import Person
from warehouse.errors import NotFound, ProcuraError
from warehouse.ledger.calendar_feeds import Feed
from warehouse.ledger.store import open_ledger
from warehouse.settings import current

NAME, PLACE = "calendar_name", "calendar"


def draw(person: Person) -> None:
    """Draw the part of the Inbox."""
    st.caption(
        "Deadlines and safe instants of the offers that you see, and of what you have in review, in your own calendar."
        " Whoever has the address sees them: give it to your calendar program alone."
    )
    told.tell(PLACE, _draw_address)
    with st.form("calendar", clear_on_submit=True), st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Where you put it", key=NAME, max_chars=LONGEST_NAME, placeholder="My telephone")
        st.form_submit_button("Make an address", type="primary", on_click=_make)
    feeds = list_feeds(open_ledger(), by=person)
    if not feeds:
        st.caption("No calendar has an address of yours.")
    for feed in feeds:
        _draw_feed(feed)


def _draw_address(path: str) -> None:
    base = base_url(current()) or (st.context.url or "").rsplit("/inbox", 1)[0]
    with st.container(border=True):
        st.markdown("**Copy this address now: it is not shown again.**")
        st.code(f"{base}{path}", language=None, wrap_lines=True)
        st.caption("In your calendar program: add a calendar by subscription (from an address, from the internet).")
        st.button("I have copied it")


def _draw_feed(feed: Feed) -> None:
    zone = deadline.reader_zone()
    read = f"last read {deadline.moment(feed.last_read_at, zone)}" if feed.last_read_at else "never read"
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(width="stretch", gap="xxsmall"):
            st.markdown(f"**{plain(feed.name)}**")
            st.caption(f"Made {deadline.moment(feed.created_at, zone)} · {read}")
        st.button(
            "Revoke", key=f"revoke-{feed.id}", on_click=_revoke, args=(feed.id,), help="Its address ends at once."
        )


def _make() -> None:
    try:
        made = new_feed(open_ledger(), st.session_state.get(NAME, ""), at=clock.now(), by=session.person())
    except ProcuraError as error:
        told.leave(PLACE, error)
    else:
        told.leave(PLACE, made.path)


def _revoke(feed_id: str) -> None:
    with suppress(NotFound):  # revoked in another window
        revoke_feed(open_ledger(), feed_id, at=clock.now(), by=session.person())
