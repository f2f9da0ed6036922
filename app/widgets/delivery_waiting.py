"""A delivery that waits for a person: handed over, in doubt, or with a receipt to confirm; everything for one decision."""

import streamlit as st

from app.widgets import (
    delivery_bring,
    delivery_confirm,
    delivery_decide,
    delivery_evidence,
    delivery_hand_over,
    delivery_names,
    delivery_progress,
)
from app.widgets.text import plain
from pipelines.submission.delivery_sheet import DeliverySheet, RunLook
from warehouse.domain.access import Action, Person, who_may


def draw(look: RunLook, sheet: DeliverySheet, person: Person, *, place: str) -> None:
    """Draw it whole.

    Args:
        place: Where what came of a deed is told.
    """
    run, is_hand_over = look.delivery, look.delivery.executor == delivery_names.HAND_OVER
    delivery_progress.draw_head(run)
    if look.to_confirm is not None:
        delivery_confirm.draw(sheet, look.to_confirm, person, place=place)
    elif is_hand_over:
        delivery_hand_over.draw(sheet, place=place)
        _draw_deeds(look, sheet, place=place, is_hand_over=True)
    else:
        _draw_doubt(look, sheet, person, place=place)
    if is_hand_over or look.to_confirm is not None:
        with st.expander("What was done"):
            delivery_progress.draw_steps(look.steps)


def _draw_doubt(look: RunLook, sheet: DeliverySheet, person: Person, *, place: str) -> None:
    st.warning(
        f"**Nobody but a person can say what became of it.** {plain(look.delivery.needs_person)}  \n"
        "Nothing is sent again until somebody has decided."
    )
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.markdown(f"**What was seen** · {len(look.evidence)}")
        if not look.evidence:
            st.caption("Nothing could be kept: the other side gave no answer.")
        delivery_evidence.draw(look.evidence, person, place=f"{place} {look.delivery.number}")
    with right:
        st.markdown(f"**What was done and looked for** · `{look.delivery.reference}`")
        delivery_progress.draw_steps(look.steps)
        if look.delivery.message:
            st.markdown(f":gray[The other side’s words]  \n{delivery_names.quoted(look.delivery.message)}")
        _draw_deeds(look, sheet, place=place, is_hand_over=False)


def _draw_deeds(look: RunLook, sheet: DeliverySheet, *, place: str, is_hand_over: bool) -> None:
    if not (sheet.may_decide or sheet.may_capture):
        st.info(f"Decided by {who_may(Action.DECIDE_DELIVERY)} who works on this offer.")
        return
    with st.container(border=True):
        if sheet.may_capture:
            delivery_bring.draw(look, sheet.submission, place=place)
        if sheet.may_decide:
            st.caption("Or, if there is none:")
            delivery_decide.draw(look, place=place, is_hand_over=is_hand_over)
