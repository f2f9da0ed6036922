from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.domain.deadlines import office_zone, offset_name, previous_working_day, safe_instant

EASTERN = timezone(timedelta(hours=-4))
LABOR_DAY = date(2026, 9, 7)


@pytest.mark.parametrize(
    ("day", "before"),
    [
        (date(2026, 4, 10), date(2026, 4, 9)),  # Friday
        (date(2026, 4, 13), date(2026, 4, 10)),  # Monday
        (date(2026, 9, 8), date(2026, 9, 4)),  # the Tuesday after Labor Day
        (date(2026, 4, 12), date(2026, 4, 10)),  # a Sunday
    ],
)
def test_the_working_day_before_skips_weekends_and_holidays(day: date, before: date) -> None:
    assert previous_working_day(day, {LABOR_DAY}) == before


def test_the_safe_instant_is_five_in_the_afternoon_at_the_office() -> None:
    deadline = datetime(2026, 4, 10, 18, tzinfo=UTC)
    assert safe_instant(deadline, EASTERN, set()) == datetime(2026, 4, 9, 17, tzinfo=EASTERN)


def test_the_office_s_own_day_counts_not_ours() -> None:
    tokyo = timezone(timedelta(hours=9))
    deadline = datetime(2026, 4, 9, 23, tzinfo=UTC)  # the 10th in Tokyo
    assert safe_instant(deadline, tokyo, set()) == datetime(2026, 4, 9, 17, tzinfo=tokyo)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)), st.integers(-12, 14))
def test_the_safe_instant_always_lies_before_the_deadline(deadline: datetime, hours: int) -> None:
    assert safe_instant(deadline, timezone(timedelta(hours=hours)), {LABOR_DAY}) < deadline


SUMMER, WINTER = datetime(2026, 7, 10, 18, tzinfo=UTC), datetime(2026, 1, 9, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("instant", "minutes", "state", "name"),
    [
        (SUMMER, -240, None, "EDT"),
        (WINTER, -300, "VA", "EST"),
        (SUMMER, -300, "TX", "CDT"),
        (SUMMER, -420, None, "PDT"),
        (SUMMER, -420, "AZ", "MST"),
        (SUMMER, -240, "AZ", "EDT"),  # an office in the east has work in Arizona
        (SUMMER, -240, "pr", "AST"),
        (WINTER, -240, "PR", "AST"),
        (WINTER, -240, "VA", "UTC−04:00"),  # somebody forgot the winter: no zone of the states has it
        (SUMMER, 540, "AP", "JST"),
        (SUMMER, 540, None, "UTC+09:00"),
        (SUMMER, 720, "MH", "UTC+12:00"),  # known, and has no name in letters
        (SUMMER, 0, "VA", "UTC"),
        (SUMMER, None, None, "UTC"),
    ],
)
def test_a_zone_is_called_as_people_there_write_it(
    instant: datetime, minutes: int | None, state: str | None, name: str
) -> None:
    zone = office_zone(instant, minutes, state)
    assert zone.tzname(instant) == name
    assert zone.utcoffset(instant) == timedelta(minutes=minutes or 0)


@given(st.integers(-14 * 60, 14 * 60))
def test_an_offset_can_be_read_back_from_its_name(minutes: int) -> None:
    name = offset_name(timedelta(minutes=minutes))
    if minutes == 0:
        assert name == "UTC"
    else:
        sign = -1 if name[3] == "−" else 1
        assert sign * (int(name[4:6]) * 60 + int(name[7:9])) == minutes
