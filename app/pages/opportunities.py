"""Opportunities: which of these are worth an hour? Search, narrow, sort, mark several, take the view away as a file."""

from dataclasses import replace

import streamlit as st

from app import session
from app.address import View
from app.page import PageInfo, Section
from app.widgets import bulk_mark, filters, opportunity_cards, opportunity_table, saved_search, state
from app.widgets.downloads import draw_exports
from warehouse import clock
from warehouse.domain import access
from warehouse.domain.access import Action
from warehouse.ledger.opportunities import Page, list_opportunities
from warehouse.ledger.store import open_ledger

PAGE = PageInfo(
    "Opportunities",
    Section.FIND,
    2,
    "Search and narrow what can still be answered, mark several at once, export exactly this view.",
    needs=Action.READ_OPPORTUNITIES,
)
ROWS = 50


def render() -> None:
    """Draw the page for the view that the address names."""
    person = session.person()
    view = filters.current_view()
    at = clock.world_instant()
    st.title("Opportunities")
    filters.draw(view, at, person)
    with open_ledger().read(person) as tx:
        page = list_opportunities(tx, view.to_filter(at), at=at, limit=ROWS, offset=(view.page - 1) * ROWS)
    if not page.total:
        _say_empty(view)
        if view.text or view.active:
            saved_search.draw_button(view, at)
        return
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(_count_words(page, view))
        with st.container(horizontal=True, width="content", vertical_alignment="center"):
            filters.draw_look(view)
            saved_search.draw_button(view, at)
            draw_exports(view.to_filter(at), page)
    may_mark = access.may(person, Action.SET_OPPORTUNITY_STATUS)
    if view.look == "cards":
        opportunity_cards.draw(page.rows, at)
    else:
        above = st.container()
        chosen = opportunity_table.draw(page.rows, at, can_choose=may_mark)
        if may_mark:
            with above:
                bulk_mark.draw([page.rows[index] for index in chosen])
    _draw_pages(view, page)


def _count_words(page: Page, view: View) -> str:
    total = f"{page.total:,}+" if page.is_capped else f"{page.total:,}"
    if page.total <= ROWS and not page.is_capped:
        return f"**{total}** opportunit{'y' if page.total == 1 else 'ies'}"
    first = (view.page - 1) * ROWS + 1
    return f"**{total}** opportunities · {first:,} to {first + len(page.rows) - 1:,}"


def _say_empty(view: View) -> None:
    if view.text or view.active:
        state.empty(
            "Nothing matches.",
            "No opportunity that can still be answered has all of this. Take a filter away, or show closed ones too.",
        )
        st.button("Clear search and filters", on_click=filters.clear)
    elif view.page > 1:
        state.empty("This page is empty.", "The list has become shorter.", page="opportunities", label="First page")
    else:
        state.empty(
            "No opportunities yet.",
            "The first run has not published any. Its progress is shown on the page Sources.",
            page="sources",
            label="Open Sources",
        )


def _draw_pages(view: View, page: Page) -> None:
    pages = -(-page.total // ROWS)
    if pages <= 1:
        return
    now = min(view.page, pages)
    key = f"page_{now}_of_{pages}"  # another widget for each page: the address alone says which one is shown

    def turn() -> None:
        filters.write(replace(view, page=st.session_state[key]))

    with st.container(horizontal_alignment="center"):
        st.pagination(pages, default=now, key=key, on_change=turn)
    if page.is_capped:
        st.caption(
            f"Only the first {page.total:,} can be paged through; narrow the list to see others.",
            text_alignment="center",
        )


if __name__ == "__main__":
    render()
