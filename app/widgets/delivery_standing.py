"""How an accepted offer stands at the portal since: each thing that the portal said, with when it was read."""

from collections.abc import Sequence

import streamlit as st

from app.widgets import deadline
from app.widgets.text import plain
from warehouse.ledger.portal_statuses import PortalStatus


def draw(statuses: Sequence[PortalStatus]) -> None:
    """Draw them, the newest first; nothing where the portal was not asked yet."""
    if not statuses:
        return
    zone = deadline.reader_zone()
    lines = [f"{_badge(one)} :gray[{deadline.moment(one.at, zone)}]{_words(one)}" for one in reversed(statuses)]
    st.markdown(":gray[At the portal since]  \n" + "  \n".join(lines))


def _badge(one: PortalStatus) -> str:
    return f":{'red' if one.is_rejection else 'blue'}-badge[{plain(one.status)}]"


def _words(one: PortalStatus) -> str:
    return f"  \n{plain(one.words)}" if one.words != one.status else ""
