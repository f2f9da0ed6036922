"""The workspace's part about signatures: how far they are, who could sign next, sending it, taking it back."""

import streamlit as st

from app import session
from app.widgets import approval_chain, told
from app.widgets.text import plain
from pipelines.submission import approvals
from pipelines.submission.approval_queue import Sheet, gates_now, look_at_sheet
from pipelines.submission.approvals import LONGEST_REASON
from pipelines.submission.look_up import may_on
from warehouse import clock
from warehouse.domain.access import Action, Person
from warehouse.domain.submission import SubmissionStatus
from warehouse.errors import ProcuraError
from warehouse.ledger.store import open_ledger
from warehouse.ledger.submissions import Submission

PLACE = "workspace_approvals"
BACK = {
    SubmissionStatus.PENDING_APPROVAL: (
        "Take it back …",
        "All signatures under it are void; the offer is rejected, and you take it up again.",
        "Take it back",
    ),
    SubmissionStatus.APPROVED: (
        "Open it to change …",
        "All signatures under it are void; the offer is a draft again and is signed anew.",
        "Make it a draft",
    ),
}


def draw(submission: Submission, person: Person) -> None:
    """Draw the part."""
    told.tell(PLACE)
    sheet = look_at_sheet(open_ledger(), submission.id, by=person)
    if sheet.manifest is None:
        st.subheader("Signatures", anchor=False)
        st.caption("Nothing was sent to approval yet. Legal and finance sign the package once every gate says yes.")
    else:
        approval_chain.draw(sheet, is_short=True)
        st.page_link("pages/approval.py", label="Exactly what is signed →", query_params={"offer": submission.id})
    if submission.closed_at is None:
        _draw_deeds(sheet, person)


def _draw_deeds(sheet: Sheet, person: Person) -> None:
    offer = sheet.submission
    if offer.status is SubmissionStatus.DRAFT and may_on(offer, person, Action.SEND_TO_APPROVAL):
        _draw_sending(offer, person)
    if not may_on(offer, person, Action.TAKE_BACK_PACKAGE):
        return
    if offer.status is SubmissionStatus.REJECTED:
        st.button("Take it up again", key="take_up", type="primary", on_click=_take_back, args=(offer.id, offer.version),
                  help="The offer is a draft again; what was rejected stays to be compared.")  # fmt: skip
    elif words := BACK.get(offer.status):
        label, effect, button = words
        with st.popover(label, key="take_back_open"), st.form("take_back", border=False):
            st.markdown(effect)
            st.text_input("Why", key="take_back_reason", max_chars=LONGEST_REASON)
            st.form_submit_button(button, on_click=_take_back, args=(offer.id, offer.version))


def _draw_sending(offer: Submission, person: Person) -> None:
    closed = [gate for gate in gates_now(open_ledger(), offer, at=clock.now(), by=person) if not gate.passed]
    st.button(
        "Send to approval",
        key="send",
        type="primary",
        disabled=bool(closed),
        on_click=_send,
        args=(offer.id, offer.version),
        help="What the package holds now is what they sign; nothing of it changes until they have.",
    )
    if closed:
        said = f"{len(closed)} gates still say no" if len(closed) > 1 else "One gate still says no"
        st.caption(f"{said}: {plain(closed[0].reason)}")


def _send(submission_id: str, version: int) -> None:
    try:
        sent = approvals.send_to_approval(
            open_ledger(), submission_id, version=version, at=clock.now(), by=session.person(acts=True)
        )
    except ProcuraError as error:
        told.leave(PLACE, error)
    else:
        told.leave(PLACE, f"Package {sent.number} is on its way. The first department is told.")


def _take_back(submission_id: str, version: int) -> None:
    reason = str(st.session_state.get("take_back_reason", ""))
    try:
        reached = approvals.take_back(
            open_ledger(), submission_id, reason, version=version, by=session.person(acts=True)
        )
    except ProcuraError as error:
        told.leave(PLACE, error)
    else:
        is_draft = reached is SubmissionStatus.DRAFT
        told.leave(PLACE, "It is a draft again." if is_draft else "It is back. Take it up again to change it.")
