"""The runs of an offer that have ended, the newest first: what each came to, its steps, what it saw, receipts put aside."""

from collections.abc import Sequence

import streamlit as st

from app.widgets import deadline, delivery_evidence, delivery_names, delivery_progress, delivery_standing
from app.widgets.text import plain
from pipelines.submission.delivery_sheet import RunLook
from warehouse.domain.access import Person
from warehouse.ledger.receipts import Receipt


def draw(runs: Sequence[RunLook], person: Person) -> None:
    """Draw them, each closed but the newest."""
    if not runs:
        return
    st.subheader("Runs so far", anchor=False)
    for index, look in enumerate(runs):
        run = look.delivery
        began = deadline.moment(run.created_at, deadline.reader_zone())
        words, _ = delivery_names.standing(run)
        with st.expander(f"{delivery_names.title(run)} · {words} · {began}", expanded=index == 0):
            draw_run(look, person)


def draw_run(look: RunLook, person: Person) -> None:
    """Draw one run whole."""
    delivery_progress.draw_head(look.delivery)
    if look.delivery.message:
        st.markdown(f":gray[Came to]  \n{plain(look.delivery.message)}")
    delivery_standing.draw(look.statuses)
    delivery_progress.draw_steps(look.steps)
    if look.evidence:
        st.markdown(f"**What was kept** · {len(look.evidence)}")
        delivery_evidence.draw(look.evidence, person, place=f"run {look.delivery.number}")
    for receipt in look.receipts:
        if receipt.discarded_at is not None:
            _draw_aside(receipt)


def _draw_aside(receipt: Receipt) -> None:
    when = deadline.moment(receipt.discarded_at, deadline.reader_zone()) if receipt.discarded_at else ""
    st.caption(
        f"Receipt {plain(receipt.number)}, brought by {plain(receipt.captured_by)}, was put aside by"
        f" {plain(receipt.discarded_by)}, {when}: {plain(receipt.discard_reason)}"
    )
