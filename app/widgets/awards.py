"""Tables of awards: who holds them, until when, for how much; each row leads to the award at usaspending.gov."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from app.widgets import money, names


def draw(rows: Sequence[dict[str, Any]], *, alt: str, key: str) -> None:
    """Draw a table of awards; obligated is what was promised so far, a ceiling stands only where the source states one."""
    shown = [
        {
            "Award": row["url"],
            "Ends": row["ends_on"],
            "Holder": names.office(row["recipient_name"]) or "not stated",
            "Obligated": _dollars(row["obligated_usd"]),
            "Ceiling": _dollars(row["ceiling_usd"]),
            "Agency": " › ".join(
                dict.fromkeys(names.office(part) for part in (row["agency"], row["sub_agency"]) if part)
            ),
            "Work": names.office(row["description"]),
            "NAICS": row["naics_code"] or "",
            "Began": row["starts_on"],
        }
        for row in rows
    ]
    if not any(row["ceiling_usd"] is not None for row in rows):
        for line in shown:
            del line["Ceiling"]
    column = st.column_config
    st.dataframe(
        shown,
        key=key,
        hide_index=True,
        placeholder="",
        height="content" if len(shown) <= 10 else 390,
        column_config={
            # The number stands in the link's own address, between the kind of award and the agency's code.
            "Award": column.LinkColumn(width=150, display_text=r"CONT_AWD_([^_]+)_", help="Opens usaspending.gov."),
            "Ends": column.DateColumn(width=95, format="DD MMM YYYY"),
            "Began": column.DateColumn(width=95, format="DD MMM YYYY"),
            "Holder": column.TextColumn(width=190),
            "Agency": column.TextColumn(width=210),
            "Work": column.TextColumn(width=230),
            "NAICS": column.TextColumn(width=70),
            "Obligated": dollars("Promised so far, all actions added up; no price."),
            "Ceiling": dollars("With all options, as the source states it."),
        },
        alt=alt,
    )


def dollars(help_text: str) -> Any:
    """Make the column of an amount: thousands separated, whole dollars."""
    return st.column_config.NumberColumn(width=105, format="$%,.0f", help=help_text)


def _dollars(amount: Any) -> float | None:
    return None if amount is None else float(amount)


def short(amount: Any) -> str:
    """Write an amount for a place that reads Markdown, where a dollar sign would begin a formula."""
    return money.short(amount).replace("$", "\\$") or "not stated"
