"""What a changed profile would do to today's best twenty: ranks and points before and after. Nothing is written."""

import streamlit as st

from app.widgets import names
from pipelines.qualification.preview import PreviewRow, preview
from warehouse import clock
from warehouse.domain.access import Person
from warehouse.domain.company import CompanyProfile
from warehouse.ledger.store import open_ledger


def draw_preview(profile: CompanyProfile, person: Person) -> None:
    """Draw the twenty that would be best."""
    with st.spinner("Scoring every open opportunity with it …"):
        rows = preview(open_ledger(), profile, as_of=clock.world_instant(), by=person)
    if not rows:
        st.caption("There is no open opportunity to score yet.")
        return
    moved = sum(row.rank_before != row.rank for row in rows)
    st.markdown(f"Of the best **{len(rows)}** with this profile, **{moved}** stand at another place than today.")
    st.dataframe(
        [_cells(row) for row in rows],
        hide_index=True,
        height="content",
        placeholder="",
        alt="The best twenty with the changed profile",
        column_config={
            "Place": st.column_config.NumberColumn(width=60),
            "Today": st.column_config.TextColumn(width=130),
            "Fit": st.column_config.ProgressColumn(width=110, min_value=0, max_value=100, format="%d"),
            "Fit today": st.column_config.NumberColumn(width=80),
            "Title": st.column_config.TextColumn(width=460),
        },
    )


def _cells(row: PreviewRow) -> dict[str, object]:
    return {
        "Place": row.rank,
        "Today": place_words(row),
        "Fit": row.fit_score,
        "Fit today": row.fit_score_before,
        "Title": row.title,
        "Agency": names.office(row.agency),
    }


def place_words(row: PreviewRow) -> str:
    """Say where it stands today, and which way it would move."""
    if row.rank_before is None:
        return "new"
    if row.rank_before == row.rank:
        return "the same"
    return f"{row.rank_before:,} ({'up' if row.rank_before > row.rank else 'down'} {abs(row.rank_before - row.rank):,})"
