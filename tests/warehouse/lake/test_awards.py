"""Awards in the lake: the newest stands, the same again writes nothing, and slicing changes nothing."""

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from pipelines.discovery.awards import read_awards
from pipelines.discovery.connectors.usaspending import AWARDS
from pipelines.discovery.records import read_slices
from pipelines.discovery.shapes import Shape, detect
from tests.fakes.usaspending import award_record
from warehouse.lake.awards import resolve_awards, write_awards
from warehouse.lake.connection import open_lake
from warehouse.lake.landings import Counts
from warehouse.lake.quarantine import list_quarantine
from warehouse.lake.slice_writing import RowsToWrite
from warehouse.landing import Entry, Landing
from warehouse.settings import Settings

AT = datetime(2026, 4, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _empty(home: Settings) -> None:
    for table in ("awards", "landings", "quarantine"):
        open_lake().write(lambda cursor, table=table: cursor.execute(f"delete from core.{table}"))


def write(home: Settings, *records: dict[str, Any], days: int = 0, at_once: int = 100) -> tuple[Entry, Counts]:
    """Land and read a file of some records."""
    body = b"\n".join(json.dumps(record).encode() for record in records) + b"\n" + b" " * days
    entry, _ = Landing(home.landing).add(
        "usaspending", io.BytesIO(body), feed=AWARDS.feed, origin="file", fetched_at=AT + timedelta(days=days)
    )
    shape, total = detect(io.BytesIO(body), AWARDS), Counts()
    assert isinstance(shape, Shape)
    for part in read_slices(io.BytesIO(body), shape, max_records=at_once):
        read = read_awards(part, "usaspending")
        counts = write_awards(
            open_lake(), RowsToWrite(entry, part.start, part.end, read.rows, read.faults, part.is_last)
        )
        assert counts is not None
        total += counts
        if part.is_last:
            break
    return entry, total


def held(columns: str = "description, landing_order") -> list[tuple[Any, ...]]:
    return open_lake().cursor().execute(f"select {columns} from core.awards order by award_id").fetchall()


def award(description: str, changed: str | None = "2026-04-08") -> dict[str, Any]:
    return award_record(1, Description=description, **{"Last Modified Date": changed})


def test_the_newest_change_stands_in_whatever_order_files_come(home: Settings) -> None:
    first, _ = write(home, award("NEW", "2026-04-09"))
    write(home, award("OLD", "2026-04-01"), days=1)
    write(home, award("UNDATED", None), days=2)
    assert held() == [("NEW", first.order)]
    later, counts = write(home, award("CORRECTED", "2026-04-09"), days=3)
    assert held() == [("CORRECTED", later.order)]
    assert (counts.versions, counts.unchanged) == (1, 0)
    assert held("first_seen_at, changed_at") == [(AT, AT + timedelta(days=3))]


def test_the_same_again_writes_no_row(home: Settings) -> None:
    write(home, award("A"), award_record(2))
    before = held("*")
    _, counts = write(home, award_record(2), award("A"), days=1)
    assert counts == Counts(2, 2, 0, 2, 0)
    assert held("*") == before


@pytest.mark.parametrize("at_once", [1, 2, 100])
def test_an_award_twice_in_one_file_reads_the_same_however_it_is_sliced(home: Settings, at_once: int) -> None:
    write(home, award("A"))
    write(home, award("B"), award("A"), award("C", "2026-04-07"), days=1, at_once=at_once)
    assert [row[0] for row in held()] == ["B"]


def test_a_part_that_another_process_has_read_is_left(home: Settings) -> None:
    entry, _ = write(home, award("A"))
    nothing = pa.table({"position": pa.array([], pa.int64())})
    (part,) = read_slices(io.BytesIO(b"{}"), detect_lines())
    assert write_awards(open_lake(), RowsToWrite(entry, part.start, part.end, nothing, [], True)) is None


def detect_lines() -> Shape:
    shape = detect(io.BytesIO(json.dumps(award("A")).encode()), AWARDS)
    assert isinstance(shape, Shape)
    return shape


def test_what_comes_out_of_quarantine_enters_in_its_own_place(home: Settings) -> None:
    lost = award("LOST")
    del lost["generated_internal_id"]
    entry, counts = write(home, award_record(2), lost)
    assert (counts.accepted, counts.quarantined) == (1, 1)
    (part,) = read_slices(io.BytesIO(json.dumps(award("FOUND")).encode()), detect_lines())
    rows = read_awards(part, "usaspending").rows
    rows = rows.set_column(rows.schema.get_field_index("position"), "position", pa.array([2], pa.int64()))
    assert resolve_awards(open_lake(), entry, rows, AT + timedelta(days=9)) == Counts(0, 1, -1, 0, 1)
    assert [row[0] for row in held()] == ["FOUND", "NETWORK SUPPORT SERVICES 2"]
    assert held("changed_at")[0] == (AT,)
    assert list_quarantine(open_lake().cursor(), "usaspending") == []
