"""The head of a workspace: what it is, where it stands, when it is due, who works on it, which gates still say no."""

from datetime import datetime

import streamlit as st

from app.widgets import deadline, money, names, submission_actions, submission_names, told
from app.widgets.text import plain
from pipelines.submission.package import gates_of
from warehouse import clock
from warehouse.domain.access import Person
from warehouse.domain.package import Gate
from warehouse.domain.submission import SubmissionStatus
from warehouse.ledger.store import open_ledger
from warehouse.ledger.submissions import Submission

MOST_MEMBERS = 5


def draw(found: Submission, person: Person) -> None:
    """Draw the head; its buttons are those that the person may use."""
    at = clock.now()
    with st.container(horizontal=True, gap="medium"):
        st.page_link("pages/submissions.py", label="← All offers")
        st.page_link("pages/opportunity.py", label="The notice →", query_params={"id": found.opportunity_id})
    st.header(plain(found.title), anchor=False)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(submission_names.status(found.status, is_closed=found.closed_at is not None))
        if signatures := submission_names.approval(found.status, found.approval_status):
            st.markdown(signatures)
        facts = (
            found.label,
            found.solicitation_number or "no number",
            names.office(found.agency),
            money.short(found.value_usd),
        )
        st.markdown(" · ".join(plain(fact) for fact in facts if fact))
        if found.is_demo:
            st.badge("demo", color="orange")
    with st.container():  # a warning comes with time: what is open below stays open
        _draw_time(found, at)
    people = _people(found, person)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(people)
        _draw_gates(found, person, at)
        submission_actions.draw(found, person)
    if found.closed_at is not None:
        when = deadline.moment(found.closed_at, deadline.reader_zone())
        st.info(f"Closed {when}: {plain(found.close_reason or '')}  \nIt can be read; nothing of it changes any more.")
    told.tell(submission_actions.PLACE)


def _draw_time(found: Submission, at: datetime) -> None:
    words = deadline.describe(
        found.due_date, found.due_offset_minutes, found.due_precision, found.safe_deadline_at, at=at,
        here=deadline.reader_zone(), state=found.place_state,
    )  # fmt: skip
    deadline.draw(words)
    if (
        found.safe_deadline_at is not None
        and found.due_date is not None
        and found.safe_deadline_at < at < found.due_date
    ):
        st.warning(
            f"The safe instant passed {deadline.left(found.safe_deadline_at, at).removeprefix('passed ')}: send it now."
        )


def _people(found: Submission, person: Person) -> str:
    emails = submission_actions.emails(found, person)
    members = [plain(submission_names.short(emails[member])) for member in found.members if member in emails]
    more = f" and {len(members) - MOST_MEMBERS} more" if len(members) > MOST_MEMBERS else ""
    with_whom = f" · with {', '.join(members[:MOST_MEMBERS])}{more}" if members else ""
    return f"Owner **{plain(found.owner_email)}**{with_whom}"


def _draw_gates(found: Submission, person: Person, at: datetime) -> None:
    if found.closed_at is not None or found.status is not SubmissionStatus.DRAFT:
        return
    with open_ledger().read(person) as tx:
        gates = gates_of(tx, found, at=at)
    closed = [gate for gate in gates if not gate.passed]
    if not closed:
        st.badge(f"all {len(gates)} gates say yes", color="green", icon=":material/check:")
        return
    with st.popover(f"{len(closed)} of {len(gates)} gates say no", icon=":material/block:", key="gates"):
        for gate in closed:
            st.markdown(_words(gate))


def _words(gate: Gate) -> str:
    todo = f"  \n:small[{plain(gate.todo)}]" if gate.todo else ""
    return f"**{plain(gate.name)}:** no. {plain(gate.reason)}{todo}"
