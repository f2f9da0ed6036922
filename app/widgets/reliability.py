"""What came of notices scored like this one: the sentence, and the diagram of what was told against what came."""

from collections.abc import Sequence

import duckdb
import streamlit as st

from app.widgets.charts import ALL, FITTING, LABEL
from pipelines.qualification.chances import Band
from warehouse.errors import StoreUnavailable
from warehouse.lake.connection import open_lake

READ = (
    "select score_from, score_to, told, came, pairs, won from marts.fit_reliability"
    " qualify version = first_value(version) over (order by recorded_at desc, version) order by band"
)
EXPLAINED = (
    "Firms with known wins were ranked by this scorer, each without its own outcomes; counted are the first twenty of every"
    " firm. Winning stands in for fit: a good bid that lost counts as not won."
)


@st.cache_data(ttl="10min", show_spinner=False)
def read_bands() -> list[Band]:
    """Read the diagram that was recorded last, by rising score; empty before the first run.

    Raises:
        StoreUnavailable: the lake does not answer, or was not made yet.
    """
    cursor = open_lake("procura_analyst", read_only=True).cursor()
    try:
        rows = cursor.execute(READ).fetchall()
    except duckdb.Error as error:
        raise StoreUnavailable("the lake does not answer.", kept="nothing was changed.") from error
    finally:
        cursor.close()
    return [Band(*row) for row in rows]


def band_of(bands: Sequence[Band], score: int) -> Band | None:
    """Pick the band of a score: the highest that begins at or below it; None below all of them."""
    return next((band for band in reversed(bands) if band.score_from <= score), None)


def sentence(bands: Sequence[Band], score: int) -> str:
    """Say what came of notices scored like this, in whole notices of a hundred; no chance is made up where none was seen."""
    band = band_of(bands, score)
    if band is None:
        return "Too few notices scored as low as this were among the first of any firm to say what came of them."
    came = round(band.came * 100)
    won = f"about {came}" if came else "fewer than one"
    return f"Of 100 notices scored {band.score_from} to {band.score_to}, firms won {won}."


def draw(score: int | None) -> None:
    """Draw the sentence and, folded, the diagram; nothing for what has no points (a hard rule takes all) or before a run."""
    if not score:
        return
    try:
        bands = read_bands()
    except StoreUnavailable:
        st.caption("What came of notices scored like this cannot be read just now.")
        return
    if not bands:
        return
    st.caption(sentence(bands, score))
    with st.expander("How well such scores hold"):
        _draw_diagram(bands)
        st.caption(EXPLAINED)


def _draw_diagram(bands: Sequence[Band]) -> None:
    import altair as alt
    import pandas as pd

    frame = pd.DataFrame(
        [
            {
                "Score": f"{b.score_from} to {b.score_to}",
                "Told": b.told,
                "Came": b.came,
                "seen": f"{b.won} of {b.pairs}",
            }
            for b in bands
        ]
    )
    base = alt.Chart(frame, height=24 * len(frame)).encode(
        y=alt.Y("Score", sort=None, axis=alt.Axis(ticks=False, domain=False, title="Score"))
    )
    percent = alt.Axis(format="%", tickCount=4, title="bar: share won · tick: chance told")
    room = alt.Scale(domain=[0, max(0.1, *(max(b.told, b.came) for b in bands)) * 1.3])
    chart = (
        base.mark_bar(color=ALL, size=14).encode(x=alt.X("Came", axis=percent, scale=room))
        + base.mark_tick(color=FITTING, thickness=3, size=20).encode(x=alt.X("Told", scale=room))
        + base.mark_text(align="left", dx=8, color=LABEL).encode(x=alt.X("Came", scale=room), text="seen")
    )
    st.altair_chart(chart, width="stretch", alt="Share won by band of score, beside the chance that was told")
