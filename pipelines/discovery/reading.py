"""One landed file into the lake, slice by slice, from where the last reading stopped."""

from dataclasses import dataclass

from pipelines.discovery.connector import Connector, Progress
from pipelines.discovery.shapes import Skip
from pipelines.discovery.slices import SLICE_RECORDS
from warehouse.lake.connection import Lake
from warehouse.lake.landings import Counts, LandingState
from warehouse.lake.notices import SliceToWrite, finish_landing, write_slice
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
            notices = connector.to_notices(part)
            written = write_slice(
                lake, SliceToWrite(entry, part.start, part.end, notices.rows, notices.faults, part.is_last)
            )
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
