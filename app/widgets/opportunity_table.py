"""The dense table of opportunities: fifty rows, the columns a bidder needs, several can be chosen, one can be opened."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import streamlit as st

from app.widgets import deadline, money, names, score
from app.widgets.deadline import Urgency
from warehouse.domain.deadlines import office_zone
from warehouse.ledger.opportunities import OpportunityRow

ROW_HEIGHT = 58
"""Two lines of a title; Streamlit wraps text in rows higher than four lines of its base size (56 pixels)."""
HEIGHT = 700
"""Search, filters, table and page numbers fit one screen; the rows scroll within."""
INK = {Urgency.RED: "#d1432c", Urgency.AMBER: "#c26a0a", Urgency.PASSED: "#8a949e"}
"""Readable on light and on dark ground."""


def draw(rows: Sequence[OpportunityRow], at: datetime, *, can_choose: bool) -> list[int]:
    """Draw the table and return the positions of the chosen rows; "Open" leads to the opportunity's page."""
    levels = [deadline.urgency(row.due_date, at) if row.due_date else Urgency.NONE for row in rows]
    frame = pd.DataFrame([_cells(row, at) for row in rows])
    styled = frame.style.apply(
        lambda _: [f"color: {INK[u]}" if u in INK else "" for u in levels], subset=["left", "due"]
    )
    options: dict[str, Any] = {"on_select": "rerun", "selection_mode": "multi-row"} if can_choose else {}
    answer = st.dataframe(
        styled,
        key="opportunity_table_choice" if can_choose else "opportunity_table",
        hide_index=True,
        row_height=ROW_HEIGHT,
        height=min(HEIGHT, ROW_HEIGHT * len(rows) + 40),
        column_config=_columns(),
        placeholder="",
        alt="Opportunities of this view",
        **options,
    )
    clicked = st.session_state.get("open_row")
    if clicked is not None and clicked["row"] < len(rows):
        st.switch_page("pages/opportunity.py", query_params={"id": rows[clicked["row"]].id})
    chosen = answer["selection"]["rows"] if can_choose else []
    return [index for index in chosen if index < len(rows)]


def _cells(row: OpportunityRow, at: datetime) -> dict[str, object]:
    words = deadline.describe(
        row.due_date, row.due_offset_minutes, row.due_precision, row.safe_deadline_at, at=at, raw=row.due_raw
    )
    offices = [names.office(row.agency), names.office(row.office or row.sub_agency)]
    zone = office_zone(row.due_date, row.due_offset_minutes, row.place_state) if row.due_date else UTC
    due = deadline.sortable(row.due_date, zone) if row.due_date else words.office
    return {
        "open": "Open",
        "fit": row.fit_score,
        "title": row.title,
        "kind": row.kind.capitalize(),
        "agency": " › ".join(dict.fromkeys(part for part in offices if part)),
        "set_aside": "" if row.is_grant else names.set_aside(row.set_aside_code, row.set_aside_text),
        "due": f"{due} ({words.mark})" if words.mark and row.due_date else due,
        "safe": deadline.sortable(row.safe_deadline_at, zone) if row.safe_deadline_at else "",
        "left": round((row.due_date - at).total_seconds() / 86400, 1) if row.due_date else None,
        "status": row.status.value,
        "codes": " · ".join(part for part in (row.naics_code, row.psc_code) if part),
        "why": score.why(row.fit_reasons),
        "type": row.notice_type,
        "value": money.short(row.value_usd),
        "source": names.source(row.source),
    }


def _columns() -> dict[str, Any]:
    column = st.column_config
    return {
        "open": column.ButtonColumn("", width=58, type="tertiary", key="open_row"),
        "fit": column.ProgressColumn(
            "Fit",
            width=78,
            min_value=0,
            max_value=100,
            format="%d",
            help="0 to 100 points of fit to your profile; no probability.",
        ),
        "title": column.TextColumn("Title", width=230),
        "kind": column.TextColumn("Kind", width=66),
        "agency": column.TextColumn("Agency › office", width=155),
        "set_aside": column.TextColumn("Set-aside", width=100),
        "due": column.TextColumn("Due at the office", width=112),
        "safe": column.TextColumn("Send by", width=112, help="17:00 at the office on the federal working day before."),
        "left": column.NumberColumn(
            "Days left", width=64, format="%.1f", help="Until the deadline. Red under 1, amber under 3."
        ),
        "status": column.TextColumn("Status", width=76),
        "codes": column.TextColumn("NAICS · PSC", width=115),
        "why": column.TextColumn("Why", width=300, help="The reasons that count most for the fit."),
        "type": column.TextColumn("Type", width=120),
        "value": column.TextColumn("Value", width=70, help="Where the source states one.", alignment="right"),
        "source": column.TextColumn("Source", width=80),
    }
