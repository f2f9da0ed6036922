"""The count of unread notices in the side bar, on every page; nothing where there are none."""

import streamlit as st

from pipelines.administration.notifications import count_unread
from warehouse.domain.access import Person
from warehouse.errors import NotSignedIn, StoreUnavailable
from warehouse.ledger.store import open_ledger


def draw(person: Person) -> None:
    """Draw the way to what is unread."""
    try:
        unread = count_unread(open_ledger(), by=person)
    except (StoreUnavailable, NotSignedIn):
        return  # the page itself says so
    if unread:
        st.page_link(
            "pages/inbox.py", label=f":blue-badge[{unread:,}] unread in your Inbox", query_params={"unread": "1"}
        )
