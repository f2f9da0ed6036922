"""Rehearsing a portal profile up to its last button, and what earlier rehearsals saw."""

from collections.abc import Sequence

import streamlit as st

from app import session
from app.widgets import deadline, file_uploads, filters, state, told
from app.widgets.text import plain
from pipelines.submission.portals.profiles import ProfileLook, read_rehearsal_picture, rehearse_profile
from pipelines.submission.portals.rehearsal import Rehearsed
from warehouse import clock, settings
from warehouse.domain.access import Person
from warehouse.errors import ProcuraError
from warehouse.ledger.portal_profiles import ProfileRow, Rehearsal
from warehouse.ledger.store import open_ledger

PLACE = "portal_rehearsal"
PNG = b"\x89PNG\r\n\x1a\n"
SIDE_BY_SIDE = 2
MOST_SHOWN = 10
MOST_CHARACTERS = 20_000
ROUND = "rehearsal_round"


def draw_button(look: ProfileLook) -> None:
    """Draw the way to a rehearsal, with what it does there."""
    row = look.row
    with st.popover(
        "Rehearse …", key=f"rehearse_open {st.session_state.get(ROUND, 0)}", disabled=not look.checked.is_sound
    ):
        st.markdown(
            f"Signs in at {plain(', '.join(row.hosts) or 'nowhere')}, fills in and uploads, and stops **before** the last button. The"
            " portal may keep a draft of it."
        )
        key = f"{row.id} {st.session_state.get(ROUND, 0)}"
        with st.form(f"rehearse {row.id}", border=False):
            given = st.file_uploader(
                "Files to upload there (optional)", accept_multiple_files=True, key=f"rehearsal_files {key}",
                help="Without files of yours, samples of the product’s own are uploaded.",
            )  # fmt: skip
            fields = st.text_area(
                "What the forms ask for (optional)", key=f"rehearsal_fields {key}", height=80,
                help="Label: value, one a line, as a package has them. What is missing gets a sample.",
            )  # fmt: skip
            is_asked = st.form_submit_button("Rehearse now", type="primary")
    if is_asked:
        with st.spinner("Rehearsing; this takes as long as a delivery does …", show_time=True):
            _rehearse(row.id, [(file.name, file.getvalue()) for file in given or []], fields)
        for file in given or []:
            file_uploads.let_go(file)
        st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1
        st.rerun()


def _rehearse(profile_id: str, files: Sequence[tuple[str, bytes]], fields: str) -> None:
    try:
        done = rehearse_profile(
            open_ledger(),
            profile_id,
            files=files,
            fields=fields,
            settings=settings.current(),
            at=clock.now(),
            by=session.person(),
        )
    except ProcuraError as error:
        told.leave(PLACE, error)
    else:
        told.leave(PLACE, done)


def draw(look: ProfileLook, versions: Sequence[ProfileRow], person: Person) -> None:
    """Draw the rehearsals of all versions, the newest first and open."""
    st.subheader("Rehearsals", anchor=False)
    told.tell(PLACE, _say)
    if not look.rehearsals:
        st.caption(
            "Nobody has rehearsed it yet. A rehearsal shows every page on the way and measures how long it takes."
        )
    numbers = {row.id: row.version for row in versions}
    for index, one in enumerate(look.rehearsals[:MOST_SHOWN]):
        reached = "reached the last button" if one.reached_end else "stopped"
        when = deadline.moment(one.at, deadline.reader_zone())
        title = f"Version {numbers.get(one.profile_id, '?')} {reached} · {float(one.seconds):.1f} s · {when}"
        with st.expander(title, expanded=index == 0):
            _draw_one(one, person)


def _say(done: Rehearsed) -> None:
    if done.reached_end:
        st.success(f"The last button was reached in {done.seconds:.1f} s, and not pressed.")
    else:
        st.warning(f"It stopped before the last button: {plain(done.words)}  \nWhat it saw is below.")
    with st.popover(f"Its {len(done.steps)} steps"):
        lines = (f"{':red-badge[fault] ' if is_fault else ''}{plain(words)}" for words, is_fault in done.steps)
        st.markdown("  \n".join(lines))


def _draw_one(one: Rehearsal, person: Person) -> None:
    badge = ":green-badge[reached the last button]" if one.reached_end else ":red-badge[stopped]"
    st.markdown(f"{badge} {plain(one.words)} :gray[by {plain(one.by)}]")
    pictures: list[tuple[str, bytes]] = []
    texts: list[tuple[str, bytes]] = []
    for position in range(1, len(one.evidence) + 1):
        try:
            name, data = _kept(one.id, position, person)
        except ProcuraError as error:
            state.told(error)
            continue
        (pictures if data.startswith(PNG) else texts).append((name, data))
    wide = 1 if filters.is_phone() else SIDE_BY_SIDE
    for start in range(0, len(pictures), wide):
        for column, (name, data) in zip(st.columns(wide), pictures[start : start + wide], strict=False):
            with column, st.container(border=True, gap="xsmall"):
                st.image(data, width="stretch", alt=f"What the portal showed: {name}")
                st.caption(plain(name))
    for name, data in texts:
        with st.popover(plain(name)):
            st.text(_readable(data))


def _readable(data: bytes) -> str:
    text = data[: 4 * MOST_CHARACTERS].decode("utf-8", "replace")[:MOST_CHARACTERS]
    return "".join(sign for sign in text if sign in "\n\t" or sign.isprintable())


@st.cache_data(max_entries=60, show_spinner=False)
def _kept(rehearsal_id: str, position: int, _person: Person) -> tuple[str, bytes]:
    # Who looks is no part of the key: everybody who may look at profiles sees the same, and a rehearsal never changes.
    return read_rehearsal_picture(open_ledger(), rehearsal_id, position, by=_person)
