"""Offers as a board, one column a state: what is due first stands first, with how long it has been there and who holds it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import streamlit as st

from app.widgets import deadline, delivery_names, money, submission_names
from app.widgets.text import plain
from warehouse.domain.submission import SubmissionStatus
from warehouse.ledger.deliveries import Delivery
from warehouse.ledger.submissions import Submission

COLUMNS = (
    SubmissionStatus.DRAFT,
    SubmissionStatus.PENDING_APPROVAL,
    SubmissionStatus.APPROVED,
    SubmissionStatus.REJECTED,
    SubmissionStatus.SUBMITTED,
)
MOST = 40
"""Cards a column: beyond it, a table reads better."""
LONGEST_TITLE = 70


def draw(offers: Sequence[Submission], runs: Mapping[str, Delivery], at: datetime) -> None:
    """Draw the board.

    Args:
        runs: The newest delivery of each offer that has one.
    """
    for column, status in zip(st.columns(len(COLUMNS), gap="small"), COLUMNS, strict=True):
        found = [offer for offer in offers if offer.status is status]
        with column:
            st.markdown(f"{submission_names.status(status)} **{len(found)}**")
            for offer in found[:MOST]:
                with st.container(border=True, gap="xsmall"):
                    _draw_card(offer, runs.get(offer.id), at)
            if len(found) > MOST:
                st.caption(f"{len(found) - MOST} more: look at the table.")


def _draw_card(offer: Submission, run: Delivery | None, at: datetime) -> None:
    title = offer.title if len(offer.title) <= LONGEST_TITLE else offer.title[: LONGEST_TITLE - 1].rstrip() + "…"
    st.markdown(f"**{plain(title)}**")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.page_link("pages/workspace.py", label="Open", query_params={"id": offer.id}, help=plain(offer.title))
        st.markdown(_left(offer, at))
    if run is not None:
        st.markdown(delivery_words(run))
    facts = (offer.label, offer.solicitation_number, money.short(offer.value_usd))
    st.caption(" · ".join(plain(fact) for fact in facts if fact))
    closed = " · closed" if offer.closed_at else ""
    st.caption(f"{plain(submission_names.short(offer.owner_email))} · {age(offer, at)} here{closed}")


def _left(offer: Submission, at: datetime) -> str:
    """Say what presses: the safe instant while it is ahead, then the deadline; nothing once it was sent or closed."""
    if offer.due_date is None or offer.status is SubmissionStatus.SUBMITTED or offer.closed_at is not None:
        return ""
    is_safe_ahead = offer.safe_deadline_at is not None and offer.safe_deadline_at >= at
    pressing = offer.safe_deadline_at if is_safe_ahead and offer.safe_deadline_at else offer.due_date
    words = f"{'send' if is_safe_ahead else 'due'} {deadline.left(pressing, at)}"
    return deadline.coloured(words, deadline.urgency(pressing, at))


def age(offer: Submission, at: datetime) -> str:
    """Write how long an offer has been in its state: "3 d", "5 h"."""
    hours = int(max((at - offer.state_changed_at).total_seconds(), 0) // 3600)
    return f"{hours // 24} d" if hours >= 48 else f"{hours} h"


def delivery_words(run: Delivery) -> str:
    """Say in Markdown how far a delivery is, with the receipt's number once there is one."""
    return f"{delivery_names.badge(run)} {plain(run.receipt_id or '')}".rstrip()
