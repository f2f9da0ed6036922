"""What is done to an offer as a whole: name, value, sharing, handing over, closing. One popover a deed, for who may.

Not here: sending it to approval and taking it back (workspace_approvals.py).
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation

import streamlit as st

from app import session
from app.widgets import told
from app.widgets.text import plain
from pipelines.submission import sharing, workspace
from pipelines.submission.look_up import may_on, stands
from warehouse import clock
from warehouse.domain.access import Action, Person, State
from warehouse.domain.submission import SubmissionStatus
from warehouse.errors import BadInput
from warehouse.ledger.store import Ledger, open_ledger
from warehouse.ledger.submission_people import emails_of
from warehouse.ledger.submissions import Submission

PLACE = "offer"
CLOSABLE = (SubmissionStatus.DRAFT, SubmissionStatus.REJECTED, SubmissionStatus.SUBMITTED)


def draw(found: Submission, person: Person) -> None:
    """Draw the buttons."""
    if found.closed_at is not None:
        return
    if may_on(found, person, Action.EDIT_SUBMISSION):
        _draw_edit(found)
    if may_on(found, person, Action.SHARE_SUBMISSION):
        _draw_sharing(found, person)
    elif stands(found, person) is State.SHARED:
        _draw_leaving(found, person)
    if may_on(found, person, Action.CLOSE_SUBMISSION) and found.status in CLOSABLE:
        _draw_closing(found)


def emails(found: Submission, person: Person) -> dict[str, str]:
    """Return the addresses of who works on an offer, by id."""
    with open_ledger().read(person) as tx:
        return {found.owner_id: found.owner_email, **emails_of(tx, found.members)}


def _draw_edit(found: Submission) -> None:
    # What a button does is bound to what was drawn: a version that is older by then is refused, never overwritten.
    with st.popover("Name and value", key="edit_offer"):
        with st.form("offer_name", border=False):
            key = f"name {found.label}"
            st.text_input("Name", found.label, max_chars=workspace.LONGEST_LABEL, key=key)
            st.form_submit_button("Rename", on_click=_rename, args=(found.id, key, found.version))
        is_draft = found.status is SubmissionStatus.DRAFT
        with st.form("offer_value", border=False):
            key = f"value {found.value_usd}"
            st.text_input(
                "Value in dollars", "" if found.value_usd is None else f"{found.value_usd:,.2f}",
                key=key, disabled=not is_draft, placeholder="not known yet",
                help="Some approvals need a further signature above a value.",
            )  # fmt: skip
            st.form_submit_button(
                "Save value", disabled=not is_draft, on_click=_set_value, args=(found.id, key, found.version)
            )


def _rename(submission_id: str, key: str, version: int) -> None:
    label = str(st.session_state[key])
    attempt(lambda ledger, by, _: workspace.rename(ledger, submission_id, label, version=version, by=by))


def _set_value(submission_id: str, key: str, version: int) -> None:
    text = str(st.session_state[key])
    attempt(lambda ledger, by, _: workspace.set_value(ledger, submission_id, _dollars(text), version=version, by=by))


def _dollars(text: str) -> Decimal | None:
    tidy = text.replace("$", "").replace(",", "").strip()
    try:
        return Decimal(tidy) if tidy else None
    except InvalidOperation as error:
        raise BadInput(
            f"{text!r} is no amount.", kept="the value as it was.", todo="write dollars, like 1,250,000."
        ) from error


def _draw_sharing(found: Submission, person: Person) -> None:
    with st.popover("People", key="people_of_offer", on_change="rerun") as people:
        if not people.open:
            return  # who could share it is read for who looks
        officers = {officer.id: officer for officer in sharing.list_officers(open_ledger(), by=person)}
        known = emails(found, person)
        for member in found.members:
            with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
                st.markdown(plain(known.get(member, "an account that is gone")))
                st.button("End sharing", key=f"end {member}", on_click=_end_sharing, args=(found.id, member))
        others = [i for i in officers if i != found.owner_id]
        chosen = st.selectbox(
            "Contract officer", others, index=None, key="chosen_officer", format_func=lambda i: officers[i].email,
            placeholder="Choose a colleague",
        )  # fmt: skip
        st.caption("Who shares an offer works on it, and may then not sign it. Handing over makes them its owner.")
        with st.container(horizontal=True):
            is_shared = chosen in found.members
            st.button("Share", disabled=chosen is None or is_shared, on_click=_share, args=(found.id, chosen))
            st.button("Hand over", disabled=chosen is None, on_click=_hand_over, args=(found.id, chosen))


def _draw_leaving(found: Submission, person: Person) -> None:
    with st.popover("Leave", key="leave_offer"):
        st.markdown("You no longer work on this offer; its owner can share it with you again.")
        st.button("Leave this offer", on_click=_end_sharing, args=(found.id, person.id))


def _draw_closing(found: Submission) -> None:
    with st.popover("Close", key="close_offer"), st.form("offer_close", border=False):
        st.markdown("Closed, it can be read and never changed again; the years for which it is kept begin to count.")
        st.text_input("Why", key="close_reason", max_chars=workspace.LONGEST_REASON)
        st.form_submit_button("Close this workspace", on_click=_close, args=(found.id, found.version))


def _close(submission_id: str, version: int) -> None:
    reason = str(st.session_state["close_reason"])
    attempt(lambda ledger, by, at: workspace.close(ledger, submission_id, reason, version=version, at=at, by=by))


def _share(submission_id: str, person_id: str) -> None:
    attempt(lambda ledger, by, at: sharing.share(ledger, submission_id, person_id, at=at, by=by))


def _end_sharing(submission_id: str, person_id: str) -> None:
    attempt(lambda ledger, by, _: sharing.end_sharing(ledger, submission_id, person_id, by=by))


def _hand_over(submission_id: str, person_id: str) -> None:
    attempt(lambda ledger, by, at: sharing.hand_over(ledger, submission_id, person_id, at=at, by=by))


def attempt(deed: Callable[[Ledger, Person, datetime], object]) -> bool:
    """Carry out one deed in the name of who is signed in; what refuses it is told where the head is drawn."""
    return told.attempt(PLACE, lambda: deed(open_ledger(), session.person(acts=True), clock.now()))
