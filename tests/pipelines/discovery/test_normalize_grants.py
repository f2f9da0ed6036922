"""A grant's fields as the lake keeps them: the same from all four feeds, every form of dates and amounts, nothing refused."""

import gzip
import io
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.discovery.connectors.grants_gov import CONNECTOR
from pipelines.discovery.shapes import Shape
from pipelines.discovery.slices import Slice
from tests.fakes.grants_gov import (
    Opp,
    detail,
    detail_answer,
    extract,
    hit,
    hits_page,
    opportunity,
    simpler,
    simpler_page,
    xml_record,
    zipped,
)
from warehouse.lake.landings import Bookmark

TOLD_BY_ALL = (
    "notice_id", "opportunity_id", "title", "solicitation_number", "solicitation_key", "agency", "office", "kind", "notice_type",
    "notice_type_raw", "base_type", "posted_at", "posted_raw", "response_deadline_at", "response_deadline_raw",
    "response_deadline_precision", "aln_codes", "url",
)  # fmt: skip
TOLD_BY_THREE = (
    *TOLD_BY_ALL, "archive_on", "description_text", "eligibility_codes", "funding_category_codes", "funding_instrument_codes",
    "award_ceiling_usd", "award_floor_usd", "program_funding_usd", "expected_awards", "has_cost_sharing", "modified_on",
)  # fmt: skip


def parts_of(body: bytes) -> list[Slice]:
    shape = CONNECTOR.detect(io.BytesIO(body))
    assert isinstance(shape, Shape), shape
    return list(CONNECTOR.slices(io.BytesIO(body), shape, Bookmark(), 50_000))


def rows_of(body: bytes, *, faults: int = 0) -> list[dict[str, Any]]:
    """Read a file's notices in the order of its records."""
    read = [CONNECTOR.to_rows(part) for part in parts_of(body)]
    assert sum(len(one.faults) for one in read) == faults
    return sorted((row for one in read for row in one.rows.to_pylist()), key=lambda row: row["position"])


def forms(opp: Opp) -> dict[str, bytes]:
    """Write it in all ways in which it may come."""
    return {
        "xml": extract([xml_record(opp)]),
        "zip": zipped(extract([xml_record(opp)])),
        "hits": hits_page([hit(opp)]),
        "hit lines": lines([hit(opp)]),
        "details": detail_answer(detail(opp)),
        "detail lines": lines([{"errorcode": 0, "msg": "", "data": detail(opp)}]),
        "bare detail": json.dumps(detail(opp), indent=1).encode(),
        "simpler": simpler_page([simpler(opp)]),
        "simpler lines": lines([simpler(opp)]),
    }


def lines(records: Sequence[dict[str, Any]]) -> bytes:
    return "\n".join(json.dumps(record) for record in records).encode() + b"\n"


def from_xml(**changes: Any) -> dict[str, Any]:
    return rows_of(extract([xml_record(opportunity(1), **changes)]))[0]


@pytest.mark.parametrize("changes", [{}, {"status": "forecasted"}, {"closes": None}, {"floor": "5000", "ceiling": "0"}])
def test_all_ways_come_to_the_same_values(changes: dict[str, Any]) -> None:
    found = {name: rows_of(body)[0] for name, body in forms(opportunity(1, **changes)).items()}
    expected = found["xml"]
    for name, row in found.items():
        is_poor = name.startswith("hit")
        assert {c: row[c] for c in (TOLD_BY_ALL if is_poor else TOLD_BY_THREE)} == {
            c: expected[c] for c in (TOLD_BY_ALL if is_poor else TOLD_BY_THREE)
        }, name
        assert row["lacks_keys"] == is_poor
        assert (row["description_text"] is None) == is_poor


def test_the_fields_of_a_grant() -> None:
    row = from_xml()
    assert (row["source"], row["kind"], row["notice_id"]) == ("grants_gov", "grant", "350001")
    assert (row["notice_type"], row["notice_type_raw"], row["base_type"]) == ("Grant", "posted", "synopsis")
    assert (row["agency"], row["office"]) == ("Environmental Protection Agency", "EPA")
    assert row["posted_at"] == datetime(2026, 4, 1, 4, tzinfo=UTC)
    assert row["response_deadline_at"] == datetime(2026, 6, 5, 3, 59, 59, tzinfo=UTC), (
        "the end of that day in Eastern time"
    )
    assert (row["response_deadline_precision"], row["response_deadline_offset_minutes"]) == ("date", -240)
    assert row["archive_on"] == date(2026, 7, 4)
    assert row["eligibility_codes"] == ["06", "22", "23"]
    assert row["aln_codes"] == ["66.419"]
    assert (row["funding_category_codes"], row["funding_instrument_codes"]) == (["ENV"], ["G"])
    assert (row["award_floor_usd"], row["award_ceiling_usd"]) == (None, Decimal("250000.00"))
    assert (row["program_funding_usd"], row["expected_awards"], row["has_cost_sharing"]) == (
        Decimal("1000000.00"),
        4,
        False,
    )
    assert row["description_text"] == "Applicants measure the water of rivers & lakes."
    assert json.loads(row["contacts"])[0]["name"] == "Office of Grants 202-555-0100"
    assert row["url"] == "https://www.grants.gov/search-results-detail/350001"
    assert (row["naics_code"], row["psc_code"], row["set_aside_code"], row["naics_codes"]) == (None, None, None, [])


@pytest.mark.parametrize(
    ("stated", "raw", "at"),
    [
        ("06042026", "2026-06-04", datetime(2026, 6, 5, 3, 59, 59, tzinfo=UTC)),
        ("06/04/2026", "2026-06-04", datetime(2026, 6, 5, 3, 59, 59, tzinfo=UTC)),
        ("Jun 04, 2026 12:00:00 AM EDT", "2026-06-04", datetime(2026, 6, 5, 3, 59, 59, tzinfo=UTC)),
        ("Jun 04, 2026 05:00:00 PM EDT", "2026-06-04 17:00:00-04:00", datetime(2026, 6, 4, 21, tzinfo=UTC)),
        ("Dec 04, 2026 05:00:00 PM EST", "2026-12-04 17:00:00-05:00", datetime(2026, 12, 4, 22, tzinfo=UTC)),
        ("2026-06-04", "2026-06-04", datetime(2026, 6, 5, 3, 59, 59, tzinfo=UTC)),
        ("12312099", None, None),
        ("08202076", None, None),
        ("", None, None),
        ("13412026", "13412026", None),
        ("when funds are there", "when funds are there", None),
    ],
)
def test_dates_in_every_form(stated: str, raw: str | None, at: datetime | None) -> None:
    row = from_xml(CloseDate=stated)
    assert (row["response_deadline_raw"], row["response_deadline_at"]) == (raw, at)
    assert ("sentinel_close_date" in row["flags"]) == stated.endswith(("2099", "2076"))
    assert ("deadline_unreadable" in row["flags"]) == (raw is not None and at is None)


@pytest.mark.parametrize(
    ("stated", "usd"),
    [("none", None), ("0", None), ("", None), ("125000", 125000), ("1,250,000", 1250000), ("much", None)],
)
def test_amounts_that_say_nothing_are_unknown(stated: str, usd: int | None) -> None:
    row = from_xml(AwardCeiling=stated, AwardFloor=stated)
    assert (row["award_ceiling_usd"], row["award_floor_usd"]) == (usd, usd)
    assert ("award_unreadable" in row["flags"]) == (stated == "much")


@pytest.mark.parametrize(
    ("status", "notice_type"),
    [
        ("posted", "Grant"),
        ("forecasted", "Grant Forecast"),
        ("closed", "Closed Grant"),
        ("archived", "Closed Grant"),
        ("suspended", "Other"),
    ],
)
def test_stages(status: str, notice_type: str) -> None:
    [row] = rows_of(hits_page([hit(opportunity(1), oppStatus=status)]))
    assert (row["notice_type"], row["notice_type_raw"]) == (notice_type, status)
    assert ("type_unknown" in row["flags"]) == (notice_type == "Other")


def test_unknown_codes_are_other_and_stay_readable() -> None:
    row = from_xml(EligibleApplicants=["23", "77"], FundingInstrumentType="X")
    assert row["eligibility_codes"] == ["23", "other"]
    assert row["funding_instrument_codes"] == ["other"]
    assert row["unknown_codes"] == ["eligibility=77", "instrument=X"]
    assert "code_unknown" in row["flags"]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One.</p><p>Two &amp; three</p>", "One.\nTwo & three"),
        ("&lt;p&gt;One.&lt;/p&gt;", "One."),
        ("One&amp;lt;br/&amp;gt;two&amp;nbsp;three", "One\ntwo three"),
        ("if x < 5 &amp; y", "if x < 5 & y"),
        ("R&D <script>alert(1)</script>now", "R&D now"),
    ],
)
def test_html_becomes_text_however_often_it_was_escaped(html: str, text: str) -> None:
    assert from_xml(Description=html)["description_text"] == text


def test_a_title_with_entities_reads_as_in_the_list() -> None:
    [row] = rows_of(hits_page([hit(opportunity(1, title="AI & Digital Skills"))]))
    assert row["title"] == "AI & Digital Skills" == from_xml(OpportunityTitle="AI &amp; Digital  Skills")["title"]


def test_a_synopsis_speaks_before_the_forecast_it_came_from() -> None:
    both = detail(opportunity(1)) | {
        "forecast": detail(opportunity(1, status="forecasted"))["forecast"] | {"forecastDesc": "older"}
    }
    [row] = rows_of(detail_answer(both))
    assert row["notice_type"] == "Grant"
    assert row["description_text"] == "Applicants measure the water of rivers & lakes."
    assert row["attachment_urls"] == ["https://www.grants.gov/grantsws/rest/opportunity/att/download/350002"]


def test_what_has_no_number_at_grants_gov_goes_by_its_own() -> None:
    own = "00000000-0000-4000-8000-000000350001"
    [row] = rows_of(simpler_page([simpler(opportunity(1)) | {"legacy_opportunity_id": None}]))
    assert (row["notice_id"], row["url"]) == (own, f"https://simpler.grants.gov/opportunity/{own}")


def test_a_record_without_id_is_the_only_one_refused() -> None:
    good = xml_record(opportunity(1))
    assert len(rows_of(extract([good, xml_record(opportunity(2), OpportunityID=None)]), faults=1)) == 1
    assert len(rows_of(hits_page([hit(opportunity(1)), hit(opportunity(2), id=None)]), faults=1)) == 1
    assert not rows_of(lines([detail(opportunity(1)) | {"id": None}]), faults=1)


def test_ids_are_known_without_reading() -> None:
    for body in forms(opportunity(1)).values():
        keys = CONNECTOR.to_keys(parts_of(body)[0])
        assert keys is not None
        assert keys["notice_id"].to_pylist() == [row["notice_id"] for row in rows_of(body)]


@pytest.mark.shared
def test_real_records_read_without_a_fault(shared_data: Path) -> None:
    folder = shared_data / "grants_gov"
    [row] = rows_of((folder / "fetchOpportunity_example.json").read_bytes())
    assert len(row["eligibility_codes"]) == 15
    assert row["award_ceiling_usd"] == 125_000
    assert len(rows_of((folder / "search2_envelope_example.json").read_bytes())) == 3
    lists = json.loads((folder / "search2_hits.json").read_bytes())
    hits = [record for value in lists.values() if isinstance(value, list) for record in value]
    for body in (hits_page(hits), lines(hits)):
        rows = rows_of(body)
        assert len(rows) == len(hits) > 60
        assert all(row["title"] and row["notice_type"] != "Other" for row in rows)
        assert not any("unreadable" in flag for row in rows for flag in row["flags"])


@pytest.mark.shared
def test_real_texts_of_simpler_lose_their_markup_only(shared_data: Path) -> None:
    import csv

    with gzip.open(shared_data / "grants_gov/simpler_grants_search.csv.gz", "rt", encoding="utf-8") as file:
        stored = list(csv.DictReader(file))
    records = [
        simpler(
            opportunity(n, title=one["Title"], description=one["Description"]),
            close_date=one["Deadline"] or None, award_ceiling=float(one["Award Ceiling"]) if one["Award Ceiling"] else None,
        )
        for n, one in enumerate(stored)
    ]  # fmt: skip
    rows = rows_of(simpler_page(records))
    assert len(rows) == len(stored) > 90
    for row, one in zip(rows, stored, strict=True):
        text = row["description_text"] or ""
        assert not any(mark in text for mark in ("<p", "<br", "&nbsp;", "&lt;", "&rsquo;"))
        assert bool(row["award_ceiling_usd"]) == (float(one["Award Ceiling"] or 0) > 0)
