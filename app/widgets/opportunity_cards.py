"""Opportunities as cards: the same facts for a narrow screen, reasons on hover, the title leads to the page."""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from app.widgets import deadline, money, names, score
from app.widgets.filters import is_phone
from app.widgets.text import plain
from warehouse.ledger.opportunities import OpportunityRow

LINE = 44
"""Characters of a title that fit beside the rest in half a page."""


def draw(rows: Sequence[OpportunityRow], at: datetime) -> None:
    """Draw one card a row."""
    for row in rows:
        with st.container(border=True, gap="xsmall"):
            _draw_card(row, at)


def draw_short(rows: Sequence[OpportunityRow], at: datetime) -> None:
    """Draw one line a row, for lists on the dashboard: fit, title, what is left."""
    for row in rows:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            with st.container(width=88):
                score.badge(row.fit_score, row.recommendation, row.fit_reasons)
            instant = row.safe_deadline_at if row.safe_deadline_at and row.safe_deadline_at >= at else row.due_date
            left = (
                deadline.coloured(deadline.left(instant, at), deadline.urgency(instant, at))
                if instant
                else "no deadline"
            )
            st.markdown(left, width=96)
            title = row.title if len(row.title) <= LINE else row.title[: LINE - 1].rstrip() + "…"
            st.page_link(
                "pages/opportunity.py",
                label=plain(title),
                query_params={"id": row.id},
                help=plain(row.title),
                width="stretch" if is_phone() else "content",  # on a telephone always a line of its own
            )


def _draw_card(row: OpportunityRow, at: datetime) -> None:
    st.markdown(f"**{plain(row.title)}**")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.page_link("pages/opportunity.py", label="Open", query_params={"id": row.id})
        score.badge(row.fit_score, row.recommendation, row.fit_reasons)
        st.markdown(names.status(row.status))
    deadline.draw(
        deadline.describe(
            row.due_date, row.due_offset_minutes, row.due_precision, row.safe_deadline_at, at=at, raw=row.due_raw,
            state=row.place_state,
        )
    )  # fmt: skip
    facts = (
        row.kind.capitalize(),
        names.office(row.agency),
        names.set_aside(row.set_aside_code, row.set_aside_text),
        row.naics_code,
        money.short(row.value_usd),
        row.notice_type,
        names.source(row.source),
    )
    # A grant's type is its kind again.
    st.caption(" · ".join(plain(fact) for fact in dict.fromkeys(facts) if fact))
