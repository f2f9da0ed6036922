"""The limits that a solicitation states: typed by a named person, with the words they were read in; proposals from the notice."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.widgets import package_deeds
from app.widgets.text import plain
from pipelines.submission.limits_in_text import Proposal, proposals
from pipelines.submission.package_edits import StatedLimit
from pipelines.submission.package_state import PackageState
from warehouse.domain.access import Person
from warehouse.domain.executor import MB
from warehouse.domain.package import LONGEST_QUOTE, TITLES, TYPES, Limits, size_words
from warehouse.domain.package_names import PLACEHOLDERS
from warehouse.ledger.store import open_ledger
from warehouse.ledger.submission_people import emails_of


def draw(found: PackageState, person: Person, key: str) -> None:
    """Draw what is stated, proposals, and the boxes to state it in."""
    with st.container():  # one block however many are stated: the boxes below stay open
        draw_words(found, person)
        _draw_proposals(found)
    with st.expander("State the solicitation's limits"), st.form(f"limits-{key}", border=False):
        st.caption(
            "Leave empty what the solicitation does not state. The words are optional; they show others where it is said."
        )
        for name in TITLES:
            left, right = st.columns([1, 1])
            with left:
                _draw_box(name, found.limits, f"{key}-{name}")
            source = found.limits.sources.get(name)
            right.text_input(
                "Its words in the solicitation", source.quote if source else "", key=f"{key}-{name}-quote",
                max_chars=LONGEST_QUOTE,
            )  # fmt: skip
        st.form_submit_button("Save limits", on_click=_save, args=(found, key))


def draw_words(found: PackageState, person: Person) -> None:
    """Say what is stated, by whom, and where it was read."""
    sources = found.limits.sources
    if not sources:
        st.caption("No limits of the solicitation are stated.")
        return
    with open_ledger().read(person) as tx:
        people = emails_of(tx, sorted({source.by for source in sources.values()}))
    for name in (name for name in TITLES if name in sources):
        source = sources[name]
        quote = f"  \n:small[“{plain(source.quote)}”]" if source.quote else ""
        st.markdown(
            f"{TITLES[name]}: **{plain(words(name, getattr(found.limits, name)))}**"
            f" :small[stated by {plain(people.get(source.by, 'somebody who is gone'))}]{quote}"
        )


def words(name: str, value: Any) -> str:
    """Write the value of a limit."""
    if name in ("total_bytes", "file_bytes"):
        return size_words(int(value))
    if isinstance(value, Mapping):
        return "; ".join(f"{volume} {pages}" for volume, pages in value.items())
    return ", ".join(value) if isinstance(value, tuple | list) else str(value)


def _draw_proposals(found: PackageState) -> None:
    for one in proposals(found.points):
        if one.name not in found.limits.sources:
            with st.container(border=True, gap="xsmall"):
                st.markdown(
                    f":blue-badge[in the notice] {TITLES[one.name]}: **{plain(words(one.name, one.value))}**  \n"
                    f":small[“{plain(one.quote)}”]"
                )
                st.button("Take this limit", key=f"take-{one.name}", on_click=_take, args=(found, one))


def _draw_box(name: str, limits: Limits, key: str) -> None:
    value = getattr(limits, name)
    match name:
        case "total_bytes" | "file_bytes":
            st.number_input(f"{TITLES[name]}, MB", 0.01, 100_000.0, value / MB if value else None, step=1.0, key=key)
        case "name_length":
            st.number_input(f"{TITLES[name]}, characters", 1, 200, value, key=key)
        case "file_types":
            st.multiselect(TITLES[name], list(TYPES), list(value), key=key, placeholder="Any")
        case "volumes":
            st.text_area(f"{TITLES[name]}, one a line", "\n".join(value), key=key, height=80)
        case "pages":
            lines = "\n".join(f"{volume}: {pages}" for volume, pages in value.items())
            st.text_area(f"{TITLES[name]}, as Volume I: 30", lines, key=key, height=80)
        case _:
            known = "; ".join(f"{{{name}}}: {said}" for name, said in PLACEHOLDERS.items())
            st.text_input(TITLES[name], value, key=key, placeholder="{solicitation_number}_{volume}.pdf", help=known)


def _save(found: PackageState, key: str) -> None:
    limits = {}
    for name in TITLES:
        value = _typed(name, st.session_state.get(f"{key}-{name}"))
        if value:
            limits[name] = StatedLimit(value, str(st.session_state.get(f"{key}-{name}-quote") or ""))
    package_deeds.save_delivery(found, found.submission.executor, dict(found.fields), limits, "The limits are saved.")


def _take(found: PackageState, one: Proposal) -> None:
    limits = {**package_deeds.stated(found), one.name: StatedLimit(one.value, one.quote)}
    package_deeds.save_delivery(found, found.submission.executor, dict(found.fields), limits, "The limit is taken.")


def _typed(name: str, given: Any) -> Any:
    """Read a box; what is not as it must be is passed on, for the use case to refuse by name."""
    if not given:
        return None
    if name in ("total_bytes", "file_bytes"):
        return round(given * MB)
    if name == "volumes":
        return [line.strip() for line in given.splitlines() if line.strip()]
    if name != "pages":
        return given
    pairs = (line.rpartition(":") for line in given.splitlines() if line.strip())
    return {volume.strip(): int(pages) if pages.strip().isdecimal() else pages.strip() for volume, _, pages in pairs}
