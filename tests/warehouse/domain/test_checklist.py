"""Rules of a checklist: which points apply, when they are due, what waits for what."""

from datetime import UTC, date, datetime, timedelta, timezone

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.domain.checklist import (
    Condition,
    DueBefore,
    Flag,
    NoticeFacts,
    Point,
    Reliance,
    Template,
    all_after,
    all_before,
    choose,
    circle,
    due_at,
)
from warehouse.domain.deadlines import safe_instant

EDT = timezone(timedelta(hours=-4))
FEDERAL = holidays.country_holidays("US")
NOTICE = NoticeFacts("sam_gov", "Solicitation", "8A", "236220", "Y1JZ", "DEPT OF DEFENSE DEPT OF THE NAVY", True, True)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def due(before: DueBefore, deadline: datetime, made_at: datetime = LONG_AGO) -> datetime | None:
    return due_at(before, deadline_at=deadline, office=EDT, made_at=made_at, holidays=FEDERAL)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (Condition(), True),
        (Condition(set_asides=frozenset({"8A", "8AN"})), True),
        (Condition(set_asides=frozenset({"SBA"})), False),
        (Condition(naics=frozenset({"23"})), True),
        (Condition(naics=frozenset({"54", "11"})), False),
        (Condition(psc=frozenset({"Y1"})), True),
        (Condition(agencies=frozenset({"dept of the navy"})), True),
        (Condition(agencies=frozenset({"NASA"})), False),
        (Condition(flags=frozenset({Flag.CONSTRUCTION, Flag.DEFENSE})), True),
        (Condition(flags=frozenset({Flag.CONSTRUCTION, Flag.SUPPLIES})), False),
        (Condition(not_flags=frozenset({Flag.SET_ASIDE})), False),
        (Condition(notice_types=frozenset({"Solicitation"}), set_asides=frozenset({"SBA"})), False),
    ],
)
def test_a_condition_holds_where_each_of_its_lists_has_one_that_fits(condition: Condition, holds: bool) -> None:
    assert condition.holds(NOTICE) is holds


def test_a_later_template_replaces_points_and_a_point_relies_on_what_its_predecessors_rely_on() -> None:
    base = Template("base", "Base", 0, Condition(), (
        Point("read", "Read", relies_on=frozenset({Reliance.TEXT})),
        Point("price", "Price", depends_on=("read",)),
        Point("bonds", "Bonds", when=Condition(naics=frozenset({"99"}))),
        Point("sent", "Sent", depends_on=("price", "bonds")),
    ))  # fmt: skip
    firm = Template("firm", "Firm", 90, Condition(), (Point("price", "Price, our way", depends_on=("read",)),))
    other = Template("other", "Other", 95, Condition(notice_types=frozenset({"Award Notice"})), (Point("price", "No"),))
    chosen = {one.template_key: one for one in choose([other, firm, base], NOTICE)}
    assert list(chosen) == ["base/read", "firm/price", "base/sent"]
    assert chosen["base/sent"].depends_on == ("firm/price",)
    assert chosen["base/sent"].relies_on == {Reliance.TEXT}


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (DueBefore(), datetime(2026, 4, 29, 14, tzinfo=EDT)),
        (DueBefore(0, 90), datetime(2026, 4, 29, 12, 30, tzinfo=EDT)),
        (DueBefore(1), datetime(2026, 4, 28, 17, tzinfo=EDT)),
        (DueBefore(1, 60), datetime(2026, 4, 28, 16, tzinfo=EDT)),
        (DueBefore(3), datetime(2026, 4, 24, 17, tzinfo=EDT)),
    ],
)
def test_days_before_a_deadline_are_working_days_of_the_office(before: DueBefore, expected: datetime) -> None:
    assert due(before, datetime(2026, 4, 29, 18, tzinfo=UTC)) == expected


def test_federal_holidays_are_skipped() -> None:
    # 25 May 2026 is Memorial Day.
    assert due(DueBefore(1), datetime(2026, 5, 26, 18, tzinfo=UTC)) == datetime(2026, 5, 22, 17, tzinfo=EDT)


def test_what_should_have_been_done_before_the_opening_is_not_late_at_once() -> None:
    deadline, friday = datetime(2026, 4, 29, 14, tzinfo=EDT), datetime(2026, 4, 24, 9, tzinfo=EDT)
    assert due(DueBefore(10), deadline, friday) == datetime(2026, 4, 26, 23, 30, tzinfo=EDT)  # half of the time
    monday = datetime(2026, 4, 13, 9, tzinfo=EDT)
    assert due(DueBefore(20), deadline, monday) == datetime(2026, 4, 14, 17, tzinfo=EDT)  # the next working day
    assert due(DueBefore(2), deadline, monday) == datetime(2026, 4, 27, 17, tzinfo=EDT)
    assert due(DueBefore(2), deadline, deadline + timedelta(days=1)) == datetime(2026, 4, 27, 17, tzinfo=EDT)


def test_without_a_deadline_nothing_is_due() -> None:
    assert due_at(DueBefore(3), deadline_at=None, office=EDT, made_at=LONG_AGO, holidays=FEDERAL) is None


instants = st.datetimes(datetime(2024, 1, 1), datetime(2035, 12, 31), timezones=st.just(UTC))
befores = st.builds(DueBefore, st.integers(0, 30), st.integers(0, 2_000))


@given(deadline=instants, before=befores, made_at=instants, minutes=st.integers(-720, 840))
def test_a_point_is_due_by_its_deadline_and_never_before_it_was_made(
    deadline: datetime, before: DueBefore, made_at: datetime, minutes: int
) -> None:
    office = timezone(timedelta(minutes=minutes))
    found = due_at(before, deadline_at=deadline, office=office, made_at=made_at, holidays=FEDERAL)
    assert found is not None
    assert found <= deadline
    assert found >= made_at or deadline <= made_at
    early = due_at(before, deadline_at=deadline, office=office, made_at=LONG_AGO, holidays=FEDERAL)
    if before.working_days and not before.minutes:
        assert early is not None
        day = early.astimezone(office)
        assert (day.hour, day.minute) == (17, 0)
        assert day.weekday() < 5
        assert day.date() not in FEDERAL


@given(deadline=instants, made_at=instants, days=st.integers(1, 30), minutes=st.integers(0, 600))
def test_more_days_before_are_never_later(deadline: datetime, made_at: datetime, days: int, minutes: int) -> None:
    later, earlier = (
        due(DueBefore(days, minutes), deadline, made_at),
        due(DueBefore(days + 1, minutes), deadline, made_at),
    )
    assert later is not None
    assert earlier is not None
    assert earlier <= later


@given(deadline=instants)
def test_one_working_day_before_is_the_safe_instant(deadline: datetime) -> None:
    assert due(DueBefore(1), deadline) == safe_instant(deadline, EDT, FEDERAL)


graphs = st.dictionaries(st.sampled_from("abcdefgh"), st.lists(st.sampled_from("abcdefgh"), max_size=3), max_size=8)


@given(graph=graphs)
def test_what_waits_for_itself_is_found_and_only_that(graph: dict[str, list[str]]) -> None:
    done: set[str] = set()
    names = {*graph, *(name for firsts in graph.values() for name in firsts)}
    # Ticked in turn, each after those before it: what can never be ticked stands in a circle or behind one.
    while ready := {n for n in names - done if set(graph.get(n, ())) <= done}:
        done |= ready
    stuck = names - done
    assert set(circle(graph)) <= stuck
    assert bool(circle(graph)) == bool(stuck)
    assert all(set(circle(graph)) & ({name} | all_before(name, graph)) for name in stuck)


@given(graph=graphs, name=st.sampled_from("abcdefgh"))
def test_after_is_the_reverse_of_before(graph: dict[str, list[str]], name: str) -> None:
    assert all_after(name, graph) == {other for other in graph if name in all_before(other, graph)}


def test_holidays_observed_on_the_last_day_of_a_year_count() -> None:
    # 1 January 2028 is a Saturday: New Year's Day is kept on Friday, 31 December 2027.
    assert date(2027, 12, 31) in FEDERAL
    assert due(DueBefore(1), datetime(2028, 1, 3, 17, tzinfo=UTC)) == datetime(2027, 12, 30, 17, tzinfo=EDT)
