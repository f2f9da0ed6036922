"""Everybody who has an account: the list, inviting one more, and changing the one that is chosen.

A link that sets a password is shown once, to the admin who made it. Not here: what a role may do (docs/access.md).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import streamlit as st

from app import session
from app.widgets import deadline, filters, told
from app.widgets.text import plain
from pipelines.administration.one_time_links import OneTimeLink, invite_person, reset_password
from pipelines.administration.people import disable_person, enable_person, list_people, set_role
from warehouse import clock
from warehouse.domain import access
from warehouse.domain.access import Action, Department, Person, Role
from warehouse.errors import ProcuraError
from warehouse.ledger.people import Profile
from warehouse.ledger.store import open_ledger

ROLES = {
    Role.ADMIN: "admin: people, settings, keys; approves and submits nothing",
    Role.CONTRACT_OFFICER: "contract officer: decides on opportunities, signs in the name of the department",
    Role.VIEWER: "viewer: reads; of the department audit also the whole log",
}
LINK, PLACE = "people_link", "people"


@dataclass(frozen=True)
class ShownLink:
    """A one-time link on its way to the admin's eyes."""

    email: str
    kind: str
    until: str
    address: str = field(repr=False)


def draw(person: Person) -> None:
    """Draw the list; who may manage people can change it."""
    found = list_people(open_ledger(), at=clock.now(), by=person)
    may_manage = access.may(person, Action.MANAGE_PEOPLE)
    _tell()
    if may_manage:
        _draw_invitation()
    _draw_table(found)
    if may_manage:
        _draw_chosen(found, person)


def _tell() -> None:
    """Say what the last button did: a link is kept on the screen until it is put away."""
    told.tell(PLACE)
    shown: ShownLink | None = st.session_state.get(LINK)
    if shown is None:
        return
    with st.container(border=True):
        st.markdown(
            f"**{shown.kind} for {plain(shown.email)}.** Give it to them over a way that you trust."
            f" It can be used once, until {shown.until}, and is not shown again."
        )
        st.code(shown.address, language=None, wrap_lines=True)
        st.button("I have passed it on", on_click=lambda: st.session_state.pop(LINK, None))


def _draw_invitation() -> None:
    with st.popover("Invite a person", type="primary"), st.form("invitation", border=False, clear_on_submit=True):
        st.text_input("E-mail address", key="invited_email", autocomplete="off")
        st.selectbox("Role", list(ROLES), index=2, format_func=ROLES.__getitem__, key="invited_role")
        st.selectbox("Department", list(Department), key="invited_department")
        st.caption("Makes the account and a link with which they set their own password.")
        st.form_submit_button("Make the invitation", on_click=_invite)


def _invite() -> None:
    chosen = st.session_state
    _show_link(
        lambda by: invite_person(
            open_ledger(),
            email=chosen["invited_email"],
            role=chosen["invited_role"],
            department=chosen["invited_department"],
            at=clock.now(),
            by=by,
        )
    )


def _show_link(make: Callable[[Person], OneTimeLink]) -> None:
    try:
        link = make(session.person())
    except ProcuraError as error:
        told.leave(PLACE, error)
        return
    here = urlsplit(st.context.url or "")
    until = deadline.moment(link.expires_at, deadline.reader_zone())
    kind = "Invitation" if link.kind.value == "invitation" else "Link to a new password"
    st.session_state[LINK] = ShownLink(link.person.email, kind, until, f"{here.scheme}://{here.netloc}{link.path}")


def _draw_table(found: list[Profile]) -> None:
    table = [
        {
            "Person": profile.person.email,
            "Role": profile.person.role.value.replace("_", " "),
            "Department": profile.person.department.value,
            "Account": account_words(profile),
            "Second factor": "on" if profile.has_second_factor else "off",
            "Since": deadline.day(profile.created_at, deadline.reader_zone()),
        }
        for profile in found
    ]
    st.dataframe(
        table,
        hide_index=True,
        height="auto" if len(table) > 10 else "content",
        placeholder="",
        alt="Everybody who has an account",
        column_config={
            "Person": st.column_config.TextColumn(width=170 if filters.is_phone() else 320),
            "Account": st.column_config.TextColumn(width=180),
        },
    )


def account_words(profile: Profile) -> str:
    """Say how an account stands, the most important first."""
    if profile.is_disabled:
        return "disabled"
    if not profile.has_password:
        return "waits for the password" if profile.link_expires_at else "no password and no link"
    return "demo account" if profile.person.is_demo else "in use"


def _draw_chosen(found: list[Profile], person: Person) -> None:
    by_email = {profile.person.email: profile for profile in found}
    st.subheader("Change an account", anchor=False)
    email = st.selectbox(
        "Person", sorted(by_email), index=None, key="who", bind="query-params", placeholder="Choose a person", width=480
    )
    if email not in by_email:
        return
    profile = by_email[email]
    left, right = st.columns(2, gap="large")
    with left:
        _draw_role(profile, is_self=profile.person.id == person.id)
    with right:
        _draw_account(profile)


def _draw_role(profile: Profile, *, is_self: bool) -> None:
    now = profile.person
    with st.form("role"):
        role = st.radio(
            "Role", list(ROLES), list(ROLES).index(now.role), format_func=ROLES.__getitem__, key=f"role of {now.id}"
        )
        departments = list(Department)
        department = st.selectbox(
            "Department", departments, departments.index(now.department), key=f"department of {now.id}"
        )
        st.caption(
            "All their sessions end at once." + (" It is your own account: you sign in again." if is_self else "")
        )
        is_sent = st.form_submit_button("Change role and department")
    if not is_sent or role is None or department is None:
        return
    if (role, department) == (now.role, now.department):
        st.caption("It is so already.")
        return
    words = f"{plain(now.email)} is now {role.value.replace('_', ' ')} of {department.value}."
    _do(lambda by: set_role(open_ledger(), now.email, role, department, at=clock.now(), by=by), words)
    st.rerun()


def _draw_account(profile: Profile) -> None:
    email = profile.person.email
    with st.container(border=True):
        st.markdown(f"**{plain(email)}**: {account_words(profile)}")
        if profile.is_disabled:
            st.caption("Nobody can sign in to it. Enabled again, the password is as it was.")
            st.button("Enable account", on_click=_enable, args=(email,))
            return
        with st.popover("Set a new password by link"):
            st.markdown("Their password stops working at once and all their sessions end. You get a link, once.")
            st.checkbox("Their second factor is lost too", key="is_factor_lost", disabled=not profile.has_second_factor)
            st.button("Take the password away and make a link", type="primary", on_click=_reset, args=(email,))
        with st.popover("Disable account"):
            st.markdown("All their sessions end at once, and nobody can sign in to it. What they did stays in the log.")
            st.button(f"Disable {plain(email)}", type="primary", on_click=_disable, args=(email,))


def _reset(email: str) -> None:
    is_lost = bool(st.session_state.get("is_factor_lost"))
    _show_link(lambda by: reset_password(open_ledger(), email, at=clock.now(), by=by, is_second_factor_lost=is_lost))


def _disable(email: str) -> None:
    _do(lambda by: disable_person(open_ledger(), email, at=clock.now(), by=by), f"{plain(email)} is disabled.")


def _enable(email: str) -> None:
    _do(lambda by: enable_person(open_ledger(), email, at=clock.now(), by=by), f"{plain(email)} is enabled.")


def _do(deed: Callable[[Person], object], words: str) -> None:
    told.attempt(PLACE, lambda: deed(session.person()), words)
