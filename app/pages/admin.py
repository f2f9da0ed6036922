"""Admin: who may do what? People and their accounts, where they are signed in, the product's settings, records."""

from collections.abc import Callable

import streamlit as st

from app import session
from app.page import PageInfo, Section
from app.widgets import all_sessions, approval_steps, people, retention, system_settings
from warehouse.domain import access
from warehouse.domain.access import Action, Person, State

# READ_RETENTION is what all have in common who find anything here: admins, auditors, and for holds the officers of legal.
PAGE = PageInfo(
    "Admin", Section.RUN, 4, "People and what they may do, where they are signed in, settings, how long records stay.",
    needs=Action.READ_RETENTION,
)  # fmt: skip


def render() -> None:
    """Draw the page."""
    person = session.person()
    st.title("Admin")
    if access.may(person, Action.READ_PEOPLE) and not access.may(person, Action.MANAGE_PEOPLE):
        st.caption("You may look at everything here; an admin can change it.")
    parts = _parts(person)
    for tab, draw in zip(st.tabs(list(parts), key="part", bind="query-params"), parts.values(), strict=True):
        if tab.open:
            with tab:
                draw(person)


def _parts(person: Person) -> dict[str, Callable[[Person], None]]:
    """Return the parts that this person may look at."""
    parts: tuple[tuple[str, Callable[[Person], None], Action, State], ...] = (
        ("People", people.draw, Action.READ_PEOPLE, State.ANY),
        ("Sessions", all_sessions.draw, Action.END_SESSION, State.OTHERS),
        ("Settings", system_settings.draw, Action.READ_SETTINGS, State.ANY),
        ("Approval", approval_steps.draw, Action.READ_SETTINGS, State.ANY),
        ("Records", retention.draw, Action.READ_RETENTION, State.ANY),
    )
    return {title: draw for title, draw, action, state in parts if access.may(person, action, state)}


if __name__ == "__main__":
    render()
