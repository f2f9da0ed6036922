"""One slice of a landed file into the lake: one transaction with its rows, its faults and how far the file is read.

A kill at any point therefore neither loses nor doubles a record. Not here: which rows (notices.py, awards.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import pyarrow as pa

from warehouse.lake.connection import Cursor, Lake
from warehouse.lake.landings import Bookmark, Counts, LandingState, landing_state, write_landing_state
from warehouse.lake.quarantine import Fault, resolve, write_faults
from warehouse.landing import Entry

WriteRows = Callable[[Cursor], int]
"""Writes what is new of a slice's rows and returns how many rows that were."""


@dataclass(frozen=True)
class Part:
    """A slice as its file sees it: from where to where, how many records were accepted, and the others."""

    entry: Entry
    start: Bookmark
    end: Bookmark
    accepted: int
    faults: Sequence[Fault]
    is_last: bool


@dataclass(frozen=True)
class RowsToWrite:
    """Some records in a row of one landed file, read; `rows` holds what the table of their kind takes, and position (bigint, unique)."""

    entry: Entry
    start: Bookmark
    end: Bookmark
    rows: pa.Table
    faults: Sequence[Fault]
    is_last: bool

    @property
    def part(self) -> Part:
        """The slice as its file sees it."""
        return Part(self.entry, self.start, self.end, self.rows.num_rows, self.faults, self.is_last)


def write_in_place(lake: Lake, part: Part, write_rows: WriteRows) -> Counts | None:
    """Write a slice in one transaction; None when another process has read this part of the file meanwhile."""
    return lake.write(lambda cursor: _write(cursor, part, write_rows))


def resolve_in_place(lake: Lake, entry: Entry, rows: pa.Table, at: datetime, write_rows: WriteRows) -> Counts:
    """Write records that were in quarantine and can be read now, as if they had been read in their place.

    Args:
        lake: The lake as the pipeline.
        entry: The file they are of.
        rows: Each position is one of an unresolved fault.
        at: When they were mended.
        write_rows: Writes them.
    """
    return lake.write(lambda cursor: _resolve(cursor, entry, rows, at, write_rows))


def finish_landing(lake: Lake, entry: Entry) -> None:
    """Mark a file as read to its end; for one that holds no further record."""

    def work(cursor: Cursor) -> None:
        write_landing_state(cursor, entry, replace(landing_state(cursor, entry), is_complete=True))

    lake.write(work)


def _write(cursor: Cursor, part: Part, write_rows: WriteRows) -> Counts | None:
    state = landing_state(cursor, part.entry)
    if state.is_complete or state.bookmark.position != part.start.position:
        return None
    versions = write_rows(cursor)
    write_faults(cursor, part.entry, part.faults)
    accepted, quarantined = part.accepted, len(part.faults)
    counts = Counts(accepted + quarantined, accepted, quarantined, accepted - versions, versions)
    write_landing_state(cursor, part.entry, LandingState(part.end, part.is_last, state.counts + counts))
    return counts


def _resolve(cursor: Cursor, entry: Entry, rows: pa.Table, at: datetime, write_rows: WriteRows) -> Counts:
    versions = write_rows(cursor)
    resolve(cursor, entry, rows["position"].to_pylist(), at)
    counts = Counts(0, rows.num_rows, -rows.num_rows, rows.num_rows - versions, versions)
    state = landing_state(cursor, entry)
    write_landing_state(cursor, entry, replace(state, counts=state.counts + counts))
    return counts
