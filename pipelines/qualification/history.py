"""What was said and decided, kept in the lake for good: every fit score, every decision, every reliability diagram.

Rows are appended and never changed. Not here: what the ledger says now (snapshot.py).
"""

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from pipelines.qualification.chances import Chances
from warehouse.lake.connection import Cursor, Lake
from warehouse.ledger.fit_history import decisions_after, score_ids_since, scores_of
from warehouse.ledger.store import Ledger, Row

PART = 20_000
"""Scores carried at once: their reasons are a kilobyte each."""

SCORES: dict[str, pl.DataType | type[pl.DataType]] = {
    "score_id": pl.Int64, "opportunity_id": pl.String, "content_hash": pl.String, "profile_version": pl.String,
    "scorer": pl.String, "rule": pl.String, "fit_score": pl.Int32, "recommendation": pl.String, "reasons": pl.String,
    "as_of": pl.Datetime("us", "UTC"), "scored_at": pl.Datetime("us", "UTC"),
}  # fmt: skip
DECISIONS: dict[str, pl.DataType | type[pl.DataType]] = {
    "decision_id": pl.Int64, "opportunity_id": pl.String, "status": pl.String, "decided_at": pl.Datetime("us", "UTC"),
}  # fmt: skip


def append_scores(lake: Lake, ledger: Ledger) -> int:
    """Bring every score that marts.fit_history lacks; return how many."""
    newest = _one(lake, "select max(scored_at) from marts.fit_history")
    with ledger.read() as tx:
        ids = score_ids_since(tx, newest if isinstance(newest, datetime) else None)
    missing, count = _unknown(lake, "marts.fit_history", "score_id", ids), 0
    for start in range(0, len(missing), PART):
        with ledger.read() as tx:
            rows = scores_of(tx, missing[start : start + PART])
        count += _append(lake, "marts.fit_history", "score_id", rows, SCORES)
    return count


def append_decisions(lake: Lake, ledger: Ledger) -> int:
    """Bring every decision that core.decisions lacks, without who took it; return how many."""
    newest = _one(lake, "select max(decision_id) from core.decisions")
    with ledger.read() as tx:
        rows = decisions_after(tx, newest if isinstance(newest, int) else 0)
    return _append(lake, "core.decisions", "decision_id", rows, DECISIONS)


def record_reliability(lake: Lake, chances: Chances | None, *, at: datetime) -> int:
    """Keep the diagram of these chances beside those of earlier ones; return the bands written, 0 when it is there."""
    if chances is None:
        return 0
    version = chances.version
    bands = [
        (version, chances.ranker, chances.learned_from, number, b.score_from, b.score_to, b.told, b.came, b.pairs, b.won, at)
        for number, b in enumerate(chances.bands, start=1)
    ]  # fmt: skip

    def write(cursor: Cursor) -> int:
        known = cursor.execute("select 1 from marts.fit_reliability where version = ? limit 1", [version]).fetchone()
        if known or not bands:
            return 0
        cursor.executemany("insert into marts.fit_reliability values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", bands)
        return len(bands)

    return lake.write(write)


def _one(lake: Lake, question: str) -> object:
    cursor = lake.cursor()
    try:
        found = cursor.execute(question).fetchone()
    finally:
        cursor.close()
    return found[0] if found else None


def _unknown(lake: Lake, table: str, key: str, ids: Sequence[int]) -> list[int]:
    """Return those of `ids` that the table lacks, ascending."""
    cursor = lake.cursor()
    try:
        cursor.register("asked", pl.DataFrame({key: ids}, schema={key: pl.Int64}).to_arrow())
        found = cursor.execute(f"from asked anti join {table} using ({key}) order by {key}").fetchall()
        cursor.unregister("asked")
    finally:
        cursor.close()
    return [int(row[0]) for row in found]


def _append(
    lake: Lake, table: str, key: str, rows: Sequence[Row], columns: dict[str, pl.DataType | type[pl.DataType]]
) -> int:
    if not rows:
        return 0
    frame = pl.DataFrame([tuple(row.values()) for row in rows], schema=columns, orient="row").to_arrow()

    def write(cursor: Cursor) -> int:
        cursor.register("incoming", frame)
        try:
            # Those that another run brought meanwhile stay as they are.
            done = cursor.execute(
                f"insert into {table} by name from incoming anti join {table} using ({key})"
            ).fetchone()
        finally:
            cursor.unregister("incoming")
        return int(done[0]) if done else 0

    return lake.write(write)
