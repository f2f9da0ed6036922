"""A notice's text with passages marked: quotes that prove a point, and what speaks to a reading machine.

Not here: which passages (assessment.py).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from app.widgets.text import plain


@dataclass(frozen=True)
class Mark:
    """A passage as it stands in the text shown, and its colour."""

    text: str
    colour: Literal["green", "red", "orange"]


def marked(text: str, marks: Iterable[Mark]) -> str:
    """Return the Markdown of a text with its marks; a mark that does not stand there, or inside another one, is left out."""
    parts, at = [], 0
    for start, end, colour in _placed(text, marks):
        parts += [_escaped(text[at:start]), _coloured(text[start:end], colour)]
        at = end
    return "".join([*parts, _escaped(text[at:])])


def _placed(text: str, marks: Iterable[Mark]) -> list[tuple[int, int, str]]:
    found = [(text.find(mark.text), mark) for mark in marks if mark.text.strip()]
    spans = sorted((start, start + len(mark.text), mark.colour) for start, mark in found if start >= 0)
    kept: list[tuple[int, int, str]] = []
    for start, end, colour in spans:
        if not kept or start >= kept[-1][1]:
            kept.append((start, end, colour))
    return kept


def _coloured(text: str, colour: str) -> str:
    """Colour line by line: a mark of Streamlit's Markdown does not go over the end of a line."""
    return _lines([f":{colour}-background[{_escaped(line)}]" if line.strip() else "" for line in text.split("\n")])


def _escaped(text: str) -> str:
    return _lines([_kept_blanks(line) for line in text.split("\n")])


def _kept_blanks(line: str) -> str:
    """Escape a line; the blanks at its ends stay, which `plain` takes away."""
    bare = plain(line)
    before, after = " " * line.startswith(" "), " " * line.endswith(" ")
    return f"{before}{bare}{after}" if bare else " " * bool(line)


def _lines(lines: Sequence[str]) -> str:
    return "  \n".join(lines)
