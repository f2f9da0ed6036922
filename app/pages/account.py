"""Account: who am I here? The own password, second factor and sessions."""

import streamlit as st

from app import session
from app.page import PageInfo, Section
from app.widgets import my_sessions, second_factor, state
from app.widgets.text import plain
from pipelines.administration.account import change_password
from pipelines.administration.passwords import SHORTEST
from warehouse import clock
from warehouse.domain.access import Person
from warehouse.errors import BadInput, WrongState
from warehouse.ledger.store import open_ledger

PAGE = PageInfo("Account", Section.YOU, 1, "Your password, your second factor, and where you are signed in.")
DONE = {
    "password": "Your password is changed. All your other sessions have ended.",
    "proven": "Your password is proven. For ten minutes you can change your second factor.",
}


def render() -> None:
    """Draw the page."""
    person = session.person()
    st.title("Account")
    st.caption(f"{plain(person.email)} · {person.role.value.replace('_', ' ')} · {person.department.value}")
    done = DONE.get(st.query_params.pop("done", ""))
    if done:
        st.success(done)
    left, right = st.columns(2, gap="large")
    with left:
        _draw_password(person)
    with right:
        second_factor.draw(person)
        my_sessions.draw(person)


def _draw_password(person: Person) -> None:
    st.subheader("Password", anchor=False)
    with st.form("password", clear_on_submit=True):
        present = st.text_input("Present password", type="password", autocomplete="current-password")
        new = st.text_input(
            "New password",
            type="password",
            autocomplete="new-password",
            help=f"{SHORTEST} characters or more, of any kind: four or five unrelated words are good.",
        )
        again = st.text_input("New password again", type="password", autocomplete="new-password")
        st.caption("All your other sessions end.")
        is_sent = st.form_submit_button("Change password", type="primary")
    if not is_sent:
        return
    if new != again:
        st.warning("The two new passwords differ. Your password is as it was.")
        return
    try:
        continuation = change_password(open_ledger(), present, new, at=clock.now(), by=person)
    except (BadInput, WrongState) as error:
        state.told(error)
        return
    session.go_on(continuation, "/account?done=password")


if __name__ == "__main__":
    render()
