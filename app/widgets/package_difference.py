"""What is different between two packages, for who signs the second one. Not here: finding it (pipelines/submission/package_diff.py)."""

import streamlit as st

from app.widgets.text import plain
from pipelines.submission.package_diff import Difference, FileChange, PackedFile, TextChange
from warehouse.domain.package import size_words

SHORT = 12
"""Characters of a hash that tell two files apart at a glance; the whole one is in the manifest."""


def draw(found: Difference) -> None:
    """Draw every difference as one line: what, from what, to what."""
    if found.is_empty:
        st.caption("Nothing is different: the same files, names, order, fields, value and deadline.")
        return
    for file in found.added:
        st.markdown(f":green-badge[added] **{plain(file.name)}** {_facts(file)}")
    for file in found.removed:
        st.markdown(f":red-badge[removed] **{plain(file.name)}** {_facts(file)}")
    for change in found.changed:
        _draw_change(change)
    for change in found.moved:
        st.markdown(
            f":blue-badge[moved] **{plain(change.now.name)}** from place {change.was.position} to {change.now.position}"
        )
    for text in (*found.facts, *found.fields):
        _draw_text(text)


def _draw_change(change: FileChange) -> None:
    was, now = change.was, change.now
    if change.is_replaced:
        st.markdown(f":orange-badge[replaced] **{plain(now.name)}** {_facts(was)} → {_facts(now)}")
    if change.is_renamed:
        st.markdown(f":blue-badge[renamed] {plain(was.name)} → **{plain(now.name)}**")
    if change.is_in_another_volume:
        st.markdown(
            f":blue-badge[volume] **{plain(now.name)}** {plain(was.volume or 'none')} → {plain(now.volume or 'none')}"
        )


def _draw_text(text: TextChange) -> None:
    was, now = (_short(value) for value in (text.was, text.now))
    st.markdown(f":blue-badge[changed] **{plain(text.label)}** {plain(was)} → {plain(now)}")


def _facts(file: PackedFile) -> str:
    return f":small[version {file.version}, {size_words(file.size)}, SHA-256 `{file.sha256[:SHORT]}…`]"


def _short(value: str | None) -> str:
    if value is None:
        return "nothing"
    is_hash = len(value) in (32, 64) and all(sign in "0123456789abcdef" for sign in value)
    return f"{value[:SHORT]}…" if is_hash else value
