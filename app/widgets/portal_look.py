"""One portal profile whole: the ground on which a machine works there, hosts, limits, times; its text; what may be done to it."""

import streamlit as st

from app import session
from app.widgets import delivery_names, portal_list, portal_names, portal_rehearsals, portal_upload, told
from app.widgets.text import code, link, plain
from pipelines.submission.portals.profile import PortalProfile
from pipelines.submission.portals.profiles import ProfileLook, activate_profile, look_at_profile, retire_profile
from warehouse import clock
from warehouse.domain import access
from warehouse.domain.access import Action, Person, who_may
from warehouse.ledger.portal_profiles import ProfileRow
from warehouse.ledger.store import open_ledger

PLACE = "portal"


def draw(versions: list[ProfileRow], row: ProfileRow, person: Person) -> None:
    """Draw one version of a name, with the way to the others."""
    look = look_at_profile(open_ledger(), row.id, by=person)
    profile = look.profile
    st.button("← All profiles", key="all_profiles", type="tertiary", on_click=portal_list.go_to)
    st.header(plain(profile.title if profile else row.name), anchor=False)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"{code(row.name)} version {row.version} {portal_names.badge(row)}")
        st.markdown(plain(delivery_names.way(row.executor)))
        if profile and profile.documentation:
            st.markdown(link(profile.documentation, "the portal’s manual"))
    st.caption(portal_names.history(row))
    told.tell(PLACE)
    left, right = st.columns([3, 2], gap="large")
    with left:
        if profile:
            _draw_basis(profile)
            _draw_facts(profile, row)
    with right:
        _draw_versions(versions, row)
        _draw_deeds(look, person)
    if look.checked.faults:
        portal_upload.draw_faults(look.checked.faults, row.body)
    with st.expander("The text of this version"):
        st.caption("SHA-256 of its bytes:")
        st.code(row.sha256, language=None, wrap_lines=True)
        st.code(row.body, language="toml", line_numbers=True, height=480)
    portal_rehearsals.draw(look, versions, person)


def _draw_basis(profile: PortalProfile) -> None:
    with st.container(border=True):
        st.markdown("**May a machine work there?**")
        basis = profile.basis
        if basis is None:
            is_person = profile.executor == delivery_names.HAND_OVER
            st.markdown(
                "A person signs in and uploads; no machine goes there."
                if is_person
                else ":red-badge[nobody says so] The profile names nobody who permits it: it can be rehearsed, not activated."
            )
            return
        st.markdown(
            f":green-badge[permitted] by **{plain(basis.permitted_by)}**, {basis.on.day} {basis.on:%b %Y}, in these words:"
        )
        st.markdown(f"> {delivery_names.quoted(basis.text)}")


def _draw_facts(profile: PortalProfile, row: ProfileRow) -> None:
    facts = (
        ("Goes to", ", ".join(profile.hosts) or "nowhere"),
        ("Pictures, styles and scripts also from", ", ".join(profile.assets_from)),
        ("Credentials, kept in the vault for these hosts alone", ", ".join(profile.credentials)),
        ("Takes", portal_names.limits(profile.limits)),
        ("At the slowest", portal_names.measured(row)),
        ("Seen at the office within", f"{profile.settle_seconds:g} s"),
        ("A person is asked after", delivery_names.lasting_seconds(profile.patience_seconds)),
        ("Sent at most", f"{profile.attempts} times, each time after it is certain that nothing arrived"),
    )
    st.markdown("  \n".join(f":gray[{name}:] {plain(value)}" for name, value in facts if value))


def _draw_versions(versions: list[ProfileRow], row: ProfileRow) -> None:
    st.markdown("**Versions**")
    for one in versions:
        if one.id == row.id:
            st.markdown(f"Version {one.version} {portal_names.badge(one)} is shown here")
        else:
            st.button(
                f"Version {one.version}: {portal_names.standing(one)[0]}", key=f"version {one.version}", type="tertiary",
                on_click=portal_list.go_to, args=(one.name, one.version),
            )  # fmt: skip


def _draw_deeds(look: ProfileLook, person: Person) -> None:
    if not access.may(person, Action.EDIT_PORTALS):
        st.caption(f"Rehearsed and activated by {who_may(Action.EDIT_PORTALS)}.")
        return
    row, checked = look.row, look.checked
    portal_rehearsals.draw_button(look)
    if row.activated_at is None:
        with st.popover("Activate …", key="activate_open", disabled=not checked.may_be_activated):
            st.markdown(_effect(look))
            st.button(
                f"Activate version {row.version}", type="primary", key="activate", on_click=_activate, args=(row.id,)
            )
    elif row.is_active:
        with st.popover("Retire …", key="retire_open"):
            st.markdown(
                "No further delivery uses it; those under way go on with it. It cannot be activated again: upload it anew."
            )
            st.button(f"Retire version {row.version}", type="primary", key="retire", on_click=_retire, args=(row.id,))


def _effect(look: ProfileLook) -> str:
    """Say what activating permits."""
    row, profile = look.row, look.profile
    hosts = ", ".join(row.hosts) or "no host"
    rehearsed = any(one.profile_id == row.id and one.reached_end for one in look.rehearsals)
    warning = "" if rehearsed else "  \n:orange[It was never rehearsed to its end.]"
    who = f", which {plain(profile.basis.permitted_by)} permits" if profile and profile.basis else ""
    return (
        f"Approved offers may then go out through **{plain(hosts)}** by {plain(delivery_names.way(row.executor).lower())}{who}, with the"
        f" credentials of this portal. The version that was in use before is retired.{warning}"
    )


def _activate(profile_id: str) -> None:
    told.attempt(
        PLACE,
        lambda: activate_profile(open_ledger(), profile_id, at=clock.now(), by=session.person()),
        "Activated: deliveries use this version from now on.",
    )


def _retire(profile_id: str) -> None:
    told.attempt(
        PLACE,
        lambda: retire_profile(open_ledger(), profile_id, at=clock.now(), by=session.person()),
        "Retired: no further delivery uses it.",
    )
