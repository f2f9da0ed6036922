"""What could not be read: each record with its reason, its place in the file and the bytes as they came."""

from dataclasses import dataclass
from datetime import datetime

import duckdb
import streamlit as st

from app.widgets import names, state
from app.widgets.text import plain
from warehouse.errors import StoreUnavailable
from warehouse.lake.connection import open_lake

MOST = 200
MOST_BYTES = 20_000


@dataclass(frozen=True)
class Quarantined:
    """One record that could not be read; `raw` is cut at 20,000 bytes."""

    source: str
    origin: str
    position: int
    line: int | None
    reason: str
    raw: bytes
    size: int
    quarantined_at: datetime


def read_quarantine() -> tuple[list[Quarantined], int]:
    """Return the newest unresolved records and how many there are in all.

    Raises:
        StoreUnavailable: the lake does not answer, or was not made yet.
    """
    cursor = open_lake("procura_analyst", read_only=True).cursor()
    try:
        rows = cursor.execute(
            "select source, origin, position, line, reason, raw[1:$most_bytes], octet_length(raw), quarantined_at"
            " from core.quarantine where resolved_at is null order by quarantined_at desc, origin, position limit $most",
            {"most": MOST, "most_bytes": MOST_BYTES},
        ).fetchall()
        counted = cursor.execute("select count(*) from core.quarantine where resolved_at is null").fetchone()
    except duckdb.Error as error:
        raise StoreUnavailable("the lake does not answer.", kept="nothing was changed.") from error
    finally:
        cursor.close()
    return [Quarantined(*row) for row in rows], int(counted[0]) if counted else 0


def draw() -> None:
    """Draw the list; a row that is chosen shows its bytes."""
    st.subheader(
        "Quarantine", anchor=False, help="Records that could not be read. None is dropped: each waits here for a mend."
    )
    try:
        rows, total = read_quarantine()
    except StoreUnavailable as error:
        state.unavailable(error)
        return
    if not rows:
        st.caption("Empty: nothing waits for a mend.")
        return
    more = f" The newest {MOST} are shown." if total > MOST else ""
    st.caption(f"{total:,} record{'' if total == 1 else 's'} could not be read.{more}")
    table = [
        {
            "Reason": r.reason,
            "File": r.origin,
            "Record": r.position,
            "Line": r.line,
            "Bytes": r.size,
            "Source": names.source(r.source),
        }
        for r in rows
    ]
    answer = st.dataframe(
        table,
        key="quarantine",
        on_select="rerun",
        selection_mode="single-row",
        hide_index=True,
        height="auto" if len(table) > 10 else "content",
        placeholder="",
        alt="Records in quarantine",
    )
    chosen = [index for index in answer["selection"]["rows"] if index < len(rows)]
    if chosen:
        row = rows[chosen[0]]
        st.markdown(f"**{plain(row.origin)}**, record {row.position:,}: {plain(row.reason)}")
        st.code(shown(row.raw), language=None, wrap_lines=True, height=300)
        if row.size > MOST_BYTES:
            st.caption(f"The first {MOST_BYTES:,} of {row.size:,} bytes.")
    else:
        st.caption(
            "Choose one to see its bytes."
        )  # below: on a telephone the grid's buttons lie over the line above it


def shown(raw: bytes) -> str:
    """Write bytes so that each can be told: text where it is UTF-8, \\x.. where it is not."""
    return raw.decode("utf-8", errors="backslashreplace").replace("\x00", "\\x00")
