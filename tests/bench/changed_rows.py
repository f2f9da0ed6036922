"""(c) 10,000 changed notices into 1,000,000, and into 100,000: one slice, one transaction."""

import statistics
from collections.abc import Iterator
from datetime import timedelta

import pyarrow as pa

from tests.bench.measure import RUNS, Figure, seconds
from tests.factories import AS_OF, empty_lake, many_notices
from warehouse.lake.connection import open_lake
from warehouse.lake.landings import Bookmark
from warehouse.lake.notices import NOTICE_COLUMNS, SliceToWrite, write_slice
from warehouse.landing import Entry
from warehouse.settings import Settings

CHANGED = 10_000
SIZES = (100_000, 1_000_000)


def changed_slice(size: int, run: int) -> SliceToWrite:
    """Take every hundredth (or tenth) notice as it is and give it another content."""
    rows = (
        open_lake()
        .cursor()
        .execute(
            f"select {', '.join(NOTICE_COLUMNS)} from core.notice_versions"
            " where first_seen_order = 1 and substr(notice_id, 2)::bigint % ? = 0",
            [size // CHANGED],
        )
        .to_arrow_table()
    )
    hashes = pa.array([f"{run:02d}{value[2:]}" for value in rows["content_hash"].to_pylist()])
    rows = rows.set_column(rows.column_names.index("content_hash"), "content_hash", hashes)
    rows = rows.append_column("position", pa.array(range(1, rows.num_rows + 1), pa.int64()))
    rows = rows.append_column("record_hash", pa.array(range(run * CHANGED, run * CHANGED + rows.num_rows), pa.uint64()))
    rows = rows.append_column("lacks_keys", pa.array([False] * rows.num_rows))
    entry = Entry(
        source="sam_gov",
        order=run + 2,
        sha256=f"{run:064x}",
        fetched_at=AS_OF + timedelta(hours=run),
        origin="day.csv",
        feed="bulk_csv",
        size=0,
        encoding="zstd",
    )
    return SliceToWrite(entry, Bookmark(), Bookmark(position=rows.num_rows), rows, (), is_last=True)


def measure(settings: Settings) -> Iterator[Figure]:
    """Yield the figures of (c)."""
    taken = {}
    for size in SIZES:
        empty_lake(open_lake())
        many_notices(open_lake(), size, text=1_000)
        times = []
        for run in range(RUNS):
            part = changed_slice(size, run + size % 7)
            times.append(seconds(lambda part=part: write_slice(open_lake(), part)))
        taken[size] = statistics.median(times)
    small, large = (taken[size] for size in SIZES)
    yield Figure("c", f"{CHANGED:,} changed notices into {SIZES[1]:,}", f"{large:.2f} s", "≤ 0.5 s", large <= 0.5)
    yield Figure(
        "c", f"that against {CHANGED:,} into {SIZES[0]:,}", f"{large / small:.2f}x", "≤ 1.5x", large <= 1.5 * small
    )
