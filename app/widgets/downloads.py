"""The buttons that take exactly this view away: the file is made when the button is pressed, by whoever is signed in."""

from collections.abc import Callable
from datetime import datetime

import streamlit as st

from app import exports, session
from warehouse import clock
from warehouse.ledger.opportunities import OpportunityRow, Page, list_opportunities
from warehouse.ledger.opportunity_filter import OpportunityFilter
from warehouse.ledger.store import open_ledger

MOST_ROWS = 10_000
Rows = tuple[OpportunityRow, ...]


def draw_exports(wanted: OpportunityFilter, page: Page) -> None:
    """Draw the three buttons for what a filter shows, all pages of it (10,000 rows at most)."""
    at = clock.world_instant()
    stamp = f"{at:%Y-%m-%d}"
    count = f"Up to {MOST_ROWS:,} rows of this view" if page.is_capped else f"The {page.total:,} rows of this view"
    kinds: tuple[tuple[str, str, str, Callable[[Rows], bytes]], ...] = (
        ("CSV", "csv", "text/csv", exports.to_csv),
        ("XLSX", "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", exports.to_xlsx),
        ("Calendar", "ics", "text/calendar", lambda rows: exports.to_calendar(rows, at=clock.now())),
    )
    for label, ending, mime, convert in kinds:
        st.download_button(
            label,
            _maker(wanted, at, convert),
            file_name=f"opportunities-{stamp}.{ending}",
            mime=mime,
            key=f"export_{ending}",
            on_click="ignore",
            help=f"{count} as {'deadlines for a calendar' if ending == 'ics' else label}.",
        )


def _maker(wanted: OpportunityFilter, at: datetime, convert: Callable[[Rows], bytes]) -> Callable[[], bytes]:
    person = session.person()

    def make() -> bytes:
        with open_ledger().read(person) as tx:
            rows = list_opportunities(tx, wanted, at=at, limit=MOST_ROWS).rows
        return convert(rows)

    return make
