"""A kill at any moment of reading neither loses nor doubles a record."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.discovery.discover import read_landings
from tests.fakes.sam_gov import csv_bytes, csv_row
from warehouse.lake.connection import open_lake
from warehouse.landing import Landing
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

ROWS = 2_000
READER = """
from pipelines.discovery.discover import read_landings
from warehouse.settings import current

read_landings(current(), progress=lambda what, done, total=None: print(done, flush=True), slice_records=50)
"""


@pytest.mark.timeout(240)
def test_killed_readers_lose_and_double_nothing(home: Settings) -> None:
    bodies = [csv_bytes([csv_row(n, PopCity=city) for n in range(ROWS)]) + b'"cut\r\n' for city in ("Macon", "Rome")]
    for number, body in enumerate(bodies):
        path = home.temporary / f"{number}.csv"
        path.write_bytes(body)
        with path.open("rb") as stored:
            Landing(home.landing).add(
                "sam_gov", stored, feed="bulk_csv", origin=path.name, fetched_at=datetime(2026, 4, 10, tzinfo=UTC)
            )
    for patience in (0.3, 0.7, 0.2, 0.5):
        _read_and_kill(patience)
    read_landings(home, progress=lambda *_: None, slice_records=500)
    cursor = open_lake().cursor()
    landings = cursor.execute(
        "select landed, accepted, quarantined, versions, is_complete from core.landings order by landing_order"
    ).fetchall()
    assert landings == [(ROWS + 1, ROWS, 1, ROWS, True)] * 2
    versions = "select count(*), count(distinct notice_id), count(distinct (notice_id, content_hash)) from core.notice_versions"
    assert cursor.execute(versions).fetchone() == (2 * ROWS, ROWS, 2 * ROWS)
    sightings = "select count(*), count(distinct (notice_id, content_hash)) from core.notice_sightings"
    assert cursor.execute(sightings).fetchone() == (2 * ROWS, 2 * ROWS)
    current = "select distinct place_city from core.notices where is_current"
    assert cursor.execute(current).fetchall() == [("Rome",)]
    assert cursor.execute("select count(*) from core.quarantine").fetchone() == (2,)


def _read_and_kill(patience: float) -> None:
    """Start a reader, wait for its first slices and a moment more, kill it."""
    reader = subprocess.Popen(
        [sys.executable, "-c", READER],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
        env=dict(os.environ),
    )
    assert reader.stdout is not None
    told = [reader.stdout.readline() for _ in range(3)]
    assert all(told), "it reads, and has not ended"
    time.sleep(patience)
    reader.send_signal(signal.SIGKILL)
    assert reader.wait() == -signal.SIGKILL, "it was killed while it read"
    reader.stdout.close()
