"""Legal holds on the page: what is held and why, setting one, lifting one that somebody else has set."""

import streamlit as st

from app import session
from app.widgets import deadline, told
from app.widgets.text import plain
from pipelines.administration.holds import lift_hold, set_hold
from warehouse import clock
from warehouse.domain import access
from warehouse.domain.access import Action, Person, State
from warehouse.domain.retention import HOLD_WORDS, Hold, HoldKind
from warehouse.errors import ProcuraError
from warehouse.ledger.holds import list_holds, names_behind
from warehouse.ledger.store import open_ledger

PLACE = "hold"
SUBJECTS = {
    HoldKind.OPPORTUNITY: "Opportunity's id",
    HoldKind.SOLICITATION: "Solicitation number",
    HoldKind.AGENCY: "Part of the agency's or office's name",
    HoldKind.SUBMISSION: "Bid's id",
    HoldKind.PERSON: "Profile's id",
    HoldKind.RECORD_CLASS: "Class",
}


def draw(person: Person) -> None:
    """Draw the active holds with what this person may do to each, and the form for a new one."""
    st.subheader("Legal holds", anchor=False, help="What is held never goes in a purge, however old it is.")
    with open_ledger().read(person) as tx:
        active = list_holds(tx)
        names = names_behind(tx, active)
    told.tell(PLACE)
    if not active:
        st.caption("Nothing is held.")
    for hold in active:
        _draw_hold(hold, names, person)
    if access.may(person, Action.SET_HOLD):
        with st.popover("Hold records", icon=":material/lock:"):
            _draw_form()


def _draw_hold(hold: Hold, names: dict[str, str], person: Person) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(f"**{hold.kind.value.capitalize()}: {plain(hold.subject)}**")
            if hold.set_by == person.id:
                st.caption("Set by you: somebody else lifts it.")
            elif access.may(person, Action.LIFT_HOLD, State.OTHERS):
                _draw_lifting(hold)
        st.text(hold.reason)
        since = deadline.moment(hold.set_at, deadline.reader_zone())
        st.caption(
            f"{HOLD_WORDS[hold.kind].capitalize()}. Set {since} by {plain(names.get(hold.set_by, hold.set_by))}."
        )


def _draw_lifting(hold: Hold) -> None:
    with st.popover("Lift"):
        st.markdown("What it holds may go in the next purge. The log keeps who lifted it and why.")
        with st.form(f"lift_{hold.id}", border=False):
            st.text_area("Reason", key=f"lift_reason_{hold.id}", max_chars=2_000, height=80)
            st.form_submit_button("Lift this hold", type="primary", on_click=_lift, args=(hold.id,))


def _draw_form() -> None:
    kind = st.selectbox(
        "What is held", list(HoldKind), format_func=lambda one: HOLD_WORDS[one].capitalize(), key="hold_kind", width=460
    )
    with st.form("set_hold", border=False):
        st.text_input(SUBJECTS[kind or HoldKind.OPPORTUNITY], key="hold_subject", max_chars=300)
        st.text_area("Reason", key="hold_reason", max_chars=2_000, height=80, help="It is kept in the audit log.")
        st.form_submit_button("Hold it from now on", type="primary", on_click=_set)


def _set() -> None:
    asked = st.session_state
    try:
        hold = set_hold(
            open_ledger(), kind=asked["hold_kind"], subject=asked["hold_subject"], reason=asked["hold_reason"],
            at=clock.now(), by=session.person(),
        )  # fmt: skip
    except ProcuraError as error:
        told.leave(PLACE, error)
        return
    told.leave(PLACE, f"Held from now on: {hold.kind.value} {plain(hold.subject)}.")
    asked["hold_subject"] = asked["hold_reason"] = ""


def _lift(hold_id: str) -> None:
    try:
        reason = st.session_state[f"lift_reason_{hold_id}"]
        hold = lift_hold(open_ledger(), hold_id, reason=reason, at=clock.now(), by=session.person())
    except ProcuraError as error:
        told.leave(PLACE, error)
        return
    told.leave(PLACE, f"No longer held: {hold.kind.value} {plain(hold.subject)}.")
