"""One landed file into the lake, slice by slice, from where the last reading stopped."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from pipelines.discovery.connector import Connector, Progress, RecordKind
from pipelines.discovery.normalize import ReadsNotices, without
from pipelines.discovery.shapes import Skip
from pipelines.discovery.slices import SLICE_RECORDS, Slice
from warehouse.lake.articles import resolve_articles, write_articles
from warehouse.lake.awards import resolve_awards, write_awards
from warehouse.lake.connection import Lake
from warehouse.lake.landings import Counts, LandingState
from warehouse.lake.merging import met_again
from warehouse.lake.notices import SliceToWrite, has_sightings, resolve_faults, sightings_of, write_slice
from warehouse.lake.slice_writing import RowsToWrite, finish_landing
from warehouse.landing import Entry, Landing


@dataclass(frozen=True)
class ReadFile:
    """What reading a file did now, and whether its end is reached."""

    counts: Counts
    is_complete: bool


def read_file(
    lake: Lake,
    landing: Landing,
    entry: Entry,
    connector: Connector,
    state: LandingState,
    *,
    max_records: int | None,
    progress: Progress,
    slice_records: int = SLICE_RECORDS,
) -> ReadFile:
    """Read an entry on from `state`; each slice is in the lake before the next is read.

    Args:
        lake: The lake as the pipeline.
        landing: Where the bytes lie.
        entry: The file.
        connector: Whose file it is.
        state: How far it is read.
        max_records: How many records to read at most; None: to the end.
        progress: Told the records of this file read so far.
        slice_records: Bound of one transaction.
    """
    with landing.open(entry) as stream:
        shape = connector.detect(stream)
    if isinstance(shape, Skip):  # a reader of an earlier version took it; this one does not
        finish_landing(lake, entry)
        return ReadFile(Counts(), True)
    done, bound = Counts(), min(slice_records, max_records or slice_records)
    with landing.open(entry) as stream:
        for part in connector.slices(stream, shape, state.bookmark, bound):
            written = _KEPT[connector.kind].write(lake, entry, connector, part)
            if written is None:  # another process reads the same file: it will finish it
                return ReadFile(done, True)
            done += written
            progress(f"reading {entry.origin}", part.end.position)
            if part.is_last:
                return ReadFile(done, True)
            if max_records is not None and done.landed >= max_records:
                return ReadFile(done, False)
    finish_landing(lake, entry)
    return ReadFile(done, True)


def resolve_rows(lake: Lake, entry: Entry, connector: Connector, rows: pa.Table, at: datetime) -> Counts:
    """Write records that were in quarantine and can be read now; `rows` as the connector reads them."""
    return _KEPT[connector.kind].resolve(lake, entry, rows, at)


def _write_notices(lake: Lake, entry: Entry, connector: Connector, part: Slice) -> Counts | None:
    return write_slice(lake, _read_notices(lake, entry, connector, part))


def _write_awards(lake: Lake, entry: Entry, connector: Connector, part: Slice) -> Counts | None:
    read = connector.to_rows(part)
    return write_awards(lake, RowsToWrite(entry, part.start, part.end, read.rows, read.faults, part.is_last))


def _write_news(lake: Lake, entry: Entry, connector: Connector, part: Slice) -> Counts | None:
    read = connector.to_rows(part)
    return write_articles(lake, RowsToWrite(entry, part.start, part.end, read.rows, read.faults, part.is_last))


def _read_notices(lake: Lake, entry: Entry, connector: Connector, part: Slice) -> SliceToWrite:
    """Read what has to be read of a slice: the daily file repeats most of yesterday's records byte for byte."""
    seen = again = None
    cursor = lake.cursor()
    keys = (
        connector.to_keys(part) if isinstance(connector, ReadsNotices) and has_sightings(cursor, entry.source) else None
    )
    if keys is not None:
        seen = sightings_of(cursor, entry.source, keys)
        again = met_again(keys, seen)
        part = without(part, again["position"]) if again.num_rows else part
    cursor.close()
    if again is not None and again.num_rows and not part.records.num_rows:
        return SliceToWrite(entry, part.start, part.end, None, part.faults, part.is_last, again, seen)
    read = connector.to_rows(part)
    return SliceToWrite(entry, part.start, part.end, read.rows, read.faults, part.is_last, again, seen)


@dataclass(frozen=True)
class _Kept:
    """How the records of a kind are kept: a slice as it is read, and records that come out of quarantine."""

    write: Callable[[Lake, Entry, Connector, Slice], Counts | None]
    resolve: Callable[[Lake, Entry, pa.Table, datetime], Counts]


_KEPT = {
    RecordKind.NOTICES: _Kept(_write_notices, resolve_faults),
    RecordKind.AWARDS: _Kept(_write_awards, resolve_awards),
    RecordKind.ARTICLES: _Kept(_write_news, resolve_articles),
}
