"""A person's second factor: how it stands, turning it on by an authenticator app, recovery codes, turning it off.

What would let a thief of the session stay asks for the password again first; that gives the browser a new session.
"""

import streamlit as st

from app import session
from app.widgets import deadline, state, told
from pipelines.administration import second_factor
from pipelines.administration.reauthentication import is_recent, reauthenticate
from pipelines.administration.second_factor import RECOVERY_CODES, SecondFactorState
from warehouse import clock
from warehouse.domain.access import Person
from warehouse.errors import BadInput, ProcuraError, WrongState
from warehouse.ledger.store import open_ledger

CODES = "recovery_codes_to_show"
ENROLLING = "second_factor_enrolling"
PLACE = "second_factor"


def draw(person: Person) -> None:
    """Draw the part of the account page."""
    st.subheader("Second factor", anchor=False)
    found = second_factor.read_state(open_ledger(), by=person)
    _draw_state(found)
    told.tell(PLACE)
    if CODES in st.session_state:
        _draw_codes(st.session_state[CODES])
    elif not is_recent(open_ledger(), at=clock.now(), by=person):
        _draw_proof(person)
    elif st.session_state.get(ENROLLING):
        _draw_enrolment(person)
    else:
        _draw_buttons(found)


def _draw_state(found: SecondFactorState) -> None:
    if found.confirmed_at is None:
        st.markdown(":gray-badge[off] Signing in asks for your password only.")
    else:
        since = deadline.moment(found.confirmed_at, deadline.reader_zone())
        st.markdown(f":green-badge[on] Signing in also asks for a code of your authenticator app. Since {since}.")
        colour = "orange" if found.recovery_codes < 3 else "gray"
        st.markdown(f":{colour}-badge[{found.recovery_codes} of {RECOVERY_CODES} recovery codes left]")
    if found.is_required:
        st.caption("Your firm asks everybody for a second factor.")


def _draw_proof(person: Person) -> None:
    with st.form("proof", clear_on_submit=True):
        password = st.text_input("Your password", type="password", autocomplete="current-password")
        st.caption("To change anything here, prove that it is you.")
        is_sent = st.form_submit_button("Confirm password")
    if not is_sent:
        return
    try:
        continuation = reauthenticate(open_ledger(), password, at=clock.now(), by=person)
    except (BadInput, WrongState) as error:
        state.told(error)
        return
    session.go_on(continuation, "/account?done=proven")


def _draw_buttons(found: SecondFactorState) -> None:
    with st.container(horizontal=True):
        if found.confirmed_at is None:
            st.button("Turn on", type="primary", on_click=_begin)
            return
        st.button("Replace", on_click=_begin, help="Enrol another telephone or app; the present one works until then.")
        st.button("New recovery codes", on_click=_renew_codes, help="The old ones stop working.")
        if not found.is_required:
            st.button("Turn off", on_click=_remove, help="Signing in then asks for your password only.")


def _draw_enrolment(person: Person) -> None:
    try:
        enrolment = second_factor.enrol(open_ledger(), at=clock.now(), by=person)
    except ProcuraError as error:
        state.told(error)
        return
    st.markdown("Take a picture of this with an authenticator app, then type the code that it shows.")
    st.image(enrolment.as_svg(), width=240)
    groups = " ".join(enrolment.seed[i : i + 4] for i in range(0, len(enrolment.seed), 4))
    st.caption("No camera? Type this key into the app:")
    st.code(groups, language=None)
    with st.form("code", clear_on_submit=True):
        st.text_input("Code that the app shows", key="enrolment_code", autocomplete="one-time-code", max_chars=10)
        with st.container(horizontal=True):
            st.form_submit_button("Confirm", type="primary", on_click=_confirm)
    st.button("Leave it as it was", type="tertiary", on_click=_leave)


def _draw_codes(codes: list[str]) -> None:
    with st.container(border=True):
        st.markdown("**Your recovery codes**")
        st.markdown("Keep them where you keep papers. Each opens your account once when the telephone is lost.")
        st.code("\n".join(codes), language=None)
        st.caption("They are shown only now.")
        st.button("I have written them down", type="primary", on_click=lambda: st.session_state.pop(CODES, None))


def _begin() -> None:
    st.session_state[ENROLLING] = True


def _leave() -> None:
    st.session_state.pop(ENROLLING, None)


def _confirm() -> None:
    try:
        codes = second_factor.confirm_enrolment(
            open_ledger(), st.session_state.get("enrolment_code", ""), at=clock.now(), by=session.person()
        )
    except ProcuraError as error:
        told.leave(PLACE, error)
        return
    st.session_state[CODES] = codes
    _leave()


def _renew_codes() -> None:
    try:
        st.session_state[CODES] = second_factor.renew_recovery_codes(open_ledger(), at=clock.now(), by=session.person())
    except ProcuraError as error:
        told.leave(PLACE, error)


def _remove() -> None:
    told.attempt(PLACE, lambda: second_factor.remove(open_ledger(), at=clock.now(), by=session.person()))
