"""Demo notices: recognisable, the same for a day, and like real ones in their ways."""

import io
import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta

from pipelines.discovery.connector import connector_of
from pipelines.discovery.connectors.demo import demo_records
from pipelines.discovery.records import read_slices
from pipelines.discovery.shapes import Shape, detect
from warehouse.domain.codes import is_naics, is_psc, is_set_aside

DAY = date(2026, 4, 10)


def test_a_day_always_has_the_same_notices() -> None:
    assert demo_records(DAY) == demo_records(DAY)
    assert demo_records(DAY) != demo_records(DAY + timedelta(days=1))


def test_there_are_some_hundreds_all_recognisable() -> None:
    records = demo_records(DAY)
    assert 380 <= len(records) <= 460
    assert all(record["noticeId"].startswith("demo-") for record in records)
    assert len({record["noticeId"] for record in records}) == len(records)
    assert all("demonstration notice" in record["description"] for record in records)
    chains = Counter(record["solicitationNumber"] for record in records)
    assert sum(count > 1 for count in chains.values()) > 25


def test_they_are_read_like_real_ones() -> None:
    body = "".join(json.dumps(record) + "\n" for record in demo_records(DAY)).encode()
    shape = detect(io.BytesIO(body))
    assert isinstance(shape, Shape)
    (part,) = read_slices(io.BytesIO(body), shape)
    read = connector_of("demo").to_rows(part)
    rows = read.rows.to_pylist()
    assert not read.faults
    assert not any(row["lacks_keys"] for row in rows)
    assert all(is_naics(row["naics_code"]) and is_psc(row["psc_code"]) for row in rows)
    assert all(row["set_aside_code"] is None or is_set_aside(row["set_aside_code"]) for row in rows)
    assert {row["response_deadline_precision"] for row in rows} == {"instant", "date", "assumed_zone", "none"}
    noon = datetime(2026, 4, 10, 12, tzinfo=UTC)
    ahead = sum(row["response_deadline_at"] is not None and row["response_deadline_at"] > noon for row in rows)
    assert ahead > 250
    assert all(row["posted_at"] <= noon for row in rows)
