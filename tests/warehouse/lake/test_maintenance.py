"""Upkeep of the lake: fewer and no more bytes than before, the same content, nothing taken from who is just reading."""

import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from tests.factories import empty_lake, land, notice
from warehouse import clock
from warehouse.lake.connection import Cursor, open_lake
from warehouse.lake.maintenance import FILES_LAST, SNAPSHOTS_LAST, maintain_lake
from warehouse.settings import ROOT, Settings

pytestmark = pytest.mark.thorough
CONTENT = "select count(*), bit_xor(hash(v)) from (select notice_id, content_hash, title, attachment_urls from core.notice_versions) v"


@pytest.fixture
def small_files(home: Settings) -> int:
    """A lake of many small files, some of whose rows were removed; how many files there are."""
    lake = open_lake()
    empty_lake(lake)
    for part in range(12):
        land(lake, [notice(f"n{part}-{n}", seen=part + 1) for n in range(40)])
    lake.write(lambda cursor: cursor.execute("delete from core.notice_versions where notice_id like 'n3-%'"))
    return files_of("notice_versions")


def files_of(table: str) -> int:
    statement = "select file_count from ducklake_table_info('lake') where table_name = ?"
    found = open_lake().cursor().execute(statement, [table]).fetchone()
    return int(found[0]) if found else 0


def content(cursor: Cursor | None = None) -> tuple[int, int] | None:
    return (cursor or open_lake().cursor()).execute(CONTENT).fetchone()


def on_disk(home: Settings) -> int:
    return sum(1 for _ in Path(home.lake).rglob("*.parquet"))


def test_many_small_files_become_few_with_the_same_content(small_files: int, home: Settings) -> None:
    before = content()
    assert small_files > 10
    done = maintain_lake(open_lake(), at=clock.now() + SNAPSHOTS_LAST + timedelta(days=2))
    assert files_of("notice_versions") == 1
    assert content() == before
    assert done.files[1] < done.files[0]
    assert done.bytes[1] < done.bytes[0]
    assert done.snapshots_ended > 12
    assert done.files_deleted > 0
    assert on_disk(home) == done.files[1]


def test_tonight_keeps_the_last_days_and_files_that_may_just_be_read(small_files: int, home: Settings) -> None:
    cursor = open_lake().cursor()
    there, before = on_disk(home), content(cursor)
    snapshots = cursor.execute("select count(*) from ducklake_snapshots('lake')").fetchone()
    done = maintain_lake(open_lake(), at=clock.now())
    assert (done.snapshots_ended, done.files_deleted) == (0, 0)
    assert on_disk(home) > there
    assert cursor.execute("select count(*) from ducklake_snapshots('lake')").fetchone() > snapshots
    assert content(cursor) == before
    later = maintain_lake(open_lake(), at=clock.now() + SNAPSHOTS_LAST + timedelta(hours=1))
    assert later.snapshots_ended > 0
    assert later.files_deleted > 0 or FILES_LAST > SNAPSHOTS_LAST
    assert content(cursor) == before


def test_a_second_upkeep_finds_nothing_to_do(small_files: int) -> None:
    later = clock.now() + SNAPSHOTS_LAST + timedelta(days=2)
    maintain_lake(open_lake(), at=later)
    again = maintain_lake(open_lake(), at=later)
    assert again.files[0] == again.files[1]
    assert again.bytes[0] == again.bytes[1]


def test_a_session_that_has_read_before_reads_on(small_files: int) -> None:
    reader = open_lake("procura_analyst", read_only=True)
    land(open_lake(), [notice("one more", seen=20)])  # so few rows lie in the catalogue, not in a file
    there = len(reader.cursor().execute("select * from core.notice_versions").fetchall())
    maintain_lake(open_lake(), at=clock.now() + SNAPSHOTS_LAST + timedelta(days=2))
    assert len(reader.cursor().execute("select * from core.notice_versions").fetchall()) == there


CHILD = """
from datetime import timedelta
from warehouse import clock
from warehouse.lake.connection import open_lake
from warehouse.lake.maintenance import SNAPSHOTS_LAST, maintain_lake
lake = open_lake()
print("begins", flush=True)
maintain_lake(lake, at=clock.now() + SNAPSHOTS_LAST + timedelta(days=2))
"""


@pytest.mark.parametrize("milliseconds", [5, 40, 120, 250, 400])
def test_killed_in_the_middle_it_loses_nothing_and_is_simply_begun_again(small_files: int, milliseconds: int) -> None:
    before = content()
    child = subprocess.Popen([sys.executable, "-c", CHILD], cwd=ROOT, stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"begins\n"
    time.sleep(milliseconds / 1000)
    child.kill()
    child.wait()
    assert content() == before
    maintain_lake(open_lake(), at=clock.now() + SNAPSHOTS_LAST + timedelta(days=2))
    assert content() == before
    assert files_of("notice_versions") == 1
