"""Charts with direct labels, each with its table folded below. Altair is imported when the first one is drawn.

The same colour means the same thing on every page: blue is all, green is what fits.
"""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

ALL, FITTING, LABEL = "#5b8fc9", "#3d9b68", "#7c8894"
"""Readable on light and on dark ground (contrast 3:1 and more on both)."""
STEP = 30


def columns(bars: Sequence[tuple[str, int]], *, x: str, y: str, alt: str) -> None:
    """Draw columns in the order given, each with its number on top."""
    import altair as alt_

    frame = pd.DataFrame(bars, columns=[x, y])
    base = alt_.Chart(frame, height=170).encode(
        x=alt_.X(
            x,
            sort=None,
            scale=alt_.Scale(paddingInner=0.35, paddingOuter=0.2),
            axis=alt_.Axis(labelAngle=0, labelOverlap=True, ticks=False, domain=False, title=x),
        ),
        y=alt_.Y(y, axis=None),
    )
    chart = base.mark_bar(color=ALL) + base.mark_text(dy=-8, color=LABEL).encode(text=alt_.Text(y, format=","))
    st.altair_chart(chart, width="stretch", alt=alt)
    _draw_table(frame)


def bars(rows: Sequence[tuple[str, int, int]], *, what: str, alt: str) -> None:
    """Draw a bar a row for all, with the part that fits inside it; rows are (name, all, fitting)."""
    import altair as alt_

    frame = pd.DataFrame(rows, columns=[what, "Open", "Fitting"])
    frame["label"] = [f"{n:,}, {fitting:,} fit" for _, n, fitting in rows]
    base = alt_.Chart(frame, height=STEP * len(frame)).encode(
        y=alt_.Y(what, sort=None, axis=alt_.Axis(ticks=False, domain=False, title=None, labelLimit=220)),
    )
    room = max((n for _, n, _ in rows), default=1) * 1.35
    scale = alt_.Scale(domain=[0, room])
    chart = (
        base.mark_bar(color=ALL, opacity=0.55, size=16).encode(x=alt_.X("Open", axis=None, scale=scale))
        + base.mark_bar(color=FITTING, size=16).encode(x=alt_.X("Fitting", axis=None, scale=scale))
        + base.mark_text(align="left", dx=5, color=LABEL).encode(x=alt_.X("Open", scale=scale), text="label")
    )
    st.altair_chart(chart, width="stretch", alt=alt)
    _draw_table(frame.drop(columns="label"))


def _draw_table(frame: pd.DataFrame) -> None:
    with st.expander("As a table"):
        st.dataframe(frame, hide_index=True, height="content")
