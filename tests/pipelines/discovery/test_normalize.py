"""Fields as the lake keeps them: every quirk of both feeds, nothing refused for a bad value."""

import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.discovery.connector import connector_of
from pipelines.discovery.records import read_slices
from pipelines.discovery.shapes import Shape, detect
from tests.fakes.sam_gov import COLUMNS, csv_bytes, csv_row, json_lines, sam_id, v2_record
from warehouse.domain.notice import NoticeType


def rows_of(body: bytes) -> list[dict[str, Any]]:
    """Read a body's notices in the order of its records."""
    shape = detect(io.BytesIO(body))
    assert isinstance(shape, Shape), shape
    rows = [
        row
        for part in read_slices(io.BytesIO(body), shape)
        for row in connector_of("sam_gov").to_rows(part).rows.to_pylist()
    ]
    return sorted(rows, key=lambda row: row["position"])


def from_csv(**changes: str) -> dict[str, Any]:
    """Read one row of the daily file."""
    return rows_of(csv_bytes([csv_row(1, **changes)]))[0]


def from_v2(**changes: Any) -> dict[str, Any]:
    """Read one record of the API."""
    return rows_of(json_lines([v2_record(1, **changes)]))[0]


def test_a_row_of_the_daily_file() -> None:
    row = from_csv(
        AwardDate="2026-04-01", ceiling="350000.00", Awardee="ACME INC ", AwardNumber="W912-26-C-0001", PopState="AL"
    )
    assert row["source"] == "sam_gov"
    assert row["notice_id"] == sam_id(1)
    assert row["notice_type"] == NoticeType.SOLICITATION
    assert row["posted_at"] == datetime(2026, 4, 8, 16, 32, 43, 5000, UTC)
    assert row["posted_precision"] == "instant"
    assert row["response_deadline_at"] == datetime(2026, 4, 25, 18, tzinfo=UTC)
    assert row["response_deadline_offset_minutes"] == -240
    assert row["archive_on"] == date(2026, 5, 10)
    assert row["naics_codes"] == ["811310"]
    assert row["set_aside_code"] == "SBA"
    assert (row["award_on"], row["award_ceiling_usd"]) == (date(2026, 4, 1), Decimal("350000.00"))
    assert row["awardee_name"] == "ACME INC"
    assert row["place_state"] == "AL"
    assert row["office_state"] == "GA"
    assert row["contacts"] == "[]"
    assert row["description_text"] == csv_row(1)["Description"]
    assert not row["flags"]
    assert not row["lacks_keys"]
    assert len(row["content_hash"]) == 32


def test_a_record_of_the_api() -> None:
    award = {"date": "2026-04-01", "number": "N1", "amount": "5000000.00", "awardee": {"name": "ACME &amp; SONS"}}
    people = [{"type": "primary", "fullName": "A B", "email": "", "phone": "a.b@example.gov", "fax": "", "title": None}]
    links = ["https://sam.gov/f/1/download?api_key=K&token=", "not a link"]
    row = from_v2(award=award, pointOfContact=people, resourceLinks=links, naicsCodes=["811310", "541330"])
    assert row["agency"] == "DEPT OF DEFENSE"
    assert row["sub_agency"] == "DEPT OF THE ARMY"
    assert row["office"] == "W074 ENDIST SAVANNAH"
    assert row["posted_at"] == datetime(2026, 4, 8, 4, tzinfo=UTC)
    assert row["posted_precision"] == "date"
    assert row["award_ceiling_usd"] == Decimal(5_000_000)
    assert row["awardee_name"] == "ACME & SONS"
    assert json.loads(row["contacts"]) == [
        {"role": "primary", "title": None, "name": "A B", "email": "a.b@example.gov", "phone": None, "fax": None}
    ]
    assert row["attachment_urls"] == ["https://sam.gov/f/1/download?token="]
    assert row["naics_codes"] == ["541330", "811310"]
    assert row["naics_code"] == "811310"
    assert row["description_text"] is None
    assert row["description_url"] == v2_record(1)["description"]
    assert not row["lacks_keys"]


def test_both_feeds_say_the_same_of_the_same_notice() -> None:
    csv_said, v2_said = from_csv(), from_v2()
    same = "opportunity_id solicitation_key agency sub_agency office title response_deadline_at set_aside_code psc_code url"
    for name in same.split():
        assert csv_said[name] == v2_said[name], name


@pytest.mark.parametrize(
    ("raw", "state", "precision", "at", "offset"),
    [
        ("2026-04-25", "CA", "date", datetime(2026, 4, 26, 6, 59, 59, tzinfo=UTC), -420),
        ("2026-04-25", "", "date", datetime(2026, 4, 26, 3, 59, 59, tzinfo=UTC), -240),
        ("2026-04-25T14:00:00", "TX", "assumed_zone", datetime(2026, 4, 25, 19, tzinfo=UTC), -300),
        ("2026-04-25T14:00:00+09:00", "AP", "instant", datetime(2026, 4, 25, 5, tzinfo=UTC), 540),
        ("soon", "GA", "unreadable", None, None),
        ("", "GA", "none", None, None),
    ],
)
def test_deadlines_take_the_office_zone(
    raw: str, state: str, precision: str, at: datetime | None, offset: int | None
) -> None:
    row = from_csv(ResponseDeadLine=raw, State=state, PopState="")
    assert row["response_deadline_precision"] == precision
    assert row["response_deadline_at"] == at
    assert row["response_deadline_offset_minutes"] == offset
    assert row["response_deadline_raw"] == (raw or None)
    marks = {"date": "deadline_date_only", "assumed_zone": "deadline_zone_assumed", "unreadable": "deadline_unreadable"}
    assert (marks.get(precision) in row["flags"]) == (precision in marks)


def test_without_an_office_the_place_of_performance_gives_the_zone() -> None:
    assert from_csv(ResponseDeadLine="2026-04-25", State="", PopState="HI")["response_deadline_offset_minutes"] == -600
    place = {"city": {"code": "1", "name": "Hilo"}, "state": {"code": "HI", "name": "Hawaii"}}
    row = from_v2(responseDeadLine="2026-04-25", officeAddress=None, placeOfPerformance=place)
    assert row["response_deadline_offset_minutes"] == -600
    assert (row["place_city"], row["place_state"]) == ("Hilo", "HI")


@pytest.mark.parametrize(
    ("column", "raw", "field", "value", "flag"),
    [
        ("SetASideCode", '["SBA"]', "set_aside_code", "SBA", "set_aside_from_json"),
        ("SetASideCode", "NONE", "set_aside_code", None, None),
        ("SetASideCode", "", "set_aside_code", None, None),
        ("SetASideCode", "ask the officer", "set_aside_code", None, "set_aside_unreadable"),
        ("NaicsCode", "541330.0", "naics_code", "541330", "naics_float"),
        ("NaicsCode", "5413", "naics_code", "5413", "naics_short"),
        ("NaicsCode", "pumps", "naics_code", None, "naics_unreadable"),
        ("ClassificationCode", "7", "psc_code", "7", None),
        ("ClassificationCode", "J04-3", "psc_code", None, "psc_unreadable"),
        ("ceiling", "lots", "award_ceiling_usd", None, "award_unreadable"),
        ("ceiling", "null", "award_ceiling_usd", None, None),
        ("Awardee", "null ", "awardee_name", None, None),
        ("ArchiveDate", "someday", "archive_on", None, "archive_unreadable"),
        ("PostedDate", "yesterday", "posted_at", None, "posted_unreadable"),
        ("Type", "solicitation", "notice_type", "Solicitation", None),
        ("Type", "Riddle", "notice_type", "Other", "type_unknown"),
        ("Title", "R&amp;D  of\n pumps", "title", "R&D of pumps", None),
        ("Sol#", "  ", "solicitation_number", None, None),
    ],
)
def test_quirks_of_the_daily_file(column: str, raw: str, field: str, value: object, flag: str | None) -> None:
    row = from_csv(**{column: raw})
    assert row[field] == value
    assert row["flags"] == ([flag] if flag else [])


def test_what_was_published_stays_beside_what_was_read() -> None:
    row = from_csv(SetASideCode="NONE", Type="Riddle")
    assert (row["set_aside_raw"], row["notice_type_raw"]) == ("NONE", "Riddle")


@pytest.mark.thorough
@pytest.mark.parametrize(
    "changes",
    [
        {"award": None}, {"award": {"awardee": {}}}, {"award": "none"}, {"pointOfContact": None}, {"pointOfContact": {}},
        {"placeOfPerformance": {}}, {"placeOfPerformance": {"country": {"code": "KOR"}}}, {"resourceLinks": None},
        {"placeOfPerformance": {"city": "Seoul", "state": {"code": "KR-48", "name": "x"}}}, {"typeOfSetAside": ""},
        {"typeOfSetAside": ["SBA"]}, {"naicsCode": 541330, "naicsCodes": "541330"}, {"officeAddress": "SAVANNAH"},
        {"fullParentPathName": None, "fullParentPathCode": None}, {"postedDate": None, "type": None}, {"title": 5},
    ],
)  # fmt: skip
def test_no_shape_of_a_field_breaks_a_record(changes: dict[str, Any]) -> None:
    row = from_v2(**changes)
    assert row["notice_id"] == sam_id(1)
    assert len(row["content_hash"]) == 32


def test_codes_come_from_lists_and_numbers_too() -> None:
    assert from_v2(typeOfSetAside=["SBA"])["set_aside_code"] == "SBA"
    row = from_v2(naicsCode=None, naicsCodes=["541330", "junk", "541330"])
    assert (row["naics_code"], row["naics_codes"]) == ("541330", ["541330"])
    assert from_v2(placeOfPerformance={"city": "Seoul"})["place_city"] == "Seoul"


def test_a_description_may_be_text_in_the_api_too() -> None:
    row = from_v2(description="See https://x.gov/f?api_key=SECRET for more.")
    assert row["description_url"] is None
    assert row["description_text"] == "See https://x.gov/f for more."


def test_a_record_that_lacks_keys_says_so() -> None:
    record = v2_record(1)
    del record["responseDeadLine"]
    other = v2_record(2)
    rows = rows_of(json_lines([other, record]))
    assert [row["lacks_keys"] for row in rows] == [False, True]
    rows = rows_of(json_lines([record, other]))
    assert [row["lacks_keys"] for row in rows] == [True, False]


def test_a_file_that_lacks_a_column_says_so() -> None:
    body = csv_bytes([csv_row(1)], [name for name in COLUMNS if name != "PopCity"])
    assert rows_of(body)[0]["lacks_keys"]


@pytest.mark.thorough
def test_the_hash_hangs_on_content_only() -> None:
    first = from_csv()
    assert from_csv()["content_hash"] == first["content_hash"]
    reordered = rows_of(csv_bytes([csv_row(2), csv_row(1)], list(reversed(COLUMNS))))[1]
    assert reordered["content_hash"] == first["content_hash"]
    for column in ("Title", "Description", "ResponseDeadLine", "PopCity", "SecondaryContactEmail", "Link", "Awardee"):
        changed = from_csv(
            **{column: "2026-04-26T14:00:00-04:00" if column == "ResponseDeadLine" else "https://sam.gov/x"}
        )
        assert changed["content_hash"] != first["content_hash"], column


def test_text_does_not_shift_between_fields() -> None:
    assert from_csv(PopCity="a", PopState="bc")["content_hash"] != from_csv(PopCity="ab", PopState="c")["content_hash"]


@pytest.mark.thorough
@pytest.mark.shared
def test_every_real_record_is_read_or_quarantined(shared_data: Path) -> None:
    import gzip

    body = gzip.decompress((shared_data / "sam_gov" / "ContractOpportunities_sample.csv.gz").read_bytes())
    shape = detect(io.BytesIO(body))
    assert isinstance(shape, Shape)
    parts = list(read_slices(io.BytesIO(body), shape, max_records=2500))
    read = [connector_of("sam_gov").to_rows(part) for part in parts]
    assert sum(part.landed for part in parts) == 6502
    assert sum(notices.rows.num_rows + len(notices.faults) for notices in read) == 6502
    rows = [row for notices in read for row in notices.rows.to_pylist()]
    precisions = {row["response_deadline_precision"] for row in rows}
    assert precisions == {"none", "instant", "date", "assumed_zone"}
    assert all(row["posted_at"] for row in rows)
    assert not any("api_key" in (row["url"] or "") for row in rows)
