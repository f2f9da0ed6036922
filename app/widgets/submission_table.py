"""Offers as a table: one row each, several can be chosen to be handed over."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from app.widgets import deadline, delivery_names, money, names, submission_names
from app.widgets.filters import is_phone
from warehouse.domain.deadlines import office_zone
from warehouse.ledger.deliveries import Delivery
from warehouse.ledger.submissions import Submission

HEIGHT = 640


def draw(
    offers: Sequence[Submission], runs: Mapping[str, Delivery], at: datetime, *, can_choose: bool
) -> list[Submission]:
    """Draw the table and return the chosen offers; "Open" leads to the workspace.

    Args:
        runs: The newest delivery of each offer that has one.
    """
    options: dict[str, Any] = {"on_select": "rerun", "selection_mode": "multi-row"} if can_choose else {}
    answer = st.dataframe(
        [_cells(offer, runs.get(offer.id), at) for offer in offers],
        key="offers_choice" if can_choose else "offers",
        hide_index=True,
        height="content" if len(offers) <= 15 else HEIGHT,
        column_order=("open", "title", "state", "left", "due") if is_phone() else None,
        column_config=_columns(),
        placeholder="",
        alt="Offers of this view",
        **options,
    )
    clicked = st.session_state.get("open_offer")
    if clicked is not None and clicked["row"] < len(offers):
        st.switch_page("pages/workspace.py", query_params={"id": offers[clicked["row"]].id})
    chosen = answer["selection"]["rows"] if can_choose else []
    return [offers[index] for index in chosen if index < len(offers)]


def _cells(offer: Submission, run: Delivery | None, at: datetime) -> dict[str, object]:
    zone = office_zone(offer.due_date, offer.due_offset_minutes, offer.place_state) if offer.due_date else UTC
    words, _ = submission_names.STATUS[offer.status]
    return {
        "open": "Open",
        "title": offer.title,
        "label": offer.label,
        "state": f"{words}, closed" if offer.closed_at else words,
        "owner": offer.owner_email,
        "left": round((offer.due_date - at).total_seconds() / 86400, 1) if offer.due_date else None,
        "safe": deadline.sortable(offer.safe_deadline_at, zone) if offer.safe_deadline_at else "",
        "due": deadline.sortable(offer.due_date, zone) if offer.due_date else "not stated",
        "age": round((at - offer.state_changed_at).total_seconds() / 86400, 1),
        "signed": submission_names.approval(offer.status, offer.approval_status),
        "delivery": delivery_names.standing(run)[0] if run else "",
        "receipt": (run.receipt_id or "") if run else "",
        "value": money.short(offer.value_usd),
        "number": offer.solicitation_number or "",
        "agency": names.office(offer.agency),
    }


def _columns() -> dict[str, Any]:
    column = st.column_config
    return {
        "open": column.ButtonColumn("", width=58, type="tertiary", key="open_offer"),
        "title": column.TextColumn("Title", width=150 if is_phone() else 225),
        "label": column.TextColumn("Offer", width=80),
        "state": column.TextColumn("State", width=135),
        "signed": column.TextColumn("Signatures", width=120),
        "delivery": column.TextColumn("Delivery", width=105),
        "receipt": column.TextColumn("Receipt", width=130, help="The number that the office gave."),
        "age": column.NumberColumn("Days here", width=72, format="%.1f", help="How long it has been in this state."),
        "owner": column.TextColumn("Owner", width=140),
        "due": column.TextColumn("Due at the office", width=178),
        "safe": column.TextColumn("Send by", width=178, help="17:00 at the office on the federal working day before."),
        "left": column.NumberColumn("Days left", width=72, format="%.1f"),
        "value": column.TextColumn("Value", width=70, alignment="right"),
        "number": column.TextColumn("Solicitation", width=130),
        "agency": column.TextColumn("Agency", width=150),
    }
