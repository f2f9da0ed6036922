"""Workspace: is this offer complete? Its head, what changed under it, and its parts on one screen.

What others do is there within a second: a small part of the page watches, and the page is drawn anew when something happened.
Not here: what a part shows (app/widgets/workspace_*.py).
"""

import importlib
import logging
import uuid
from collections.abc import Callable

import streamlit as st

from app import session
from app.page import PageInfo, Section
from app.widgets import state, submission_head, submission_watch, workspace_changes
from app.widgets.filters import is_phone
from pipelines.submission.look_up import find_submission
from warehouse.domain.access import Action, Person
from warehouse.errors import NotFound, NotSignedIn, ProcuraError
from warehouse.ledger.store import open_ledger
from warehouse.ledger.submissions import Submission

PAGE = PageInfo(
    "Workspace", Section.BID, 1, "One offer whole: is it complete?", needs=Action.READ_SUBMISSIONS, is_listed=False
)
PARTS = {
    "checklist": "Checklist",
    "files": "Files",
    "package": "Package",
    "approvals": "Approvals",
    "delivery": "Deliver",
    "notes": "Notes",
    "changes": "Changes",
    "activity": "Activity",
}
BESIDE = ("checklist", "files")
"""On a wide screen these two stand beside each other, always; the others are chosen below."""
LOG = logging.getLogger("procura.app")
Part = Callable[[Submission, Person], None]


def render() -> None:
    """Draw the offer that the address names."""
    person = session.person()
    wanted = st.query_params.get("id", "")
    try:
        found = find_submission(open_ledger(), wanted, by=person)
    except NotFound:
        session.end_refresh()  # who was watching it may not see it any more
        st.title("Workspace")
        why = "The link names none, or it is not yours to see: its owner can share it."
        state.empty("There is no such offer here.", why, page="submissions", label="All offers")
        return
    with submission_watch.drawing(found, person):
        with st.container():  # one block, whatever comes and goes in it: what is open in the parts stays open
            submission_head.draw(found, person)
        workspace_changes.draw_banner(found, person)
        _draw_parts(found, person)


def _draw_parts(found: Submission, person: Person) -> None:
    if is_phone():
        _part(found, person, _chosen(tuple(PARTS)))
        return
    left, right = st.columns([3, 2], gap="large")
    for column, name in ((left, BESIDE[0]), (right, BESIDE[1])):
        with column:
            _part(found, person, name)
    st.space("small")
    _part(found, person, _chosen(tuple(name for name in PARTS if name not in BESIDE)))


def _chosen(names: tuple[str, ...]) -> str:
    if st.session_state.get("part") not in names:
        st.session_state["part"] = st.query_params.get("part") if st.query_params.get("part") in names else names[0]
    st.segmented_control(
        "Part", names, key="part", format_func=PARTS.__getitem__, required=True, label_visibility="collapsed",
        on_change=_remember_part,
    )  # fmt: skip
    return str(st.session_state["part"])


def _remember_part() -> None:
    st.query_params["part"] = st.session_state["part"]


@st.fragment
def _part(found: Submission, person: Person, name: str) -> None:
    try:
        if session.is_part_alone():  # what it shows and who looks are then of an earlier run
            person = session.person(acts=True)
            found = find_submission(open_ledger(), found.id, by=person)
        draw: Part = importlib.import_module(f"app.widgets.workspace_{name}").draw
        draw(found, person)
    except NotSignedIn:
        state.signed_out()
    except ProcuraError as error:
        state.told(error)
    except Exception as error:  # the outermost edge of a part: recorded, and the other parts stay
        reference = uuid.uuid4().hex[:8]
        LOG.error("part %s failed, reference %s", name, reference, exc_info=error)
        state.failed(error, reference)


if __name__ == "__main__":
    render()
