"""Asking a model anew about an opportunity, and saying that one thinks otherwise."""

import streamlit as st

from app import session
from app.widgets import score, state, told
from pipelines.qualification.second_looks import LONGEST_REASON, ask_anew, disagree
from warehouse import clock
from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.domain.fit import Recommendation
from warehouse.errors import ProcuraError
from warehouse.ledger.assessments import Kept
from warehouse.ledger.run_requests import ASSESSMENT, is_asked
from warehouse.ledger.store import open_ledger

PLACE = "second look"


def draw(opportunity_id: str, said: Recommendation | None, kept: list[Kept], person: Person, *, provider: str) -> None:
    """Draw the button and the form for whoever may use them.

    Args:
        said: What the product recommends; None where it says nothing.
        provider: The setting: with `offline` there is nobody to ask.
    """
    told.tell(PLACE)
    if provider != "offline" and access.may(person, Action.ASK_MODEL):
        _draw_asking(opportunity_id)
    if access.may(person, Action.DISAGREE):
        _draw_disagreeing(opportunity_id, said, kept)


@st.fragment(run_every=3)
def _draw_asking(opportunity_id: str) -> None:
    person = session.person()  # a fragment runs by itself: it must not outlive the session
    with open_ledger().read(person) as tx:
        is_open = is_asked(tx, ASSESSMENT, opportunity_id)
    was_open = st.session_state.get("asked about") == opportunity_id
    if was_open and not is_open:
        st.session_state.pop("asked about")
        st.rerun()
    if is_open:
        st.session_state["asked about"] = opportunity_id
        st.caption("A model is being asked; its answer appears here.")
    else:
        st.button(
            "Ask again", on_click=_ask, args=(opportunity_id,), help="Pays for another answer, within the ceilings."
        )


def _ask(opportunity_id: str) -> None:
    told.attempt(PLACE, lambda: ask_anew(open_ledger(), opportunity_id, by=session.person(), at=clock.now()))


def _draw_disagreeing(opportunity_id: str, said: Recommendation | None, kept: list[Kept]) -> None:
    with st.expander("Disagree"), st.form("disagree", border=False, clear_on_submit=True):
        others = [one for one in Recommendation if one is not said]
        thinks = st.radio("What you think instead", others, format_func=score.WORDS.__getitem__, horizontal=True)
        reason = st.text_area("Why", max_chars=LONGEST_REASON, height=80)
        st.caption("Kept with your name and used to measure scores; the score stays as it is.")
        if st.form_submit_button("Keep my disagreement") and thinks is not None:
            _keep(opportunity_id, thinks, reason, kept)


def _keep(opportunity_id: str, thinks: Recommendation, reason: str, kept: list[Kept]) -> None:
    concluded = kept[0].id if kept and kept[0].assessment.recommendation else None
    try:
        disagree(
            open_ledger(), opportunity_id, thinks, reason, assessment_id=concluded, by=session.person(), at=clock.now()
        )
    except ProcuraError as error:
        state.told(error)
        return
    told.leave(PLACE, "Your disagreement is kept.")
    st.rerun()
