"""Standing in: who signs while I am away, and for whom I sign."""

from datetime import UTC, timedelta

import streamlit as st

from app import session
from app.widgets import told
from app.widgets.text import plain
from pipelines.submission.delegations import delegate, list_delegations, list_stand_ins, revoke
from warehouse import clock
from warehouse.domain.access import Person
from warehouse.domain.approval import Delegation
from warehouse.ledger.store import open_ledger

PLACE = "delegation"


def draw(person: Person) -> None:
    """Draw the person's own delegations and the form for another."""
    st.subheader("While you are away", anchor=False)
    told.tell(PLACE)
    found = list_delegations(open_ledger(), at=clock.now(), by=person)
    for delegation in found:
        _draw_one(delegation, person)
    others = list_stand_ins(open_ledger(), by=person)
    if not others:
        st.caption(f"You are the only officer of {person.department.value}: nobody can stand in for you.")
        return
    if not found:
        st.caption(
            "Nobody stands in for you. Officers of your department can sign all the same; this tells them, and the record."
        )
    _draw_form(others)


def _draw_one(delegation: Delegation, person: Person) -> None:
    days = f"{delegation.starts_on:%d %b %Y} to {delegation.ends_on:%d %b %Y}"
    is_now = delegation.holds_on(clock.now().astimezone(UTC).date())
    with st.container(horizontal=True, vertical_alignment="center"):
        badge = ":green-badge[now]" if is_now else ":gray-badge[later]"
        if delegation.from_id == person.id:
            st.markdown(f"{badge} **{plain(delegation.to_email)}** stands in for you, {days}.")
            st.button("End it", key=f"end-{delegation.id}", on_click=_revoke, args=(delegation.id,))
        else:
            st.markdown(f"{badge} You stand in for **{plain(delegation.from_email)}**, {days}.")


def _draw_form(others: list[Person]) -> None:
    today = clock.now().astimezone(UTC).date()
    with (
        st.popover("Let somebody stand in", key="delegate_open"),
        st.form("delegation", border=False, clear_on_submit=True),
    ):
        st.selectbox(
            "Who",
            [other.id for other in others],
            format_func={o.id: o.email for o in others}.__getitem__,
            key="stand_in",
        )
        st.date_input("From", value=today, min_value=today, key="stand_in_from")
        st.date_input(
            "Until, this day included", value=today + timedelta(days=7), min_value=today, key="stand_in_until"
        )
        st.caption("Days end at midnight UTC. Their signature says that it was given in your place.")
        st.form_submit_button("Let them stand in", type="primary", on_click=_delegate)


def _delegate() -> None:
    chosen = st.session_state
    told.attempt(
        PLACE,
        lambda: delegate(open_ledger(), chosen["stand_in"], starts_on=chosen["stand_in_from"],
                         ends_on=chosen["stand_in_until"], at=clock.now(), by=session.person()),
        "They are told, and what waits is told to them from then on.",
    )  # fmt: skip


def _revoke(delegation_id: str) -> None:
    told.attempt(
        PLACE,
        lambda: revoke(open_ledger(), delegation_id, at=clock.now(), by=session.person()),
        "Nobody stands in for you any more.",
    )
