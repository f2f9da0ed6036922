"""Credentials: will the keys work tomorrow? Per source whether one is set, until when, how its last use went. Never a secret."""

from collections.abc import Callable
from datetime import datetime

import streamlit as st
from pydantic import SecretStr

from app import session
from app.page import PageInfo, Section
from app.widgets import deadline, told
from app.widgets.text import link, plain
from pipelines.administration.credentials import Credential, list_credentials, remove_credential, set_credential
from pipelines.discovery.credential_check import check_credential, credential_needs
from pipelines.discovery.credential_question import Answer, Outcome
from pipelines.submission.portals.credentials import portal_needs
from warehouse import clock
from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.domain.credential import CredentialNeed, CredentialStatus
from warehouse.errors import ProcuraError
from warehouse.ledger.store import open_ledger

PAGE = PageInfo(
    "Credentials", Section.TRUST, 2, "Which keys of sources and portals are set, and whether they will work tomorrow.",
    needs=Action.READ_CREDENTIALS,
)  # fmt: skip
COLOURS = {CredentialStatus.ACTIVE: "green", CredentialStatus.WARNING: "orange", CredentialStatus.REVOKED: "red"}
OUTCOME_COLOURS = {Outcome.WORKS: "green", Outcome.QUOTA: "orange", Outcome.UNREACHABLE: "gray"}


def render() -> None:
    """Draw the page."""
    person = session.person()
    at = clock.now()
    sources = credential_needs()
    found = list_credentials(open_ledger(), [*sources, *portal_needs(open_ledger())], at=at, by=person)
    tested = {need.connector for need in sources}
    st.title("Credentials")
    st.caption(
        "Keys are sealed as they are saved and never shown again. A test asks the source once, which takes one of the"
        " day's requests."
    )
    may_edit = access.may(person, Action.EDIT_CREDENTIALS)
    for credential in found:
        with st.container(border=True):
            _draw(credential, at, may_edit=may_edit, can_test=credential.need.connector in tested)


def _draw(credential: Credential, at: datetime, *, may_edit: bool, can_test: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(credential.need.title)}**")
        st.markdown(_badge(credential))
        if credential.need.documentation_url:
            st.markdown(link(credential.need.documentation_url, "how to get one"))
    facts = _facts(credential, at)
    if facts:
        st.caption(" · ".join(facts))
    if credential.origin == "environment":
        st.caption(
            f"Given by PROCURA\\_{plain(f'{credential.need.connector}_{credential.need.field}'.upper())}"
            " of the machine, which wins over what is saved here."
        )
    if may_edit:
        _draw_buttons(credential, can_test=can_test)
    if not can_test:
        st.caption("A rehearsal of the portal’s profile shows whether it works.")
    told.tell(_place(credential.need), _say)


def _badge(credential: Credential) -> str:
    if credential.judgement is None:
        return f":gray-badge[{'not set: needed' if credential.need.is_required else 'not set'}]"
    judgement = credential.judgement
    words = judgement.status.value + (f": {plain(judgement.reason)}" if judgement.reason else "")
    return f":{COLOURS[judgement.status]}-badge[{words}]"


def _facts(credential: Credential, at: datetime) -> list[str]:
    zone = deadline.reader_zone()
    named: list[tuple[str, datetime | None]] = [
        ("set", credential.set_at),
        ("last used", credential.last_used_at),
        ("last refused", credential.last_failed_at),
    ]
    facts = [f"{name} {deadline.moment(when, zone)}" for name, when in named if when is not None]
    if credential.set_at is not None:
        days = (at - credential.set_at).days
        facts.insert(1, f"{days} {'day' if days == 1 else 'days'} old")
    if credential.expires_at is not None:
        day = credential.expires_at
        facts.insert(2, f"expires {day.day} {day:%b %Y}")
    if credential.is_set and credential.last_used_at is None:
        facts.append("not used yet")
    return facts


def _draw_buttons(credential: Credential, *, can_test: bool) -> None:
    need = credential.need
    with st.container(horizontal=True):
        st.button(
            "Replace key" if credential.origin == "store" else "Set key",
            key=f"open-{need.connector}-{need.field}",
            on_click=_open,
            args=("set", need),
        )
        if credential.is_set and can_test:
            st.button("Test connection", key=f"test-{need.connector}-{need.field}", on_click=_test, args=(need,))
        if credential.origin == "store":
            st.button("Remove", key=f"remove-{need.connector}-{need.field}", on_click=_open, args=("remove", need))
    opened = st.session_state.get("credential_open")
    if opened == ("set", _place(need)):
        _draw_form(need)
    elif opened == ("remove", _place(need)):
        _draw_removal(need)


def _draw_form(need: CredentialNeed) -> None:
    secret, expires = _field_keys(need)
    with st.form(f"form-{need.connector}-{need.field}", border=False, clear_on_submit=True):
        st.text_input(
            need.title, type="password", key=secret, autocomplete="off", placeholder="Paste the key", width=480
        )
        st.date_input(
            "Expires on", value=None, key=expires, width=220,
            help=f"Empty: {need.lives.days} days from now." if need.lives else "Empty: it does not end by itself.",
        )  # fmt: skip
        with st.container(horizontal=True):
            st.form_submit_button("Save key", type="primary", on_click=_save, args=(need,))
            st.form_submit_button("Cancel", on_click=_close)


def _draw_removal(need: CredentialNeed) -> None:
    effect = "The source is then not asked." if need.is_required else "The source is then asked without it."
    if need.connector.startswith("portal:"):
        effect = "Deliveries to this portal then stop before they begin."
    st.warning(f"Remove the {plain(need.title)}? {effect} It cannot be brought back; it can be set again.")
    with st.container(horizontal=True):
        st.button("Remove this key", type="primary", key=f"confirm-{need.connector}", on_click=_remove, args=(need,))
        st.button("Keep it", key=f"keep-{need.connector}", on_click=_close)


def _say(result: Answer | str) -> None:
    if isinstance(result, Answer):
        colour = OUTCOME_COLOURS.get(result.outcome, "red")
        st.markdown(f":{colour}-badge[{result.outcome.value}] {plain(result.words)}")
    else:
        st.markdown(f":green-badge[{plain(result)}]")


def _place(need: CredentialNeed) -> str:
    return f"credential {need.connector} {need.field}"


def _field_keys(need: CredentialNeed) -> tuple[str, str]:
    return f"secret-{need.connector}-{need.field}", f"expires-{need.connector}-{need.field}"


def _open(what: str, need: CredentialNeed) -> None:
    st.session_state["credential_open"] = (what, _place(need))


def _close() -> None:
    st.session_state.pop("credential_open", None)


def _save(need: CredentialNeed) -> None:
    secret, expires = _field_keys(need)
    typed, day = SecretStr(st.session_state.pop(secret, "")), st.session_state.pop(expires, None)
    until = datetime(day.year, day.month, day.day, tzinfo=clock.now().tzinfo) if day else None

    def save(person: Person) -> str:
        set_credential(open_ledger(), need, typed, expires_at=until, at=clock.now(), by=person)
        return "saved and sealed"

    _do(need, save)


def _remove(need: CredentialNeed) -> None:
    def remove(person: Person) -> str:
        remove_credential(open_ledger(), need, at=clock.now(), by=person)
        return "removed"

    _do(need, remove)


def _test(need: CredentialNeed) -> None:
    _close()
    _do(need, lambda by: check_credential(open_ledger(), need.connector, need.field, at=clock.now(), by=by))


def _do(need: CredentialNeed, deed: Callable[[Person], Answer | str]) -> None:
    """Do what a button asks for, and keep what there is to say for the next drawing."""
    try:
        told.leave(_place(need), deed(session.person()))
    except ProcuraError as error:
        told.leave(_place(need), error)
    else:
        _close()


if __name__ == "__main__":
    render()
