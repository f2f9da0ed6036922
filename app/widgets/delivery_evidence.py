"""What a delivery saw and kept: pictures side by side, everything else as a line to be looked at inert or downloaded."""

from collections.abc import Sequence

import streamlit as st

from app import session
from app.widgets import delivery_names, filters, state, told
from app.widgets.text import plain
from pipelines.submission.download_links import link_to_evidence
from pipelines.submission.evidence_preview import preview_of_evidence
from pipelines.submission.previews import Block, Preview
from warehouse import clock, settings
from warehouse.domain.access import Person
from warehouse.domain.delivery import EvidenceKind
from warehouse.domain.package import size_words
from warehouse.errors import ProcuraError
from warehouse.ledger.deliveries import Evidence
from warehouse.ledger.store import open_ledger

SIDE_BY_SIDE = 2
MOST_PICTURES = 24
"""A recipe makes one a step; the newest ones tell most."""
CHOSEN = "evidence_chosen"


def draw(kept: Sequence[Evidence], person: Person, *, place: str) -> None:
    """Draw everything that was kept; nothing where nothing was.

    Args:
        place: A word for where on the page it stands: the same evidence may be drawn twice.
    """
    # A list that did not change is looked at again and again: each picture stands here once, as it was seen last.
    pictures = list({one.sha256: one for one in kept if one.kind is EvidenceKind.SCREENSHOT}.values())
    _draw_pictures(pictures[-MOST_PICTURES:], person, place)
    for one in kept:
        if one.kind is not EvidenceKind.SCREENSHOT:
            _draw_line(one, place)
    if len(pictures) > MOST_PICTURES:
        st.caption(f"The newest {MOST_PICTURES} of {len(pictures)} pictures.")
    told.tell(_place(place))
    chosen: Evidence | None = next((one for one in kept if (place, one.id) == st.session_state.get(CHOSEN)), None)
    if chosen is not None:
        st.session_state.pop(CHOSEN, None)
        st.dialog(plain(chosen.name), width="large")(_look)(chosen, place)


def draw_inert(kept: Evidence, person: Person) -> None:
    """Draw what one kept thing looks like, in its place on the page."""
    try:
        found = _preview(kept.sha256, kept.name, kept.run_id, kept.position, person)
    except ProcuraError as error:
        state.told(error)
        return
    if found.note:
        st.caption(plain(found.note))
    for block in found.blocks:
        _draw_block(block)
    if not found.blocks and not found.note:
        st.caption("There is nothing to be seen in it. Download it to open it.")


def download_button(kept: Evidence, *, place: str, label: str = "Download") -> None:
    """Draw the button that takes one kept thing away."""
    st.button(
        label, key=f"download {place} {kept.id}", icon=":material/download:", type="tertiary", on_click=_download,
        args=(kept.run_id, kept.position, place), help=f"SHA-256 {kept.sha256}",
    )  # fmt: skip


def _draw_pictures(pictures: Sequence[Evidence], person: Person, place: str) -> None:
    wide = 1 if filters.is_phone() else SIDE_BY_SIDE
    for start in range(0, len(pictures), wide):
        for column, one in zip(st.columns(wide), pictures[start : start + wide], strict=False):
            with column, st.container(border=True, gap="xsmall"):
                draw_inert(one, person)
                with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
                    st.caption(f"{plain(one.name)} · {delivery_names.clock_time(one.at)}")
                    download_button(one, place=place)


def _draw_line(one: Evidence, place: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f":gray-badge[{delivery_names.EVIDENCE[one.kind]}] {plain(one.name)}")
        st.caption(f"{size_words(one.size_bytes)} · {delivery_names.clock_time(one.at)} · SHA-256 `{one.sha256[:12]}…`")
        st.button(
            "Look", key=f"look {place} {one.id}", icon=":material/visibility:", type="tertiary", on_click=_choose,
            args=(place, one.id), help=f"What {plain(one.name)} holds, as text or picture",
        )  # fmt: skip
        download_button(one, place=place)


def _choose(place: str, evidence_id: str) -> None:
    st.session_state[CHOSEN] = (place, evidence_id)


def _look(kept: Evidence, place: str) -> None:
    person = session.person(acts=True)
    st.caption(f"{delivery_names.EVIDENCE[kept.kind]} · {size_words(kept.size_bytes)} · SHA-256 of its bytes:")
    st.code(kept.sha256, language=None, wrap_lines=True)
    download_button(kept, place=f"{place} dialog")
    draw_inert(kept, person)


@st.cache_data(max_entries=100, show_spinner="Looking into it …")
def _preview(_digest: str, name: str, run_id: str, position: int, _person: Person) -> Preview:
    # Who looks is no part of the key: rows of evidence come only to who sees the offer, and a row never changes.
    return preview_of_evidence(open_ledger(), run_id, position, by=_person)


def _draw_block(block: Block) -> None:
    if block.title:
        st.caption(plain(block.title))
    if block.picture:
        st.image(block.picture, width="stretch")
    if block.text:
        with st.container(border=True, height=320 if len(block.text) > 1_200 else "content"):
            st.text(block.text)
    if block.table:
        width = max(len(row) for row in block.table)
        cells = [
            {str(place + 1): plain(cell) for place, cell in enumerate((*row, *[""] * (width - len(row))))}
            for row in block.table
        ]
        st.table(cells, hide_index=True, hide_header=True, alt=f"Values of {block.title or 'the table'}")


def _place(place: str) -> str:
    return f"evidence {place}"


def _download(run_id: str, position: int, place: str) -> None:
    """Let the browser fetch it: the link is made now, for this session, and is good for a minute."""
    try:
        link = link_to_evidence(settings.current(), run_id, position, at=clock.now(), by=session.person(acts=True))
        session.leave_for(link)
    except ProcuraError as error:
        told.leave(_place(place), error)
