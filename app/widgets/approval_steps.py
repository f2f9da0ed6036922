"""The rule of signatures on the Admin page: which departments sign, in which order, from which value on."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

import streamlit as st

from app import session
from app.widgets import money, told
from app.widgets.text import plain
from pipelines.submission.approval_steps import LONGEST_NAME, add_step, change_step, end_step, list_steps
from warehouse import clock
from warehouse.domain import access
from warehouse.domain.access import Action, Department, Person
from warehouse.domain.approval import ApprovalStep
from warehouse.errors import BadInput, ProcuraError
from warehouse.ledger.approval_rules import NewStep
from warehouse.ledger.store import open_ledger

PLACE = "approval_steps"


def draw(person: Person) -> None:
    """Draw the steps; an admin can change them."""
    told.tell(PLACE)
    st.markdown(
        "Every package that is sent passes these steps in this order, each signed by another officer of the department who did not work"
        " on the offer. A package that was sent already keeps the steps it was sent with."
    )
    steps = list_steps(open_ledger(), by=person)
    may_edit = access.may(person, Action.EDIT_APPROVAL_STEPS)
    for step in steps:
        _draw(step, may_edit=may_edit)
    if may_edit:
        with st.popover("Add a step", type="primary", key="add_step_open"):
            _draw_form("new", None, max((s.position for s in steps), default=0) + 1)


def _draw(step: ApprovalStep, *, may_edit: bool) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        value = step.min_value_usd
        asked = "every offer" if value is None else f"offers of {money.exact(value)} and more, or of unknown value"
        st.markdown(f"**{step.position}. {plain(step.name)}** · {step.department.value} · {plain(asked)}")
        if may_edit:
            with st.popover("Change", key=f"change-{step.id}"):
                _draw_form(step.id, step, step.position)
                st.button("Take this step out", key=f"end-{step.id}", on_click=_end, args=(step.id, step.name))


def _draw_form(key: str, step: ApprovalStep | None, position: int) -> None:
    departments = list(Department)
    with st.form(f"step-{key}", border=False, clear_on_submit=step is None):
        st.text_input("Name", step.name if step else "", key=f"step-name-{key}", max_chars=LONGEST_NAME)
        st.selectbox(
            "Department", departments, departments.index(step.department) if step else 1, key=f"step-department-{key}"
        )
        st.number_input("Place in the order", 1, 99, position, key=f"step-position-{key}")
        st.text_input(
            "Only from this value in dollars on", "" if step is None or step.min_value_usd is None else f"{step.min_value_usd:f}",
            key=f"step-value-{key}", placeholder="Empty: every offer", help="An offer whose value nobody stated counts as above.",
        )  # fmt: skip
        st.form_submit_button(
            "Save step" if step else "Add step", on_click=_save, args=(key, step.id if step else None)
        )


def _save(key: str, step_id: str | None) -> None:
    chosen = st.session_state

    def deed(by: Person) -> str:
        new = NewStep(chosen[f"step-position-{key}"], chosen[f"step-name-{key}"], chosen[f"step-department-{key}"],
                      _dollars(chosen[f"step-value-{key}"]))  # fmt: skip
        if step_id is None:
            add_step(open_ledger(), new, at=clock.now(), by=by)
        else:
            change_step(open_ledger(), step_id, new, at=clock.now(), by=by)
        return f"Packages that are sent from now on pass **{plain(new.name)}**."

    _do(deed)


def _end(step_id: str, name: str) -> None:
    def deed(by: Person) -> str:
        end_step(open_ledger(), step_id, at=clock.now(), by=by)
        return f"**{plain(name)}** is no longer asked for."

    _do(deed)


def _do(deed: Callable[[Person], str]) -> None:
    try:
        told.leave(PLACE, deed(session.person()))
    except ProcuraError as error:
        told.leave(PLACE, error)


def _dollars(text: str) -> Decimal | None:
    tidy = text.strip().removeprefix("$").replace(",", "")
    if not tidy:
        return None
    try:
        return Decimal(tidy)
    except InvalidOperation:
        raise BadInput(
            f"{text.strip()} is no amount in dollars.",
            kept="the steps as they were.",
            todo="write 250000 or leave it empty.",
        ) from None
