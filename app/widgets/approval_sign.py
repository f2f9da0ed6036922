"""Signing and rejecting: the password is proven in place, then the person signs the bytes that this page shows, or says why not."""

from collections.abc import Callable

import streamlit as st

from app import session
from app.widgets import state, told
from app.widgets.text import plain
from pipelines.administration.reauthentication import is_recent, reauthenticate
from pipelines.submission import approvals
from pipelines.submission.approval_queue import Sheet
from pipelines.submission.approvals import LONGEST_REASON, Signed
from warehouse import clock
from warehouse.domain.access import Person
from warehouse.domain.submission import ApprovalStatus, SubmissionStatus
from warehouse.errors import BadInput, ProcuraError, WrongState
from warehouse.ledger.store import open_ledger
from warehouse.settings import current

PLACE = "approval"
REACHED = {
    ApprovalStatus.PENDING: "You have signed. The next step is told.",
    ApprovalStatus.LEGAL_APPROVED: "You have signed. The next step is told.",
    ApprovalStatus.FINANCE_APPROVED: "You have signed, and all signatures are there. The package is being frozen.",
    ApprovalStatus.COMPLETE: "You have signed, and all signatures are there. The package is frozen: the offer is approved.",
}


def draw(sheet: Sheet, person: Person) -> None:
    """Draw what the person can do about this package now."""
    if sheet.submission.status is not SubmissionStatus.PENDING_APPROVAL or sheet.manifest is None:
        return
    _check_is_as_seen(sheet)
    if sheet.why_not:
        st.info(f"Not yours to sign. {plain(sheet.why_not)}")
    elif not is_recent(open_ledger(), at=clock.now(), by=person):
        _draw_proof(sheet, person)
    else:
        _draw_signature(sheet)


def _check_is_as_seen(sheet: Sheet) -> None:
    """Say when the package was replaced while the person proved the password."""
    seen = st.query_params.pop("seen", "")
    if seen and sheet.manifest is not None and seen != sheet.manifest.hash:
        st.warning(
            "The package was replaced while you were away: this is another one. Look at it again before you sign."
        )


def _draw_proof(sheet: Sheet, person: Person) -> None:
    step, manifest = sheet.step, sheet.manifest
    if step is None or manifest is None:
        return
    with st.container(border=True):
        st.markdown(f"**{plain(step.name)}: your signature is asked for.**")
        with st.form("proof", border=False, clear_on_submit=True):
            password = st.text_input("Your password", type="password", autocomplete="current-password")
            st.caption("A signature binds the firm: prove that it is you. It opens signing for ten minutes.")
            is_sent = st.form_submit_button("Confirm password", type="primary")
    if not is_sent:
        return
    try:
        continuation = reauthenticate(open_ledger(), password, at=clock.now(), by=person)
    except (BadInput, WrongState) as error:
        state.told(error)
        return
    session.go_on(continuation, f"/approval?offer={sheet.submission.id}&seen={manifest.hash}")


def _draw_signature(sheet: Sheet) -> None:
    step, manifest, offer = sheet.step, sheet.manifest, sheet.submission
    if step is None or manifest is None:
        return
    with st.container(border=True):
        st.markdown(
            f"**{plain(step.name)}: your signature is asked for.**  \n"
            f"You sign package {manifest.number} for {step.department.value}: its {len(manifest.body['files'])} files,"
            f" fields and value, SHA-256 `{manifest.hash[:16]}…`. All files are read again before."
        )
        with st.container(horizontal=True):
            st.button(
                f"Sign for {step.department.value}",
                type="primary",
                key="sign",
                on_click=_sign,
                args=(offer.id, manifest.hash),
            )
            with st.popover("Reject …", key="reject_open"), st.form("reject", border=False):
                st.markdown("All signatures under this package are then void, and its owner takes the offer up again.")
                st.text_area(
                    "Why", key="reject_reason", max_chars=LONGEST_REASON, placeholder="What must change before you sign"
                )
                st.form_submit_button("Reject this package", on_click=_reject, args=(offer.id, manifest.hash))


def _sign(submission_id: str, wanted_hash: str) -> None:
    def deed(by: Person) -> str:
        done = approvals.sign(open_ledger(), submission_id, wanted_hash, settings=current(), at=clock.now(), by=by)
        return _words(done)

    _do(deed)


def _reject(submission_id: str, wanted_hash: str) -> None:
    def deed(by: Person) -> str:
        approvals.reject(open_ledger(), submission_id, wanted_hash, st.session_state.get("reject_reason", ""), by=by)
        return "You have rejected this package. Its owner and all who signed it are told."

    _do(deed)


def _words(done: Signed) -> str:
    said = REACHED.get(done.reached, "You have signed.")
    return f"{said} {plain(done.still_to_do)}" if done.still_to_do else said


def _do(deed: Callable[[Person], str]) -> None:
    try:
        told.leave(PLACE, deed(session.person()))
    except ProcuraError as error:
        told.leave(PLACE, error)
