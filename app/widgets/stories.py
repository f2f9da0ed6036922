"""Headlines of the press: each leads to its publisher, and says what of it concerns the firm. Never more than the headline."""

from collections.abc import Callable, Sequence

import streamlit as st

from app.widgets import deadline
from app.widgets.text import link, plain
from pipelines.qualification.press import Story, buyer_stories, market_stories
from warehouse.domain.access import Person
from warehouse.errors import StoreUnavailable
from warehouse.ledger.store import open_ledger

HELP = "Headlines from NewsAPI that name one of your buyers or topics; each opens at its publisher. With the free plan a day late."


def draw_market(person: Person) -> None:
    """Draw the newest stories about the firm's buyers and topics."""
    _draw(
        "In the news", lambda: market_stories(open_ledger(), by=person), "No known story names your buyers or topics."
    )


def draw_about(buyers: Sequence[str | None], person: Person) -> None:
    """Draw the newest stories about an opportunity's buyers."""
    _draw(
        "The buyer in the news",
        lambda: buyer_stories(open_ledger(), buyers, by=person),
        "No known story names this buyer.",
    )


def _draw(heading: str, read: Callable[[], list[Story]], none: str) -> None:
    st.subheader(heading, anchor=False, help=HELP)
    try:
        found = read()
    except StoreUnavailable:
        st.caption("Stories cannot be read just now.")
        return
    if not found:
        st.caption(f"{none} They come with a key of NewsAPI (page Credentials).")
    for story in found:
        _draw_one(story)


def _draw_one(story: Story) -> None:
    with st.container(border=True, gap="small"):
        st.markdown(link(story.url, story.title))
        where = story.publisher if story.publisher.lower() == story.host else f"{story.publisher} ({story.host})"
        day = deadline.day(story.published_at, deadline.reader_zone()) or "day not stated"
        st.caption(plain(f"{where.strip()} · {day}"))
        with st.container(horizontal=True, gap="small"):
            for buyer in story.buyers:
                st.badge(plain(buyer), color="blue")
            for topic in story.topics:
                st.badge(plain(topic), color="gray")
