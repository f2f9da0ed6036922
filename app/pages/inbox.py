"""Inbox: what was sent to me, and how do I hear of things? Notices, saved searches, calendars, digests."""

import streamlit as st

from app import session
from app.page import PageInfo, Section
from app.widgets import calendar_feeds, notice_list, notice_settings, saved_search
from pipelines.administration.notifications import count_unread
from warehouse.ledger.store import open_ledger

PAGE = PageInfo("Inbox", Section.YOU, 2, "What you were told, and how you hear of things.")
PARTS = {
    "notices": "Notices",
    "searches": "Saved searches",
    "calendar": "Calendar",
    "settings": "Settings",
}
CHOICE = "inbox_part"


def render() -> None:
    """Draw the page; the address says which part."""
    person = session.person()
    st.title("Inbox")
    part = st.query_params.get("part", "")
    now = part if part in PARTS else "notices"
    if st.session_state.get(CHOICE) != now:
        st.session_state[CHOICE] = now
    unread = count_unread(open_ledger(), by=person)
    st.segmented_control(
        "Part",
        list(PARTS),
        format_func=lambda key: f"{PARTS[key]} ({unread:,})" if key == "notices" and unread else PARTS[key],
        key=CHOICE,
        label_visibility="collapsed",
        on_change=_turn,
        required=True,
    )
    {
        "notices": notice_list.draw,
        "searches": saved_search.draw_list,
        "calendar": calendar_feeds.draw,
        "settings": notice_settings.draw,
    }[now](person)


def _turn() -> None:
    st.query_params.from_dict({"part": st.session_state[CHOICE]})


if __name__ == "__main__":
    render()
