from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.domain.deadlines import previous_working_day, safe_instant

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
