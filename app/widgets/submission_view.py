"""What the board of offers shows, as the address says it: state, owner, when due, closed ones too, board or table."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import streamlit as st

from app.address import members
from app.widgets import submission_names
from app.widgets.filters import is_phone
from warehouse.domain.access import Person
from warehouse.domain.submission import SubmissionStatus
from warehouse.ledger.submissions import Submission

DUE = {1: "1 day", 3: "3 days", 7: "7 days", 14: "14 days", 30: "30 days"}
ME = "me"
LOOKS = ("board", "table")


@dataclass(frozen=True)
class View:
    """The filters; `owner` is an address or `me`, `due` counts days ahead."""

    states: tuple[SubmissionStatus, ...] = ()
    owner: str = ""
    due: int | None = None
    is_closed_shown: bool = False
    look: str = LOOKS[0]

    @property
    def is_narrow(self) -> bool:
        """Say whether anything is filtered."""
        return bool(self.states or self.owner or self.due)

    def shows(self, offer: Submission, person: Person, at: datetime) -> bool:
        """Say whether an offer is part of this view."""
        is_soon = (
            offer.due_date is not None
            and self.due is not None
            and at <= offer.due_date <= at + timedelta(days=self.due)
        )
        return (
            (not self.states or offer.status in self.states)
            and (not self.owner or offer.owner_email == (person.email if self.owner == ME else self.owner))
            and (self.due is None or is_soon)
            and (self.is_closed_shown or offer.closed_at is None)
        )


def current() -> View:
    """Read the view from the address."""
    given = st.query_params
    due = given.get("due", "")
    return View(
        states=members(SubmissionStatus, given.get_all("state")),
        owner=given.get("owner", "")[:200],
        due=int(due) if due.isdigit() and int(due) <= 3650 else None,
        is_closed_shown=given.get("closed") == "1",
        look=given.get("view", "") if given.get("view") in LOOKS else LOOKS[0],
    )


def write(view: View) -> None:
    """Make a view the address."""
    said: dict[str, str | list[str]] = {}
    if view.states:
        said["state"] = [state.value for state in view.states]
    if view.owner:
        said["owner"] = view.owner
    if view.due is not None:
        said["due"] = str(view.due)
    if view.is_closed_shown:
        said["closed"] = "1"
    if view.look != LOOKS[0]:
        said["view"] = view.look
    st.query_params.from_dict(said)


def draw(view: View, owners: Sequence[str]) -> None:
    """Draw the filters; a change is written into the address first."""
    if is_phone():
        with st.popover("Filters" + (" (on)" if view.is_narrow else "")):
            _draw(view, owners)
    else:
        _draw(view, owners)


def _draw(view: View, owners: Sequence[str]) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        _bound("state", list(view.states))
        st.multiselect(
            "State", list(SubmissionStatus), key="s_state", on_change=_write, width=300, placeholder="Any",
            format_func=lambda value: submission_names.STATUS[value][0],
        )  # fmt: skip
        _bound("owner", view.owner)
        choices = list(dict.fromkeys(["", ME, *owners, view.owner]))
        st.selectbox("Owner", choices, key="s_owner", on_change=_write, width=240, format_func=_owner_words)
        _bound("due", view.due)
        days = sorted({*DUE, *([view.due] if view.due else [])})
        st.selectbox(
            "Due within", [None, *days], key="s_due", on_change=_write, width=130,
            format_func=lambda value: DUE.get(value, f"{value} days") if value else "Any",
        )  # fmt: skip
        _bound("look", view.look)
        st.segmented_control(
            "Look", LOOKS, key="s_look", on_change=_write, required=True, format_func=str.capitalize,
            label_visibility="collapsed",
        )  # fmt: skip
        _bound("closed", view.is_closed_shown)
        st.toggle("Closed too", key="s_closed", on_change=_write)
        if view.is_narrow:
            st.button("Clear all", on_click=lambda: write(replace(View(), look=view.look)), type="tertiary")


def _owner_words(value: str) -> str:
    return {"": "Anybody", ME: "Me"}.get(value, value)


def _bound(name: str, value: object) -> None:
    if st.session_state.get(f"s_{name}") != value:
        st.session_state[f"s_{name}"] = value


def _write() -> None:
    chosen = st.session_state
    write(View(tuple(chosen["s_state"]), chosen["s_owner"], chosen["s_due"], chosen["s_closed"], chosen["s_look"]))
