from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from warehouse.domain.digest import DigestTimes

FRIDAY = datetime(2026, 4, 10, 12, tzinfo=UTC)


def test_the_digest_comes_at_the_hour_in_the_persons_own_zone() -> None:
    new_york, tokyo = DigestTimes(7), DigestTimes(7, zone="Asia/Tokyo")
    assert new_york.latest(FRIDAY) == datetime(2026, 4, 10, 11, tzinfo=UTC)  # 07:00 EDT
    assert tokyo.latest(FRIDAY) == datetime(2026, 4, 9, 22, tzinfo=UTC)


def test_after_friday_comes_monday_where_only_working_days_are_chosen() -> None:
    assert DigestTimes(7).following(FRIDAY) == datetime(2026, 4, 13, 11, tzinfo=UTC)


def test_the_hour_stays_when_the_clocks_change() -> None:
    every_day = DigestTimes(7, (1, 2, 3, 4, 5, 6, 7))
    saturday = datetime(2026, 3, 7, 13, tzinfo=UTC)
    assert every_day.latest(saturday) == datetime(2026, 3, 7, 12, tzinfo=UTC)  # EST
    assert every_day.following(saturday) == datetime(2026, 3, 8, 11, tzinfo=UTC)  # EDT since that night


def test_without_a_weekday_there_is_none() -> None:
    assert DigestTimes(7, ()).latest(FRIDAY) is None
    assert DigestTimes(7, ()).following(FRIDAY) is None


@given(
    at=st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    hour=st.integers(0, 23),
    days=st.sets(st.integers(1, 7), min_size=1),
    zone=st.sampled_from(["America/New_York", "Pacific/Honolulu", "Asia/Kolkata", "Pacific/Auckland", "UTC"]),
)
def test_the_last_is_not_after_and_the_next_is_after_and_a_week_apart_at_most(
    at: datetime, hour: int, days: set[int], zone: str
) -> None:
    times = DigestTimes(hour, tuple(sorted(days)), zone)
    last, following = times.latest(at), times.following(at)
    assert last is not None
    assert following is not None
    assert last <= at < following
    assert following - last <= timedelta(days=7, hours=1)
