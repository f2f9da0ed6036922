"""Marking several opportunities at once: says how many will change before it does, and what was left."""

from collections.abc import Sequence

import streamlit as st

from app import session
from app.widgets import state, told
from pipelines.qualification.decisions import set_status
from warehouse import clock
from warehouse.domain.opportunity import NEXT, OpportunityStatus
from warehouse.errors import ProcuraError
from warehouse.ledger.opportunities import OpportunityRow
from warehouse.ledger.store import open_ledger

PLACE = "bulk_mark"
VERBS = {
    OpportunityStatus.REVIEWING: "Start review of",
    OpportunityStatus.QUALIFIED: "Qualify",
    OpportunityStatus.DISQUALIFIED: "Disqualify",
}


def draw(rows: Sequence[OpportunityRow]) -> None:
    """Draw the buttons for the chosen rows; nothing while none is chosen."""
    told.tell(PLACE)
    if not rows:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{len(rows)}** chosen")
        for to, verb in VERBS.items():
            ready = [row for row in rows if to in NEXT[row.status]]
            st.button(
                f"{verb} {len(ready)}",
                key=f"mark_{to.value}",
                disabled=not ready,
                on_click=_ask,
                args=([row.id for row in ready], len(rows), to),
            )
    if "bulk_question" in st.session_state:
        _confirm()


def _ask(ids: list[str], chosen: int, to: OpportunityStatus) -> None:
    st.session_state["bulk_question"] = (ids, chosen, to)


@st.dialog("Mark opportunities", on_dismiss=lambda: st.session_state.pop("bulk_question", None))
def _confirm() -> None:
    ids, chosen, to = st.session_state["bulk_question"]
    count = f"{len(ids)} opportunit{'y' if len(ids) == 1 else 'ies'}"
    st.markdown(f"The status of **{count}** becomes **{to.value}**.")
    if chosen > len(ids):
        st.caption(f"{chosen - len(ids)} of the {chosen} chosen stay as they are: their status does not allow it.")
    if st.button(f"{VERBS[to]} {count}", type="primary"):
        try:
            done = set_status(open_ledger(), ids, to, by=session.person(), at=clock.now())
        except ProcuraError as error:
            state.told(error)
            return
        left = f" {len(done.left)} were changed by somebody else meanwhile and stay as they are." if done.left else ""
        told.leave(PLACE, f"{len(done.changed)} now {to.value}.{left}")
        del st.session_state["bulk_question"]
        st.rerun()
