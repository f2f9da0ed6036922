"""Dashboard: what needs me today? What is in hand, what is new and fits, what closes soon, whether the sources are well."""

from datetime import datetime

import streamlit as st

from app import session
from app.page import PageInfo, Section
from app.widgets import deadline, my_tiles, names, opportunity_cards, state
from app.widgets.text import plain
from pipelines.qualification.figures import cost_per_qualified
from warehouse import clock
from warehouse.domain.access import Action, Person
from warehouse.domain.fit import WATCH_FROM
from warehouse.ledger.opportunities import OpportunityRow, data_version
from warehouse.ledger.opportunity_counts import Summary, read_closing, read_new, read_queue, summarise
from warehouse.ledger.sources import Source, list_sources
from warehouse.ledger.store import open_ledger

PAGE = PageInfo("Dashboard", Section.FIND, 1, "What needs you today.", needs=Action.READ_OPPORTUNITIES, is_first=True)
CLOSING_DAYS = 7
Rows = tuple[OpportunityRow, ...]


def render() -> None:
    """Draw the page."""
    person = session.person()
    at = clock.world_instant()
    st.title("Dashboard")
    with open_ledger().read(person) as tx:
        version = data_version(tx)
        sources = list_sources(tx)
        lists = (read_queue(tx, at=at), read_new(tx, at=at), read_closing(tx, at=at, fit_from=WATCH_FROM))
    summary = _summary(at.replace(second=0, microsecond=0), version, person)
    _draw_sources(sources)
    _draw_money(person)
    my_tiles.draw_log(person)
    my_tiles.draw(person)
    if not summary.open_count:
        state.empty(
            "No opportunities yet.",
            "They appear here as the first run publishes them.",
            page="sources",
            label="See its progress",
        )
        return
    _draw_figures(summary)
    _draw_lists(*lists, at)
    _draw_charts(summary)


@st.cache_data(max_entries=8, show_spinner=False)
def _summary(at: datetime, version: int, _reader: Person) -> Summary:
    # `_reader` is no part of the key: everybody who may read opportunities sees the same ones.
    with open_ledger().read(_reader) as tx:
        return summarise(tx, at=at, fit_from=WATCH_FROM, closing_days=CLOSING_DAYS)


def _draw_sources(sources: list[Source]) -> None:
    if not sources:
        st.caption("No source has been asked yet.")
        return
    now = clock.now()
    words = []
    for source in sources:
        answered = (
            f"answered {deadline.left(source.last_success_at, now).removeprefix('passed ')}"
            if source.last_success_at
            else "has not answered yet"
        )
        words.append(f"{plain(names.source(source.name))} {answered}")
    st.caption("Sources: " + " · ".join(words))


def _draw_money(person: Person) -> None:
    month, each = cost_per_qualified(open_ledger(), at=clock.now(), by=person)
    if month or each:
        words = f"; {each:.2f} USD for each opportunity that was qualified" if each is not None else ""
        st.caption(f"Models: {month:.2f} USD this month{words}")


def _draw_figures(summary: Summary) -> None:
    figures = (
        ("Open", summary.open_count, "Can still be answered."),
        ("New since yesterday", summary.new_count, "Posted in the last 24 hours."),
        ("New that fit", summary.new_fitting, f"Posted in the last 24 hours, {WATCH_FROM} points and more."),
        (
            f"To send within {CLOSING_DAYS} days",
            summary.closing_count,
            "By their safe instant: 17:00, one federal working day before.",
        ),
        ("In review", summary.reviewing_count, "Being read by your firm."),
    )
    with st.container(horizontal=True):
        for label, count, help_text in figures:
            st.metric(label, f"{count:,}", help=help_text, border=True, width="stretch")


def _draw_lists(queue: Rows, new: Rows, closing: Rows, at: datetime) -> None:
    columns = st.columns(2, gap="large")
    with columns[0]:
        st.subheader("To send soon", anchor=False, help="By safe instant; what fits, is in review or qualified.")
        _draw_list(closing, at, "Nothing that fits has to be sent soon.")
        if queue:
            st.subheader("In hand", anchor=False)
            opportunity_cards.draw_short(queue, at)
    with columns[1]:
        st.subheader("New since yesterday", anchor=False, help="Best fit first.")
        _draw_list(new, at, "Nothing was posted in the last 24 hours.")
        st.page_link("pages/opportunities.py", label="All that are new", query_params={"posted": "1"})


def _draw_list(rows: Rows, at: datetime, nothing: str) -> None:
    if rows:
        opportunity_cards.draw_short(rows, at)
    else:
        st.caption(nothing)


def _draw_charts(summary: Summary) -> None:
    from app.widgets import charts

    bands = [
        (f"{band} to {min(band + 9, 100) if band < 90 else 100}", summary.by_score.get(band, 0))
        for band in range(0, 100, 10)
    ]
    st.subheader("How they fit", anchor=False)
    charts.columns(bands, x="Fit score", y="Opportunities", alt="Open opportunities by fit score, in steps of ten")
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("By agency", anchor=False)
        agencies = [(names.office(name), n, fitting) for name, n, fitting in summary.by_agency]
        charts.bars(agencies, what="Agency", alt="Open opportunities by agency, and how many fit")
    with right:
        st.subheader("By industry", anchor=False, help="NAICS, industry groups of four digits.")
        charts.bars(list(summary.by_naics), what="NAICS", alt="Open opportunities by NAICS group, and how many fit")


if __name__ == "__main__":
    render()
