"""What a person decides about a delivery that may have arrived: it did not, or look once more. The third is to bring a receipt."""

import streamlit as st

from app import session
from app.widgets import told
from app.widgets.text import plain
from pipelines.submission.deliver import LONGEST_REASON, Decision, decide_delivery
from pipelines.submission.delivery_sheet import RunLook
from warehouse import clock
from warehouse.ledger.deliveries import Delivery
from warehouse.ledger.store import open_ledger

DONE = {
    Decision.NOT_DELIVERED: "Written down: it did not arrive. It can be delivered again from the workspace.",
    Decision.LOOK_AGAIN: "Procura looks for it once more.",
}


def draw(look: RunLook, *, place: str, is_hand_over: bool) -> None:
    """Draw the decisions that need no document.

    Args:
        place: Where what came of it is told.
        is_hand_over: Whether a person was to upload it: then there is nothing for the product to look for.
    """
    run = look.delivery
    with st.container(horizontal=True):
        with st.popover("It did not arrive …", key=f"not_delivered {place} {run.id}"):
            _draw_not_delivered(run, place, is_hand_over=is_hand_over)
        if not is_hand_over:
            with st.popover("Look again …", key=f"look_again {place} {run.id}"):
                st.markdown(
                    f"Procura looks for `{run.reference}` at the office once more, changes nothing there, and says what it found."
                )
                _draw_form(run, Decision.LOOK_AGAIN, place, "Why, in a few words", "Look again")


def _draw_not_delivered(run: Delivery, place: str, *, is_hand_over: bool) -> None:
    effect = "The delivery ends as not delivered, and the offer can be delivered again."
    if is_hand_over:
        st.markdown(f"Nothing was uploaded, or the upload was not finished. {effect}")
    else:
        st.markdown(
            f"You looked at the office’s side and `{run.reference}` is **not** there. {effect}"
            " If it did arrive after all, the office then has it twice."
        )
    _draw_form(run, Decision.NOT_DELIVERED, place, "How do you know?", "It did not arrive")


def _draw_form(run: Delivery, decision: Decision, place: str, label: str, button: str) -> None:
    key = f"why {decision.value} {place} {run.id}"
    with st.form(f"form {key}", border=False):
        st.text_area(
            label, key=key, max_chars=LONGEST_REASON, height=80, help="It is kept in the audit log with your name."
        )
        st.form_submit_button(button, type="primary", on_click=_decide, args=(run.id, decision, key, place))


def _decide(run_id: str, decision: Decision, key: str, place: str) -> None:
    reason = str(st.session_state.get(key) or "")
    told.attempt(
        place,
        lambda: decide_delivery(open_ledger(), run_id, decision, reason, at=clock.now(), by=session.person(acts=True)),
        plain(DONE[decision]),
    )
