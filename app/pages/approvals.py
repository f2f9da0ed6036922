"""Approvals: what waits for signatures, which of it is mine to sign, who stands in for whom.

Not here: one package and its signature (approval.py).
"""

import streamlit as st

from app import session
from app.page import PageInfo, Section
from app.widgets import approval_delegation, approval_queue
from warehouse.domain.access import Action, State, may

PAGE = PageInfo(
    "Approvals", Section.BID, 3, "What waits for signatures, and exactly what is signed.", needs=Action.READ_SUBMISSIONS
)


def render() -> None:
    """Draw the page."""
    person = session.person()
    st.title("Approvals")
    approval_queue.draw(person)
    if may(person, Action.DELEGATE_APPROVAL, State.OWN):
        approval_delegation.draw(person)
    approval_queue.draw_decided(person)


if __name__ == "__main__":
    render()
