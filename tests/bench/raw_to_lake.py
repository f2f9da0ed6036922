"""(a) 50,000 notices from their raw bytes into the lake, and (b) the same notices again, against two yardsticks."""

import shutil
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb

from pipelines.discovery.discover import land_source, read_landings
from tests.bench.measure import RUNS, Figure, seconds
from tests.bench.records import records, write_records
from tests.factories import empty_lake
from warehouse.clock import now
from warehouse.lake.connection import open_lake
from warehouse.settings import Settings

NOTICES = 50_000


def quiet(what: str, done: int, total: int | None = None) -> None:
    """Hear of progress and say nothing."""


def take_in(settings: Settings, inbox: Path) -> int:
    """Land and read a folder; return the versions written."""
    land_source("sam_gov", settings, inbox=inbox, progress=quiet, at=now())
    return read_landings(settings, progress=quiet).versions


def bare_read(path: Path) -> None:
    """Read the same bytes with DuckDB and keep them, nothing else."""
    connection = duckdb.connect()
    connection.execute("create table notices as select * from read_json(?, format = 'newline_delimited')", [str(path)])
    connection.close()


def merge_with_dlt(path: Path, folder: Path) -> None:
    """Merge the same records by their id with the pipeline library that people would reach for."""
    import json

    import dlt

    pipeline = dlt.pipeline(
        "bench",
        destination=dlt.destinations.duckdb(str(folder / "dlt.duckdb")),
        dataset_name="core",
        pipelines_dir=str(folder / "pipelines"),
    )
    with path.open(encoding="utf-8") as lines:
        pipeline.run(
            (json.loads(line) for line in lines),
            table_name="notices",
            write_disposition="merge",
            primary_key="noticeId",
        )


def measure(settings: Settings) -> Iterator[Figure]:
    """Yield the figures of (a) and (b)."""
    folder = Path(tempfile.mkdtemp(dir=settings.temporary))
    first, again, bare, written = [], [], [], []
    for run in range(RUNS):
        lines = list(records(NOTICES, salt=f" {run}"))
        path = write_records(folder / f"first{run}/sam_gov/notices.jsonl", iter(lines))
        write_records(folder / f"again{run}/sam_gov/notices.jsonl", reversed(lines))
        empty_lake(open_lake())
        shutil.rmtree(settings.landing)  # or the files of earlier runs would be read again
        settings.landing.mkdir()
        bare.append(seconds(lambda path=path: bare_read(path)))
        first.append(seconds(lambda run=run: take_in(settings, folder / f"first{run}")))
        again.append(seconds(lambda run=run: written.append(take_in(settings, folder / f"again{run}"))))
    yardstick = statistics.median(bare)
    ratio, ratio_again = statistics.median(first) / yardstick, statistics.median(again) / yardstick
    yield Figure(
        "a",
        f"{NOTICES:,} notices raw → lake against bare DuckDB read_json of the same bytes",
        f"{ratio:.1f}x",
        "≤ 6x",
        ratio <= 6,
    )
    slow = seconds(lambda: merge_with_dlt(folder / "first0/sam_gov/notices.jsonl", folder))
    faster = slow / statistics.median(first)
    yield Figure(
        "a",
        f"{NOTICES:,} notices raw → lake against a dlt merge pipeline (one run of it)",
        f"{faster:.1f}x faster",
        "≥ 20x faster",
        faster >= 20,
    )
    yield Figure(
        "b",
        "the same notices again, in other bytes, against the same yardstick",
        f"{ratio_again:.1f}x",
        "≤ 3x",
        ratio_again <= 3,
    )
    yield Figure("b", "versions written by it", f"{max(written)}", "0", max(written) == 0)
