"""Grouping: what one solicitation is, which notice speaks for it, what is open, and that only changes are written."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import holidays
import pytest
from hypothesis import HealthCheck, given, settings, strategies

from pipelines.discovery.group import Grouping, group_opportunities
from tests.factories import AS_OF, empty_lake, land, notice, opportunity_id
from warehouse.domain.deadlines import safe_instant, zone_of_office
from warehouse.domain.notice import BIDDABLE, NoticeType
from warehouse.lake.connection import Lake, open_lake
from warehouse.settings import Settings


@pytest.fixture
def lake(home: Settings) -> Iterator[Lake]:
    empty_lake(open_lake())
    return open_lake()


def rows(lake: Lake, columns: str = "opportunity_id, notice_id, is_open") -> dict[str, tuple[Any, ...]]:
    found = lake.cursor().execute(f"select {columns} from core.opportunities").fetchall()
    return {row[0]: row[1:] for row in found}


def aliases(lake: Lake) -> dict[str, str]:
    return dict(lake.cursor().execute("select alias_id, opportunity_id from core.opportunity_aliases").fetchall())


def snapshots(lake: Lake) -> int:
    found = lake.cursor().execute("select count(*) from ducklake_snapshots('lake')").fetchone()
    assert found
    return int(found[0])


def day(number: int) -> datetime:
    return datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(days=number)


def test_notices_of_one_solicitation_are_one_opportunity_and_the_latest_speaks(lake: Lake) -> None:
    land(
        lake,
        [
            notice("first", group="SPRDL125Q0054", posted_at=day(0), solicitation_number="2025-SPRDL125Q0054"),
            notice("amended", group="SPRDL125Q0054", posted_at=day(9), solicitation_number="SPRDL1-25-Q-0054"),
            notice("between", group="SPRDL125Q0054", posted_at=day(4), solicitation_number="SPRDL125Q0054"),
            notice("other", group="OTHER1"),
        ],
    )
    assert group_opportunities(lake, as_of=AS_OF) == Grouping(2, 2, 2, 0, 0)
    found = rows(lake, "opportunity_id, notice_id, notice_count, version_count, first_posted_at, posted_at")
    assert found[opportunity_id("SPRDL125Q0054")] == ("amended", 3, 3, day(0), day(9))


def test_an_amendment_changes_the_speaker_and_only_its_own_row(lake: Lake) -> None:
    land(lake, [notice("a1", group="A", posted_at=day(0)), notice("b1", group="B")])
    group_opportunities(lake, as_of=AS_OF)
    land(lake, [notice("a2", group="A", posted_at=day(3), seen=2)])
    assert group_opportunities(lake, as_of=AS_OF) == Grouping(2, 2, 1, 0, 0)
    assert rows(lake)[opportunity_id("A")][0] == "a2"


def test_a_new_version_of_a_notice_that_does_not_speak_changes_the_row(lake: Lake) -> None:
    land(lake, [notice("a1", group="A", posted_at=day(0)), notice("a2", group="A", posted_at=day(3))])
    group_opportunities(lake, as_of=AS_OF)
    land(lake, [notice("a1", group="A", posted_at=day(0), title="Corrected", seen=2)])
    assert group_opportunities(lake, as_of=AS_OF).written == 1
    assert rows(lake, "opportunity_id, notice_id, notice_count, version_count")[opportunity_id("A")] == ("a2", 2, 3)


def test_among_equals_the_one_seen_last_speaks(lake: Lake) -> None:
    same = day(2)
    land(lake, [notice("z", group="A", posted_at=same, seen=1), notice("a", group="A", posted_at=same, seen=2)])
    group_opportunities(lake, as_of=AS_OF)
    assert rows(lake)[opportunity_id("A")][0] == "a"


def test_a_chain_of_133_is_one_opportunity(lake: Lake) -> None:
    chain = [notice(f"n{number:03}", group="LONG", posted_at=day(0) + timedelta(hours=number)) for number in range(133)]
    random.Random(1).shuffle(chain)
    land(lake, chain)
    group_opportunities(lake, as_of=AS_OF)
    assert rows(lake, "opportunity_id, notice_id, notice_count") == {opportunity_id("LONG"): ("n132", 133)}


def test_the_second_time_nothing_is_written_not_even_a_snapshot(lake: Lake) -> None:
    land(lake, [notice("a1", group="A"), notice("b1", group="B")])
    group_opportunities(lake, as_of=AS_OF)
    before = snapshots(lake)
    assert group_opportunities(lake, as_of=AS_OF) == Grouping(2, 2, 0, 0, 0)
    assert snapshots(lake) == before


def test_a_content_shown_again_is_current_again_without_a_new_version(lake: Lake) -> None:
    first = notice("n", title="First", seen=1)
    land(lake, [first, notice("n", title="Second", seen=2)])
    group_opportunities(lake, as_of=AS_OF)
    land(lake, [first | {"first_seen_order": 3}])
    group_opportunities(lake, as_of=AS_OF)
    assert rows(lake, "opportunity_id, content_hash, version_count")[first["opportunity_id"]] == (
        first["content_hash"],
        2,
    )


@pytest.mark.parametrize(
    ("given_values", "is_open"),
    [
        ({}, True),
        ({"response_deadline_at": AS_OF}, True),
        ({"response_deadline_at": AS_OF - timedelta(seconds=1)}, False),
        ({"response_deadline_at": None}, True),
        ({"response_deadline_at": None, "archive_on": AS_OF.date()}, True),
        ({"response_deadline_at": None, "archive_on": AS_OF.date() - timedelta(days=1)}, False),
        ({"archive_on": date(2026, 1, 1)}, True),  # a deadline ahead outweighs the archive date
        ({"posted_at": None}, True),
        *(({"notice_type": kind.value}, kind in BIDDABLE) for kind in NoticeType),
    ],
)
def test_what_is_open(lake: Lake, given_values: dict[str, Any], is_open: bool) -> None:
    land(lake, [notice("n", **given_values)])
    assert group_opportunities(lake, as_of=AS_OF).open == int(is_open)


def test_an_award_closes_the_solicitation_that_it_ends(lake: Lake) -> None:
    land(lake, [notice("n1", group="A", posted_at=day(0))])
    assert group_opportunities(lake, as_of=AS_OF).open == 1
    land(lake, [notice("n2", group="A", posted_at=day(5), notice_type="Award Notice", seen=2)])
    assert group_opportunities(lake, as_of=AS_OF).open == 0


def test_the_instant_moves_the_world_back_and_forth(lake: Lake) -> None:
    land(
        lake,
        [
            notice("early", group="A", posted_at=day(0), response_deadline_at=day(10)),
            notice("late", group="A", posted_at=day(20), response_deadline_at=day(40)),
            notice("later", group="B", posted_at=day(21), response_deadline_at=day(40)),
        ],
    )
    seen = {}
    for number in (5, 15, 30, 50, 15, 5):
        group_opportunities(lake, as_of=day(number))
        found = {key: (*row, number) for key, row in rows(lake).items()}
        assert seen.setdefault(number, found) == found
    a, b = opportunity_id("A"), opportunity_id("B")
    assert seen[5] == {a: ("early", True, 5)}
    assert seen[15] == {a: ("early", False, 15)}
    assert seen[30] == {a: ("late", True, 30), b: ("later", True, 30)}
    assert seen[50] == {a: ("late", False, 50), b: ("later", False, 50)}


def test_an_earlier_version_is_what_the_world_showed_then(lake: Lake) -> None:
    land(lake, [notice("n", group="A", posted_at=day(0)), notice("n", group="A", posted_at=day(20), seen=2)])
    group_opportunities(lake, as_of=day(10))
    assert rows(lake, "opportunity_id, posted_at")[opportunity_id("A")] == (day(0),)


def test_demo_notices_give_way_to_the_first_real_one(lake: Lake) -> None:
    land(lake, [notice("demo-1", source="demo")])
    assert group_opportunities(lake, as_of=AS_OF) == Grouping(1, 1, 1, 0, 0)
    land(lake, [notice("real")])
    assert group_opportunities(lake, as_of=AS_OF) == Grouping(1, 1, 1, 1, 0)
    assert [row[0] for row in rows(lake).values()] == ["real"]


def test_an_id_that_regrouping_ended_leads_to_the_survivor(lake: Lake) -> None:
    land(lake, [notice("n", group="OLD")])
    group_opportunities(lake, as_of=AS_OF)
    land(lake, [notice("n", group="NEW", seen=2)])
    assert group_opportunities(lake, as_of=AS_OF) == Grouping(1, 1, 1, 1, 1)
    assert aliases(lake) == {opportunity_id("OLD"): opportunity_id("NEW")}
    land(lake, [notice("n", group="NEWEST", seen=3)])
    group_opportunities(lake, as_of=AS_OF)
    newest = opportunity_id("NEWEST")
    assert aliases(lake) == {opportunity_id("OLD"): newest, opportunity_id("NEW"): newest}


def test_a_group_that_still_has_a_notice_is_no_alias(lake: Lake) -> None:
    land(lake, [notice("stays", group="OLD"), notice("goes", group="OLD"), notice("goes", group="NEW", seen=2)])
    group_opportunities(lake, as_of=AS_OF)
    assert aliases(lake) == {}
    assert rows(lake, "opportunity_id, notice_count") == {opportunity_id("OLD"): (1,), opportunity_id("NEW"): (1,)}


def test_notices_that_went_two_ways_lead_where_the_latest_went(lake: Lake) -> None:
    land(
        lake,
        [
            *(notice(name, group="OLD", posted_at=day(0)) for name in ("x", "y")),
            notice("x", group="LEFT", posted_at=day(1), seen=2),
            notice("y", group="RIGHT", posted_at=day(2), seen=2),
        ],
    )
    group_opportunities(lake, as_of=AS_OF)
    assert aliases(lake) == {opportunity_id("OLD"): opportunity_id("RIGHT")}


offsets = strategies.integers(-48, 56).map(lambda quarters: quarters * 15)
instants = strategies.datetimes(datetime(1990, 1, 1), datetime(2150, 1, 1)).map(
    lambda moment: moment.replace(tzinfo=UTC, microsecond=0)
)


STATES = ("VA", "AZ", "PR", None, "GU")


@pytest.mark.thorough
@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deadlines=strategies.lists(strategies.tuples(instants, offsets), min_size=1, max_size=20))
def test_the_safe_instant_is_the_domains(lake: Lake, deadlines: list[tuple[datetime, int]]) -> None:
    empty_lake(lake)
    land(
        lake,
        [
            notice(
                f"n{number}",
                response_deadline_at=at,
                response_deadline_offset_minutes=offset,
                place_state=STATES[number % len(STATES)],
            )
            for number, (at, offset) in enumerate(deadlines)
        ],
    )
    group_opportunities(lake, as_of=AS_OF)
    federal = holidays.country_holidays("US")
    found = rows(lake, "notice_id, safe_deadline_at")
    for number, (at, offset) in enumerate(deadlines):
        expected = safe_instant(at, zone_of_office(at, offset, STATES[number % len(STATES)]), federal)
        assert found[f"n{number}"] == (expected,)


@pytest.mark.parametrize(
    ("state", "at", "offset", "safe"),
    [
        ("VA", datetime(2026, 11, 2, 19), -300, datetime(2026, 10, 30, 21)),  # Monday in winter, Friday in summer
        ("VA", datetime(2026, 3, 9, 18), -240, datetime(2026, 3, 6, 22)),
        ("AZ", datetime(2026, 3, 9, 18), -420, datetime(2026, 3, 7, 0)),  # no clock changes in Arizona
        ("CA", datetime(2026, 3, 9, 18), -420, datetime(2026, 3, 7, 1)),
        ("PR", datetime(2026, 3, 9, 18), -240, datetime(2026, 3, 6, 21)),
        ("GU", datetime(2026, 11, 2, 4), 600, datetime(2026, 10, 30, 7)),
        ("VA", datetime(2026, 11, 3, 19), -300, datetime(2026, 11, 2, 22)),  # both in winter
    ],
)
def test_the_safe_instant_before_a_clock_change_is_five_at_the_office(
    lake: Lake, state: str, at: datetime, offset: int, safe: datetime
) -> None:
    land(
        lake,
        [
            notice(
                "n",
                response_deadline_at=at.replace(tzinfo=UTC),
                response_deadline_offset_minutes=offset,
                place_state=state,
            )
        ],
    )
    group_opportunities(lake, as_of=AS_OF)
    assert rows(lake, "notice_id, safe_deadline_at") == {"n": (safe.replace(tzinfo=UTC),)}


@pytest.mark.parametrize("odd", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, tzinfo=UTC)])
def test_a_deadline_of_an_impossible_year_has_no_safe_instant_and_stops_nothing(lake: Lake, odd: datetime) -> None:
    land(lake, [notice("n", response_deadline_at=odd)])
    assert group_opportunities(lake, as_of=AS_OF).opportunities == 1
    assert rows(lake, "notice_id, safe_deadline_at") == {"n": (None,)}


moves = strategies.lists(
    strategies.tuples(strategies.sampled_from("abcd"), strategies.sampled_from("XYZ"), strategies.integers(0, 30)),
    min_size=1,
    max_size=6,
)


@pytest.mark.thorough
@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=moves)
def test_step_by_step_gives_the_same_as_at_once(lake: Lake, history: list[tuple[str, str, int]]) -> None:
    versions = [
        notice(name, group=group, posted_at=day(posted), seen=seen, title=f"version {seen}")
        for seen, (name, group, posted) in enumerate(history, start=1)
    ]
    states = []
    for steps in ([versions], [[version] for version in versions]):
        empty_lake(lake)
        for step in steps:
            land(lake, step)
            group_opportunities(lake, as_of=AS_OF)
        states.append((rows(lake, "opportunity_id, row_hash, notice_id"), aliases(lake)))
    assert states[0] == states[1]
    # Every id that ever was is either alive or leads to one that is.
    alive, leading = states[0][0], states[0][1]
    assert all(v["opportunity_id"] in alive or leading[v["opportunity_id"]] in alive for v in versions)
