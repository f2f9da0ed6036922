"""Fit in words: the band's name and colour, and the reasons as they are shown on hover and in lists."""

from collections.abc import Sequence
from typing import Literal

import streamlit as st

from app.widgets.text import plain
from warehouse.domain.fit import Reason, Recommendation

WORDS = {Recommendation.PURSUE: "Pursue", Recommendation.WATCH: "Watch", Recommendation.PASS: "Pass"}
Colour = Literal["green", "orange", "gray"]
COLOURS: dict[Recommendation, Colour] = {
    Recommendation.PURSUE: "green",
    Recommendation.WATCH: "orange",
    Recommendation.PASS: "gray",
}


def label(score: int | None, recommendation: Recommendation | None) -> str:
    """Write a fit: "83 Pursue"; "not scored" where there is none yet."""
    return "not scored" if score is None or recommendation is None else f"{score} {WORDS[recommendation]}"


def badge(score: int | None, recommendation: Recommendation | None, reasons: Sequence[Reason]) -> None:
    """Draw a fit as a badge, its reasons on hover."""
    st.badge(
        label(score, recommendation),
        color=COLOURS[recommendation] if recommendation else "gray",
        help=hover(reasons) or None,
    )


def hover(reasons: Sequence[Reason]) -> str:
    """Return the Markdown of the reasons, one a line, greatest first."""
    return "\n".join(f"- {plain(r.text)} ({r.points:+d})" for r in reasons)


def why(reasons: Sequence[Reason], limit: int = 2) -> str:
    """Return the first reasons as plain text for a cell of a table."""
    return "; ".join(r.text.rstrip(".") for r in reasons[:limit])
