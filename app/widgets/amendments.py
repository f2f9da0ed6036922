"""What changed from one notice of a solicitation to the next: title, deadline, set-aside, text.

Pure: from records to records. Drawing is below, in `draw`.
"""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from app.widgets import deadline, names
from app.widgets.text import plain, readable
from warehouse.domain.deadlines import office_zone
from warehouse.ledger.opportunities import ChainNotice

LONGEST_COMPARED = 4_000
"""Words compared one by one; beyond, only the numbers of lines added and removed are said (difflib is quadratic)."""
MOST_PASSAGES = 12
CONTEXT = 5
WORD = re.compile(r"\S+")


@dataclass(frozen=True)
class Passage:
    """One place where the text changed, with a few words before and after."""

    before: str
    removed: str
    added: str
    after: str


@dataclass(frozen=True)
class Step:
    """One notice and what it changed against the one before; `changes` are (field, was, is)."""

    notice: ChainNotice
    changes: tuple[tuple[str, str, str], ...]
    passages: tuple[Passage, ...]
    words_removed: int
    words_added: int
    is_first: bool


def steps(notices: Sequence[ChainNotice], state: str | None = None) -> list[Step]:
    """Return the chain, newest first; a version that changed nothing a reader sees is left out.

    Args:
        notices: Oldest first.
        state: Where the work is: what the office's zone is called.
    """
    found: list[Step] = []
    for index, notice in enumerate(notices):
        earlier = notices[index - 1] if index else None
        step = compare(earlier, notice, state)
        if (
            earlier is None
            or step.changes
            or step.words_added
            or step.words_removed
            or notice.notice_id != earlier.notice_id
        ):
            found.append(step)
    return found[::-1]


def compare(earlier: ChainNotice | None, notice: ChainNotice, state: str | None = None) -> Step:
    """Compare a notice with the one before it."""
    if earlier is None:
        return Step(notice, (), (), 0, 0, is_first=True)
    fields = (
        ("Type", earlier.notice_type, notice.notice_type),
        ("Title", earlier.title, notice.title),
        ("Deadline", due_text(earlier, state), due_text(notice, state)),
        (
            "Set-aside",
            names.set_aside(earlier.set_aside_code, None) or "none",
            names.set_aside(notice.set_aside_code, None) or "none",
        ),
    )
    passages, removed, added = text_changes(earlier.description or "", notice.description or "")
    changes = tuple(f for f in fields if f[1] != f[2])
    return Step(notice, changes, passages, removed, added, is_first=False)


def due_text(notice: ChainNotice, state: str | None) -> str:
    """Write a notice's deadline without what counts from now."""
    if notice.due_date is None:
        return notice.due_raw or "none stated"
    return deadline.moment(notice.due_date, office_zone(notice.due_date, notice.due_offset_minutes, state))


def text_changes(old: str, new: str) -> tuple[tuple[Passage, ...], int, int]:
    """Compare two texts by words: passages that changed, and how many words went and came."""
    was, now = WORD.findall(readable(old)), WORD.findall(readable(new))
    if was == now:
        return (), 0, 0
    if len(was) + len(now) > 2 * LONGEST_COMPARED:
        was_lines, now_lines = readable(old).splitlines(), readable(new).splitlines()
        gone, come = set(was_lines) - set(now_lines), set(now_lines) - set(was_lines)
        return (), sum(len(line.split()) for line in gone), sum(len(line.split()) for line in come)
    passages: list[Passage] = []
    removed = added = 0
    for kind, i1, i2, j1, j2 in difflib.SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        removed, added = removed + i2 - i1, added + j2 - j1
        if len(passages) < MOST_PASSAGES:
            passages.append(
                Passage(
                    " ".join(now[max(0, j1 - CONTEXT) : j1]),
                    shortened(was[i1:i2]),
                    shortened(now[j1:j2]),
                    " ".join(now[j2 : j2 + CONTEXT]),
                )
            )
    return tuple(passages), removed, added


def shortened(words: Sequence[str], limit: int = 40) -> str:
    """Join words; the middle of a long run is left out."""
    if len(words) <= limit:
        return " ".join(words)
    return f"{' '.join(words[: limit // 2])} … {' '.join(words[-limit // 2 :])}"


def draw(notices: Sequence[ChainNotice], state: str | None) -> None:
    """Draw the chain, newest first: each step's changes, its whole text folded away."""
    chain = steps(notices, state)
    for index, step in enumerate(chain):
        notice = step.notice
        with st.container(border=True):
            zone = deadline.reader_zone()
            posted = deadline.day(notice.posted_at, zone) or "on a day not stated"
            latest = " · latest" if index == 0 and len(chain) > 1 else ""
            st.markdown(
                f"**{plain(notice.notice_type)}** · posted {posted}{latest} :small[:gray[{plain(notice.notice_id)}]]"
            )
            _draw_changes(step)
            if notice.description:
                with st.expander("Whole text of this notice"):
                    st.text(readable(notice.description))


def _draw_changes(step: Step) -> None:
    if step.is_first:
        st.caption("First notice of this solicitation.")
        return
    if not step.changes and not step.words_added and not step.words_removed:
        st.caption("Posted again without a change in title, deadline, set-aside or text.")
    for field, was, now in step.changes:
        st.markdown(f"{field}: :red[~~{plain(was)}~~] → :green[{plain(now)}]")
    if step.words_added or step.words_removed:
        st.markdown(f"Text: {step.words_added:,} words came, {step.words_removed:,} went")
    for passage in step.passages:
        removed = f":red[~~{plain(passage.removed)}~~] " if passage.removed else ""
        added = f":green[{plain(passage.added)}] " if passage.added else ""
        st.markdown(f":small[… {plain(passage.before)} {removed}{added}{plain(passage.after)} …]")
