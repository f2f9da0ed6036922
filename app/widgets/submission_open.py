"""Workspaces of one opportunity: those that are open, and the button that opens one."""

from collections.abc import Sequence

import streamlit as st

from app import session
from app.widgets import state, submission_names
from app.widgets.text import plain
from pipelines.submission.board import offers_to
from pipelines.submission.workspace import ENDED, FIRST_LABEL, LONGEST_LABEL, open_workspace
from warehouse import clock
from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.domain.opportunity import OpportunityStatus
from warehouse.errors import ProcuraError
from warehouse.ledger.opportunities import OpportunityRow
from warehouse.ledger.store import open_ledger
from warehouse.ledger.submissions import Submission


def draw(row: OpportunityRow, person: Person) -> None:
    """Draw the part of the opportunity's page."""
    if not access.may(person, Action.READ_SUBMISSIONS):
        return
    st.subheader("Workspace", anchor=False)
    offers = offers_to(open_ledger(), row.id, by=person)
    for offer in offers:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.page_link("pages/workspace.py", label=plain(offer.label), query_params={"id": offer.id})
            st.markdown(submission_names.status(offer.status))
            st.caption(plain(submission_names.short(offer.owner_email)))
    if not access.may(person, Action.OPEN_SUBMISSION):
        if not offers:
            st.caption("None that you may see. A contract officer opens one.")
    elif row.status in ENDED:
        st.caption(_why_not(row.status))
    else:
        _draw_opening(row, offers)


def _draw_opening(row: OpportunityRow, offers: Sequence[Submission]) -> None:
    if not offers:
        st.caption("Opens an offer that you own, with the checklist that its type and set-aside ask for.")
        if st.button("Open a workspace", type="primary"):
            _open(row.id, FIRST_LABEL)
        return
    with st.popover("Open another workspace"), st.form("open_another", border=False):
        label = st.text_input("Name", max_chars=LONGEST_LABEL, placeholder="Alternate offer")
        st.caption("Two offers to one notice are told apart by their names.")
        if st.form_submit_button("Open it"):
            _open(row.id, label)


def _open(opportunity_id: str, label: str) -> None:
    try:
        submission_id = open_workspace(open_ledger(), opportunity_id, label=label, at=clock.now(), by=session.person())
    except ProcuraError as error:
        state.told(error)
        return
    st.switch_page("pages/workspace.py", query_params={"id": submission_id})


def _why_not(status: OpportunityStatus) -> str:
    if status is OpportunityStatus.DISQUALIFIED:
        return "It is disqualified: review it again to open a workspace."
    return "It was submitted."
