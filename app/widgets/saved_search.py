"""Saved searches: "Save this search" beside the list of opportunities, and the list of one's own in the Inbox."""

from contextlib import suppress
from datetime import datetime
from urllib.parse import parse_qs, urlencode

import streamlit as st

from app import session
from app.address import View, write_view
from app.widgets import deadline, state, told
from app.widgets.text import plain
from pipelines.administration.saved_searches import (
    LONGEST_NAME,
    list_searches,
    remove_search,
    save_search,
    watch_search,
)
from warehouse import clock
from warehouse.domain.access import Person
from warehouse.errors import NotFound, ProcuraError
from warehouse.ledger.saved_searches import SavedSearch
from warehouse.ledger.store import open_ledger

NAME, PLACE = "saved_search_name", "saved_search"


def draw_button(view: View, world_at: datetime) -> None:
    """Draw the button that saves the view which the address names."""
    with st.popover("Save this search", help="New matches are told each morning in your Inbox."):
        told.tell(PLACE)
        if not view.text and not view.active:
            st.caption("Search or narrow the list first: a search for everything is none.")
            return
        with st.form("save_search", border=False, clear_on_submit=True):
            st.text_input(
                "Name", key=NAME, max_chars=LONGEST_NAME, placeholder=view.text or "Networks in North Carolina"
            )
            if view.numbers.get("posted"):
                st.caption("“Posted within” is left out: you are told what is new anyway.")
            st.form_submit_button("Save search", type="primary", on_click=_save, args=(view, world_at))


def draw_list(person: Person) -> None:
    """Draw one's own searches."""
    st.caption(
        "Each morning, at the hour of your digest, new matches come to your Inbox; what your firm declined is left out."
    )
    found = list_searches(open_ledger(), by=person)
    if not found:
        state.empty(
            "No saved searches yet.",
            "Search or narrow the list of opportunities, then press “Save this search”.",
            page="opportunities",
            label="Open Opportunities",
        )
    for search in found:
        _draw(search)


def _draw(search: SavedSearch) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(width="stretch", gap="xxsmall"):
            st.markdown(f"**{plain(search.name)}**")
            st.caption(f"{_words(search)} · looked at {deadline.moment(search.seen_at, deadline.reader_zone())}")
        st.page_link("pages/opportunities.py", label="Open", query_params=_parameters(search.address))
        st.session_state[f"watch-{search.id}"] = search.is_watched
        st.toggle("Tell me", key=f"watch-{search.id}", on_change=_watch, args=(search.id,))
        st.button(
            "Remove", key=f"remove-{search.id}", on_click=_remove, args=(search.id,), help="Notices that came stay."
        )


def _words(search: SavedSearch) -> str:
    shown = {
        name: ", ".join(values)
        for name, values in parse_qs(search.address).items()
        if name not in ("view", "sort", "page")
    }
    return plain(
        " · ".join(f"{'words' if name == 'q' else name.replace('_', ' ')}: {value}" for name, value in shown.items())[
            :200
        ]
    )


def _parameters(address: str) -> list[tuple[str, str]]:
    return [(name, value) for name, values in parse_qs(address).items() for value in values]


def _save(view: View, world_at: datetime) -> None:
    name = st.session_state.get(NAME, "")
    written = {key: value for key, value in write_view(view).items() if key not in ("page", "view", "posted")}
    address = urlencode(written, doseq=True)
    try:
        save_search(
            open_ledger(),
            name,
            address,
            view.to_filter(world_at),
            at=clock.now(),
            world_at=world_at,
            by=session.person(),
        )
    except ProcuraError as error:
        told.leave(PLACE, error)
    else:
        told.leave(PLACE, f"Saved: {plain(name)}. New matches come to your Inbox in the morning.")


def _watch(search_id: str) -> None:
    with suppress(NotFound):  # removed in another window: the list says so next
        watch_search(open_ledger(), search_id, bool(st.session_state[f"watch-{search_id}"]), by=session.person())


def _remove(search_id: str) -> None:
    with suppress(NotFound):
        remove_search(open_ledger(), search_id, by=session.person())
