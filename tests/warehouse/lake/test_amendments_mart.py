"""The mart of amendments: field by field what changed from one notice of a solicitation to the next, and by how far the deadline moved."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.factories import AS_OF, land, notice
from warehouse.lake.connection import open_lake
from warehouse.lake.marts import refresh_mart
from warehouse.settings import Settings

POSTED = AS_OF - timedelta(days=20)
DUE = AS_OF + timedelta(days=10)


@pytest.fixture(scope="module", autouse=True)
def _home(home: Settings) -> None:
    """One lake for all tests of this file: each uses a solicitation of its own."""


def amendments(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    """Land notices one after the other and return what the mart tells of them, in order."""
    for row in rows:
        land(open_lake(), [row])
    refresh_mart(open_lake(), "amendments", as_of=AS_OF)
    statement = "select * from marts.amendments where opportunity_id = ? order by step, field"
    found = open_lake().cursor().execute(statement, [rows[-1]["opportunity_id"]]).to_arrow_table().to_pylist()
    return [dict(row) for row in found]


def of(solicitation: str, notice_id: str, *, day: int, **changes: Any) -> dict[str, Any]:
    """Return a notice of a solicitation, posted on a day."""
    named = {"opportunity_id": solicitation, "solicitation_key": solicitation, "solicitation_number": solicitation}
    facts = {"response_deadline_at": DUE, "response_deadline_raw": "first", "posted_at": POSTED + timedelta(days=day)}
    return notice(notice_id, **(named | facts | changes))


def test_each_changed_field_is_a_row_with_what_it_was_and_is() -> None:
    found = amendments(
        of("S1", "s1a", day=0, title="Pumps", set_aside_code=None),
        of("S1", "s1b", day=1, title="Pumps and valves", set_aside_code="SBA"),
    )
    told = [(row["field"], row["was"], row["now"], row["from_notice_id"], row["notice_id"]) for row in found]
    assert told == [("set_aside_code", None, "SBA", "s1a", "s1b"), ("title", "Pumps", "Pumps and valves", "s1a", "s1b")]
    assert {row["deadline_moved_days"] for row in found} == {None}
    assert {row["posted_at"] for row in found} == {POSTED + timedelta(days=1)}


@pytest.mark.parametrize(
    ("hours", "moved"), [(72, Decimal("3.00")), (-36, Decimal("-1.50")), (1, Decimal("0.04"))], ids=str
)
def test_how_far_the_deadline_moved_is_told_in_days(hours: int, moved: Decimal) -> None:
    number = f"S2 {hours}"
    later = {"response_deadline_at": DUE + timedelta(hours=hours), "response_deadline_raw": "second"}
    (found,) = amendments(of(number, f"a{hours}", day=0), of(number, f"b{hours}", day=1, **later))
    assert (found["field"], found["was"], found["now"], found["deadline_moved_days"]) == (
        "response_deadline", "first", "second", moved,
    )  # fmt: skip


def test_a_deadline_that_was_not_there_before_moved_by_nothing() -> None:
    none = {"response_deadline_at": None, "response_deadline_raw": None}
    (found,) = amendments(of("S3", "s3a", day=0, **none), of("S3", "s3b", day=1))
    assert (found["field"], found["was"], found["now"], found["deadline_moved_days"]) == (
        "response_deadline", None, "first", None,
    )  # fmt: skip


def test_a_notice_that_is_published_anew_is_a_step_of_its_own() -> None:
    first, second = (
        of("S4", "same", day=0, description_text="Ten."),
        of("S4", "same", day=0, description_text="Eleven."),
    )
    (found,) = amendments(first, second)
    assert (found["field"], found["was"], found["now"], found["is_same_notice"]) == (
        "text", "4 characters", "7 characters", True,
    )  # fmt: skip


def test_a_text_of_the_same_length_is_a_change_and_the_order_of_attachments_is_none() -> None:
    links = ["https://sam.gov/a", "https://sam.gov/b"]
    same = amendments(
        of("S5", "s5a", day=0, attachment_urls=links), of("S5", "s5b", day=1, attachment_urls=links[::-1])
    )
    assert same == []
    more = [*links[1:], "https://sam.gov/c", "https://sam.gov/d"]
    found = amendments(
        of("S6", "s6a", day=0, attachment_urls=links, description_text="abc"),
        of("S6", "s6b", day=1, attachment_urls=more, description_text="abd"),
    )
    assert [(row["field"], row["was"], row["now"]) for row in found] == [
        ("attachments", "2 files", "3 files, 2 of them new"), ("text", "3 characters", "3 characters"),
    ]  # fmt: skip


def test_what_is_posted_after_the_instant_is_not_told_yet() -> None:
    assert amendments(of("S7", "s7a", day=0), of("S7", "s7b", day=30, title="Changed later")) == []


def test_a_mart_that_is_refreshed_again_writes_nothing() -> None:
    amendments(of("S8", "s8a", day=0), of("S8", "s8b", day=1, title="Another title"))
    again = refresh_mart(open_lake(), "amendments", as_of=AS_OF)
    assert again["rows"] > 0
    assert (again["written"], again["removed"]) == (0, 0)
