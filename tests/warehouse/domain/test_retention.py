"""Periods, clocks and holds: never shorter than the floor, never due a day too soon."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.domain.retention import (
    RULES,
    HoldKind,
    Period,
    RecordClass,
    check_period,
    notice_clock,
    tidy_subject,
)
from warehouse.errors import BadInput

instants = st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))
SEEN = datetime(2020, 6, 1, 9, tzinfo=UTC)


def test_every_class_has_a_rule_and_records_of_contracts_stay_seven_years() -> None:
    assert set(RULES) == set(RecordClass)
    for one in (RecordClass.NOTICE, RecordClass.BID, RecordClass.AWARD, RecordClass.AUDIT):
        assert RULES[one].default == RULES[one].floor == Period(years=7)
    assert RULES[RecordClass.MODEL_CACHE].default == Period(days=90)
    assert RULES[RecordClass.SESSION_LOG].default == Period(days=400)


@pytest.mark.parametrize("wanted", [Period(years=6), Period(years=6, days=364), Period(days=5_000), Period()])
def test_no_period_is_shorter_than_its_floor(wanted: Period) -> None:
    with pytest.raises(BadInput, match="at least 7 years"):
        check_period(RecordClass.BID, wanted)
    assert check_period(RecordClass.BID, Period(years=10)) == Period(years=10)


@given(instants, st.integers(0, 30), st.integers(0, 500))
def test_what_is_due_has_been_kept_for_the_whole_period(at: datetime, years: int, days: int) -> None:
    period = Period(years, days)
    assert period.after(period.before(at)) <= at


def test_leap_day_is_due_no_day_too_soon() -> None:
    assert Period(years=7).before(datetime(2028, 2, 29, tzinfo=UTC)) == datetime(2021, 2, 28, tzinfo=UTC)
    assert Period(years=7).after(datetime(2020, 2, 29, tzinfo=UTC)) == datetime(2027, 3, 1, tzinfo=UTC)
    assert [Period(years=1).in_words(), Period(years=7).in_words(), Period(days=90).in_words()] == [
        "1 year",
        "7 years",
        "90 days",
    ]


@pytest.mark.parametrize(
    ("archive_on", "posted_on", "starts_at", "source"),
    [
        (date(2015, 3, 7), date(2015, 1, 5), datetime(2015, 3, 8, tzinfo=UTC), "archive date"),
        (None, date(2015, 1, 5), SEEN, "last seen"),
        (date(202, 3, 7), None, SEEN, "last seen"),
        (date(2014, 3, 7), date(2015, 1, 5), SEEN, "last seen"),
        (date(2015, 3, 7), None, datetime(2015, 3, 8, tzinfo=UTC), "archive date"),
    ],
)
def test_notice_counts_from_a_credible_archive_date_else_from_when_it_was_last_seen(
    archive_on: date | None, posted_on: date | None, starts_at: datetime, source: str
) -> None:
    assert notice_clock(archive_on, posted_on, SEEN) == (starts_at, source)


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        (HoldKind.AGENCY, "a"),
        (HoldKind.AGENCY, " - "),
        (HoldKind.SOLICITATION, "  "),
        (HoldKind.RECORD_CLASS, "notices"),
        (HoldKind.PERSON, "x" * 301),
    ],
)
def test_hold_names_something(kind: HoldKind, subject: str) -> None:
    with pytest.raises(BadInput):
        tidy_subject(kind, subject)


def test_hold_is_tidied() -> None:
    assert tidy_subject(HoldKind.AGENCY, "  Dept  of the Army ") == "Dept of the Army"
    assert tidy_subject(HoldKind.RECORD_CLASS, "all") == "all"
