"""What reading a file yields: slices of records as they came, and records that could not be read."""

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from warehouse.lake.landings import Bookmark
from warehouse.lake.quarantine import Fault

RECORD_LIMIT = 4_000_000
"""Bytes of one record. The longest real one is some 40 kB; a missing quote must not swallow a file."""
SLICE_RECORDS = 50_000
SLICE_BYTES = 128 * 1024 * 1024
BATCH_ROWS = 8_192
"""Rows of an Arrow batch: small enough that DuckDB scans a slice with all cores."""
RAW_LIMIT = 1_000_000
"""Bytes of a quarantined record that are stored; the rest is in the landing."""


@dataclass(frozen=True)
class Slice:
    """Some records in a row.

    `records` holds position (int64), reading_flags (list of text) and what the form gives: for CSV one text column a
    name of shapes.CSV_COLUMNS (null where the file lacks it), for JSON one column `text`.
    """

    feed: str
    start: Bookmark
    end: Bookmark
    records: pa.Table
    faults: tuple[Fault, ...]
    locate: Callable[[int], tuple[int, bytes]]
    """Position -> physical line (from 1) and bytes of a record of this slice."""

    is_last: bool
    """The file holds nothing behind this slice, blank lines apart."""

    @property
    def landed(self) -> int:
        """Records read, good or not."""
        return self.end.position - self.start.position


@dataclass(frozen=True)
class ReadSlice:
    """What a slice says: rows as the table of its kind of record takes them; the slice's own faults and those found in reading."""

    rows: pa.Table
    faults: tuple[Fault, ...]
