"""The decision on one opportunity and its note: buttons for who may, words for who may not."""

from typing import Literal

import streamlit as st

from app import session
from app.widgets import deadline, names, state, told
from app.widgets.bulk_mark import VERBS
from app.widgets.text import plain
from pipelines.qualification.decisions import LONGEST_NOTE, add_note, set_status
from warehouse import clock
from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.domain.opportunity import NEXT, OpportunityStatus
from warehouse.errors import ProcuraError
from warehouse.ledger.opportunities import OpportunityDetail
from warehouse.ledger.store import open_ledger

Kind = Literal["primary", "secondary"]
BACK, PLACE = "Review again", "decision"
WORDS = {**VERBS, OpportunityStatus.REVIEWING: "Start review"}


def draw_decision(found: OpportunityDetail, person: Person) -> None:
    """Draw the status and what can follow it."""
    st.subheader("Decision", anchor=False)
    row = found.row
    who = f" by {plain(found.status_changed_by)}" if found.status_changed_by else ""
    when = f", {deadline.moment(found.status_changed_at, deadline.reader_zone())}" if found.status_changed_at else ""
    st.markdown(f"{names.status(row.status)}{who}{when}")
    if not access.may(person, Action.SET_OPPORTUNITY_STATUS):
        st.caption("An admin or a contract officer decides.")
        return
    following = [to for to in OpportunityStatus if to in NEXT[row.status]]
    if not following:
        st.caption("It was submitted; nothing follows.")
    with st.container(horizontal=True):
        for to in following:
            is_back = row.status is not OpportunityStatus.NEW and to is OpportunityStatus.REVIEWING
            kind: Kind = (
                "primary"
                if to in (OpportunityStatus.QUALIFIED, OpportunityStatus.REVIEWING) and not is_back
                else "secondary"
            )
            st.button(
                BACK if is_back else WORDS[to], key=f"to_{to.value}", type=kind, on_click=_decide, args=(row.id, to)
            )
    told.tell(PLACE)


def draw_note(found: OpportunityDetail, person: Person) -> None:
    """Draw the note; who may decide can change it."""
    st.subheader("Note", anchor=False)
    if found.noted_by:
        st.caption(
            f"by {plain(found.noted_by)}, {deadline.moment(found.noted_at, deadline.reader_zone()) if found.noted_at else ''}"
        )
    if not access.may(person, Action.NOTE_OPPORTUNITY):
        st.text(found.note or "No note.")
        return
    with st.form("note", border=False):
        text = st.text_area("Note", found.note or "", max_chars=LONGEST_NOTE, height=110, label_visibility="collapsed",
                            placeholder="What a colleague should know about this one")  # fmt: skip
        if st.form_submit_button("Save note"):
            try:
                add_note(open_ledger(), found.row.id, text, by=session.person(), at=clock.now())
            except ProcuraError as error:
                state.told(error)
            else:
                st.rerun()


def _decide(opportunity_id: str, to: OpportunityStatus) -> None:
    told.attempt(PLACE, lambda: set_status(open_ledger(), [opportunity_id], to, by=session.person(), at=clock.now()))
