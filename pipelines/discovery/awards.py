"""A slice of raw records -> awards as the lake keeps them, set-wise in DuckDB; the rules are in the SQL beside this file.

Not here: reading files (records.py), what was known before (warehouse/lake/awards.py).
"""

import functools
from pathlib import Path

import pyarrow as pa

from pipelines.discovery.slice_reading import read_slice
from pipelines.discovery.slices import BATCH_ROWS, ReadSlice, Slice
from warehouse.lake.awards import AWARD_COLUMNS
from warehouse.lake.notice_engine import notice_engine


def read_awards(part: Slice, source: str) -> ReadSlice:
    """Read the fields of a slice; what is no JSON or has no award id becomes a fault, nothing else is refused.

    Returns:
        The columns of core.awards that say something of the award, and position (bigint).
    """
    return read_slice(part, lambda part: _read(part, source), id_name="the award's id (generated_internal_id)")


def _read(part: Slice, source: str) -> pa.Table:
    with notice_engine() as engine:
        engine.register("records", part.records)
        rows = engine.execute(_statement(), {"source": source}).to_arrow_table(BATCH_ROWS)
        return rows.select(["position", "lacks_id", *AWARD_COLUMNS])


@functools.cache
def _statement() -> str:
    return Path(__file__).with_name("normalize_awards.sql").read_text(encoding="utf-8")
