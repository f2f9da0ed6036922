"""Portal profiles: may and can we deliver there? The ground on which a machine works, check, rehearsal, history.

Not here: the format of a profile (docs/portal-profiles.md), one profile whole (app/widgets/portal_look.py).
"""

import streamlit as st

from app import session
from app.page import PageInfo, Section
from app.widgets import portal_list, portal_look, portal_upload, state
from pipelines.submission.portals.profiles import list_profiles
from warehouse.domain import access
from warehouse.domain.access import Action
from warehouse.ledger.store import open_ledger

PAGE = PageInfo(
    "Portal profiles",
    Section.RUN,
    5,
    "Whether we may and can deliver at each portal, and how.",
    needs=Action.READ_PORTALS,
)


def render() -> None:
    """Draw the list, or the profile that the address names."""
    person = session.person()
    rows = list_profiles(open_ledger(), by=person)
    wanted = st.query_params.get("profile", "")
    versions = portal_list.by_name(rows).get(wanted, [])
    if versions:
        number = st.query_params.get("version", "")
        row = next((one for one in versions if str(one.version) == number), portal_list.shown_of(versions))
        portal_look.draw(versions, row, person)
        return
    st.title("Portal profiles")
    if wanted:
        st.warning("There is no profile of this name. These are all that there are.")
    if access.may(person, Action.EDIT_PORTALS):
        portal_upload.draw()
    if not rows:
        state.empty(
            "No portal profiles yet.",
            "A profile tells how offers are delivered at one portal or office, and who permits that a machine does it. Offers that a"
            " person uploads need none.",
        )
        return
    portal_list.draw(rows)


if __name__ == "__main__":
    render()
