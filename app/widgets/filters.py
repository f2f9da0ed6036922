"""The filters of the list: a search box, one chip a subject with counts beside its choices, the order.

The address is the truth (app/address.py): widgets are set from it before they are drawn, a change is written into it
first, so the rest of the rerun sees one state only.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

import streamlit as st

from app.address import NO_SET_ASIDE, View, read_view, write_view
from app.widgets import names
from app.widgets.text import plain
from warehouse.domain.access import Person
from warehouse.ledger.opportunities import data_version
from warehouse.ledger.opportunity_counts import facet_counts
from warehouse.ledger.opportunity_filter import OpportunityFilter, Sort
from warehouse.ledger.store import open_ledger

SORTS = {
    Sort.FIT: "Best fit first",
    Sort.SAFE: "Send by soonest",
    Sort.DUE: "Due soonest",
    Sort.POSTED: "Newest first",
    Sort.RELEVANCE: "Most relevant words",
}
DUE = {1: "1 day", 3: "3 days", 7: "7 days", 14: "14 days", 30: "30 days", 90: "90 days"}
POSTED = {1: "1 day", 3: "3 days", 7: "7 days", 30: "30 days"}
FITS = {40: "40 and more", 55: "55 and more", 70: "70 and more", 85: "85 and more"}
CHIPS = (
    ("Kind", "kind", "kind"),
    ("Agency", "agency", "agency"),
    ("NAICS", "naics", "naics"),
    ("PSC", "psc", "psc"),
    ("Set-aside", "set_aside", "set_aside"),
    ("Type", "type", "notice_type"),
    ("Advice", "rec", "recommendation"),
    ("Status", "status", "status"),
    ("Place", "place", "place"),
)
"""Label, parameter of the address, subject of the counts."""
CODES = ("naics", "psc")


def is_phone() -> bool:
    """Say whether the browser calls itself a telephone's: the server cannot see how wide the window is."""
    return "Mobile" in st.context.headers.get("User-Agent", "")


def default_look() -> str:
    """Return how the list looks unless the address says: cards on a telephone."""
    return "cards" if is_phone() else "table"


def current_view() -> View:
    """Read the view from the address."""
    names_given = list(st.query_params.keys())
    return read_view({name: st.query_params.get_all(name) for name in names_given}, default_look=default_look())


def write(view: View) -> None:
    """Make a view the address; the browser's Back leads to the one before."""
    st.query_params.from_dict(write_view(view, default_look=default_look()))


def clear() -> None:
    """Show everything again, in the same order and look."""
    view = current_view()
    write(read_view({"sort": [view.sort.value], "view": [view.look]}, default_look=default_look()))


def draw(view: View, at: datetime, person: Person) -> None:
    """Draw search box, order and chips."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _bound("q", view.text, lambda value: replace(current_view(), text=str(value or ""), page=1))
        st.text_input(
            "Search",
            key="f_q",
            placeholder='Words, "a phrase", -without, a solicitation number or notice id',
            on_change=_write_from("q"),
        )
        _bound("sort", view.sort, lambda value: replace(current_view(), sort=value or Sort.FIT, page=1))
        st.selectbox(
            "Order", list(SORTS), format_func=SORTS.__getitem__, key="f_sort", width=200, on_change=_write_from("sort")
        )
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        for label, name, facet in CHIPS:
            _draw_chip(label, name, view, partial(_counts, facet, view, at, person))
        _draw_number("Due within", "due", DUE, view)
        _draw_number("Fit", "fit", FITS, view)
        _draw_number("Posted within", "posted", POSTED, view)
        _draw_closed(view)
        if view.active or view.text:
            st.button("Clear all", on_click=clear, type="tertiary")


def draw_look(view: View) -> None:
    """Draw the choice between table and cards."""
    _bound("view", view.look.title(), lambda value: replace(current_view(), look=str(value or "Table").lower()))
    st.segmented_control(
        "Look",
        ["Table", "Cards"],
        key="f_view",
        label_visibility="collapsed",
        on_change=_write_from("view"),
        required=True,
    )


def _bound(name: str, value: object, to_view: Callable[..., View]) -> None:
    """Set a widget from the address before it is drawn."""
    if st.session_state.get(f"f_{name}") != value:
        st.session_state[f"f_{name}"] = value
    st.session_state.setdefault("to_view", {})[name] = to_view


def _write_from(name: str) -> Callable[[], None]:
    def write_it() -> None:
        write(st.session_state["to_view"][name](st.session_state[f"f_{name}"]))

    return write_it


def _draw_chip(label: str, name: str, view: View, count: Callable[[], dict[str, int]]) -> None:
    chosen = view.lists[name]
    words = _chip_label(label, [names.of(name, value, short=True) for value in chosen])
    with st.popover(words, key=f"chip_{name}", on_change="rerun") as chip:
        if not chip.open:
            return  # counting every open row is for who looks
        counts = count()
        shown = {NO_SET_ASIDE if name == "set_aside" and not value else value: n for value, n in counts.items()}
        _bound(name, list(chosen), lambda values: _with_list(name, values))
        st.multiselect(
            label,
            list(dict.fromkeys([*chosen, *shown])),
            key=f"f_{name}",
            format_func=lambda value: f"{names.of(name, value)} ({shown.get(value, 0):,})",
            accept_new_options=name in CODES,
            help="Type a longer or shorter code to narrow or widen it." if name in CODES else None,
            on_change=_write_from(name),
            placeholder="Any",
        )


def _with_list(name: str, values: Sequence[str]) -> View:
    view = current_view()
    return replace(view, lists={**view.lists, name: tuple(values)}, page=1)


def _draw_number(label: str, name: str, choices: dict[int, str], view: View) -> None:
    now = view.numbers.get(name)
    options = sorted({*choices, *([now] if now is not None else [])})
    unit = "{} and more" if name == "fit" else "{} days"
    with st.popover(
        _chip_label(label, [choices.get(now, unit.format(now))] if now is not None else []), key=f"chip_{name}"
    ):
        _bound(name, now, lambda value: _with_number(name, value))
        st.pills(
            label,
            options,
            key=f"f_{name}",
            format_func=lambda value: choices.get(value, unit.format(value)),
            on_change=_write_from(name),
        )


def _with_number(name: str, value: int | None) -> View:
    view = current_view()
    kept = {key: number for key, number in view.numbers.items() if key != name}
    return replace(view, numbers=kept if value is None else {**kept, name: value}, page=1)


def _draw_closed(view: View) -> None:
    _bound("closed", view.is_closed_shown, lambda value: replace(current_view(), is_closed_shown=bool(value), page=1))
    st.toggle("Closed too", key="f_closed", on_change=_write_from("closed"))


def _chip_label(label: str, chosen: Sequence[str]) -> str:
    if not chosen:
        return label
    text = chosen[0] if len(chosen) == 1 else f"{len(chosen)} chosen"
    return f"{label}: **{plain(text if len(text) <= 28 else text[:27] + '…')}**"


def _counts(facet: str, view: View, at: datetime, person: Person) -> dict[str, int]:
    with open_ledger().read(person) as tx:
        version = data_version(tx)
    # To the minute: what is due within a minute may be counted a minute longer, and the answer can be kept.
    minute = at.replace(second=0, microsecond=0)
    return _cached_counts(view.to_filter(minute), minute, version, person)[facet]


@st.cache_data(max_entries=200, show_spinner=False)
def _cached_counts(wanted: OpportunityFilter, at: datetime, version: int, _reader: Person) -> dict[str, dict[str, int]]:
    # `_reader` is no part of the key: everybody who may read opportunities sees the same ones.
    with open_ledger().read(_reader) as tx:
        return facet_counts(tx, wanted, at=at)
