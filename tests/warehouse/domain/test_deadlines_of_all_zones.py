"""Due and safe instants over all US zones, both clock changes of 2024 to 2030 and federal holidays.

Checked against a computation of its own: each zone's rule is written out here in numbers, holidays come from the package.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.domain.codes import STATE_ZONES
from warehouse.domain.deadlines import previous_working_day, safe_instant, zone_of_office
from warehouse.domain.lead import fault_of_time, in_words

RULES = {  # state: hours from UTC in winter, and whether there is a summer
    "VA": (-5, True), "TX": (-6, True), "CO": (-7, True), "AZ": (-7, False), "CA": (-8, True), "AK": (-9, True),
    "HI": (-10, False), "PR": (-4, False), "VI": (-4, False), "GU": (10, False), "MP": (10, False), "AS": (-11, False),
}  # fmt: skip
YEARS = range(2024, 2031)
FEDERAL = holidays.country_holidays("US", years=range(2023, 2032))


def change_sundays(year: int) -> tuple[date, date]:
    """The second Sunday of March and the first one of November (Energy Policy Act of 2005)."""
    march, november = date(year, 3, 8), date(year, 11, 1)
    return march + timedelta(-(march.weekday() + 1) % 7), november + timedelta(-(november.weekday() + 1) % 7)


def offset_of(state: str, day: date, at: time) -> timedelta:
    """The offset that the rule gives for a local time: two o'clock is when clocks change."""
    winter, has_summer = RULES[state]
    spring, autumn = change_sundays(day.year)
    local = datetime.combine(day, at)
    is_summer = datetime.combine(spring, time(2)) <= local < datetime.combine(autumn, time(2))
    return timedelta(hours=winter + (has_summer and is_summer))


def working_day_before(day: date) -> date:
    """The nearest day before that is no Saturday, Sunday or federal holiday, found by listing them all."""
    return max(d for n in range(1, 15) if (d := day - timedelta(n)).isoweekday() < 6 and d not in FEDERAL)


def check(state: str, day: date, at: time) -> None:
    offset = offset_of(state, day, at)
    due = datetime.combine(day, at, UTC) - offset
    assert due.astimezone(ZoneInfo(STATE_ZONES[state])).replace(tzinfo=None) == datetime.combine(day, at)
    office = zone_of_office(due, int(offset.total_seconds() // 60), state)
    before = working_day_before(day)
    expected = datetime.combine(before, time(17), UTC) - offset_of(state, before, time(17))
    assert safe_instant(due, office, FEDERAL) == expected, (state, day, at)
    assert expected < due


@pytest.mark.parametrize("state", RULES)
def test_every_day_around_both_clock_changes_is_right(state: str) -> None:
    for year in YEARS:
        for sunday in change_sundays(year):
            for days in range(-4, 6):
                for at in (time(0, 30), time(3), time(14), time(16, 30), time(23, 59)):
                    check(state, sunday + timedelta(days), at)


@pytest.mark.parametrize("state", RULES)
def test_every_day_around_federal_holidays_is_right(state: str) -> None:
    for holiday in FEDERAL:
        if holiday.year in YEARS:
            for days in range(5):
                check(state, holiday + timedelta(days), time(14))


@settings(max_examples=300)
@given(
    st.sampled_from(sorted(RULES)),
    st.dates(date(2024, 1, 2), date(2030, 12, 31)),
    st.times(min_value=time(3)).map(lambda at: at.replace(microsecond=0)),
)
def test_any_day_and_time_is_right_in_every_zone(state: str, day: date, at: time) -> None:
    check(state, day, at)


def test_the_fixed_offset_of_a_deadline_would_be_an_hour_late_before_winter() -> None:
    """What this file guards against, as it was once: the Monday's offset, used on the Friday before."""
    monday = datetime(2026, 11, 2, 19, tzinfo=UTC)
    by_offset = safe_instant(monday, monday.astimezone(ZoneInfo("Etc/GMT+5")).tzinfo or UTC, FEDERAL)
    by_zone = safe_instant(monday, zone_of_office(monday, -300, "VA"), FEDERAL)
    assert by_offset - by_zone == timedelta(hours=1)


@given(st.dates(date(2024, 1, 2), date(2030, 12, 31)))
def test_the_working_day_before_is_one_and_the_nearest(day: date) -> None:
    assert previous_working_day(day, FEDERAL) == working_day_before(day)


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 31), timezones=st.just(UTC)),
    st.integers(-10_000_000, 10_000_000),
    st.integers(0, 100_000),
)
def test_late_or_too_little_time_is_refused_and_nothing_else(due: datetime, left: int, needed: int) -> None:
    fault = fault_of_time(due, needed=timedelta(seconds=needed), at=due - timedelta(seconds=left))
    if left <= 0:
        assert f"passed {in_words(timedelta(seconds=-left))} ago" in fault
    elif left < needed:
        assert f"{in_words(timedelta(seconds=needed - left))} too little" in fault
    else:
        assert fault == ""


@given(st.integers(0, 10**9))
def test_a_span_in_words_is_never_more_than_it_is(seconds: int) -> None:
    units = {"d": 86_400, "h": 3_600, "min": 60, "s": 1}
    said = in_words(timedelta(seconds=seconds)).split()
    if seconds:
        told = sum(int(number) * units[unit] for number, unit in zip(said[::2], said[1::2], strict=True))
        assert 0 <= seconds - told < (3_600 if seconds >= 86_400 else 60)
    else:
        assert said == ["less", "than", "a", "second"]
