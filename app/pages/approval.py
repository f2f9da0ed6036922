"""Approval: what exactly do I sign? One package whole: what changes hands, what changed, who signed, and the signature.

Not here: the queue (approvals.py), what a package holds while it is a draft (the workspace).
"""

import streamlit as st

from app import session
from app.page import PageInfo, Section
from app.widgets import (
    approval_chain,
    approval_difference,
    approval_manifest,
    approval_sign,
    deadline,
    money,
    names,
    state,
    submission_names,
    told,
)
from app.widgets.text import plain
from pipelines.submission.approval_queue import Sheet, look_at_sheet
from warehouse import clock
from warehouse.domain.access import Action, Person
from warehouse.errors import NotFound
from warehouse.ledger.store import open_ledger
from warehouse.ledger.submissions import Submission

PAGE = PageInfo(
    "Approval", Section.BID, 4, "One package whole, and its signatures.", needs=Action.READ_SUBMISSIONS, is_listed=False
)


def render() -> None:
    """Draw the offer that the address names."""
    person = session.person()
    wanted = st.query_params.get("offer", "")
    try:
        sheet = look_at_sheet(open_ledger(), wanted, by=person)
    except NotFound:
        st.title("Approval")
        why = "The link names none, or it is not yours to see."
        state.empty("There is no such offer here.", why, page="approvals", label="All that waits")
        return
    _draw_one(sheet, person)


def _draw_one(sheet: Sheet, person: Person) -> None:
    found = sheet.submission
    _draw_head(found)
    told.tell(approval_sign.PLACE)
    if sheet.manifest is None:
        state.empty(
            "No package was sent yet.",
            "Whoever works on this offer sends its package from the workspace; then it is here.",
        )
        return
    left, right = st.columns([3, 2], gap="large")
    with right:
        approval_sign.draw(sheet, person)
        approval_chain.draw(sheet, is_short=False)
    with left:
        approval_manifest.draw(sheet.manifest, found, person)
        approval_difference.draw(sheet.before, sheet.manifest)
        approval_manifest.draw_gates(found, person)


def _draw_head(found: Submission) -> None:
    with st.container(horizontal=True, gap="medium"):
        st.page_link("pages/approvals.py", label="← All that waits")
        st.page_link("pages/workspace.py", label="The workspace →", query_params={"id": found.id})
        st.page_link("pages/opportunity.py", label="The notice →", query_params={"id": found.opportunity_id})
    st.header(plain(found.title), anchor=False)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(submission_names.status(found.status, is_closed=found.closed_at is not None))
        value = "value not stated" if found.value_usd is None else money.exact(found.value_usd)
        facts = (found.label, found.solicitation_number or "no number", names.office(found.agency), value)
        st.markdown(" · ".join(plain(fact) for fact in facts if fact))
        if found.is_demo:
            st.badge("demo", color="orange")
    deadline.draw(
        deadline.describe(
            found.due_date, found.due_offset_minutes, found.due_precision, found.safe_deadline_at, at=clock.now(),
            here=deadline.reader_zone(), state=found.place_state,
        )
    )  # fmt: skip


if __name__ == "__main__":
    render()
