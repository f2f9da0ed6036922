"""The portal profiles by name: which version is in use, on what ground a machine works there, how long it takes."""

from collections.abc import Mapping, Sequence

import streamlit as st

from app.widgets import delivery_names, portal_names
from app.widgets.text import code, plain
from pipelines.submission.portals.profile import read_profile
from warehouse.ledger.portal_profiles import ProfileRow


def by_name(rows: Sequence[ProfileRow]) -> Mapping[str, list[ProfileRow]]:
    """Put versions together under their names, the newest first."""
    found: dict[str, list[ProfileRow]] = {}
    for row in rows:
        found.setdefault(row.name, []).append(row)
    return found


def shown_of(versions: Sequence[ProfileRow]) -> ProfileRow:
    """Return the version that speaks for a name: the one in use, else the newest."""
    return next((row for row in versions if row.is_active), versions[0])


def go_to(name: str = "", version: int | None = None) -> None:
    """Make a profile, one version of it, or (without a name) the list what the address shows."""
    wanted = {"profile": name} if name else {}
    st.query_params.from_dict(wanted if version is None else {**wanted, "version": str(version)})


def draw(rows: Sequence[ProfileRow]) -> None:
    """Draw one box a name."""
    for name, versions in by_name(rows).items():
        row = shown_of(versions)
        profile, _ = read_profile(row.body)
        with st.container(border=True, gap="xsmall"):
            with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
                title = profile.title if profile else name
                st.markdown(f"**{plain(title)}** {portal_names.badge(row)}")
                st.button(
                    "Open", key=f"open_profile {name}", on_click=go_to, args=(name,), help=f"All about {plain(name)}"
                )
            newer = [one for one in versions if one.version > row.version]
            more = f" · version {newer[0].version} is a draft" if newer else ""
            st.markdown(
                f"{code(name)} version {row.version}{more} · {plain(delivery_names.way(row.executor))} ·"
                f" {plain(portal_names.may_machine(profile))}"
            )
            hosts = ", ".join(row.hosts) or "no hosts"
            took = portal_names.measured(row)
            st.caption(f"{plain(hosts)} · {took}{' at the slowest' if row.measured_seconds is not None else ''}")
