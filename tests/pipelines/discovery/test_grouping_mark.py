"""A pass that looks at what changed only gives what a pass over everything gives, whatever happened in between."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies

from pipelines.discovery.group import Grouping, group_opportunities
from pipelines.discovery.grouping_mark import forget_mark
from tests.factories import empty_lake, land, notice
from warehouse.lake.connection import Lake, open_lake
from warehouse.lake.maintenance import maintain_lake
from warehouse.settings import Settings

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
TABLES = {
    "opportunities": "opportunity_id",
    "opportunity_aliases": "alias_id",
    "filled_notices": "notice_id",
}
WHOLE_NUMBER = "W91QUZ26R0001A"
"""Fourteen signs: GovCon API's notice of it belongs to SAM.gov's."""


@pytest.fixture
def lake(home: Settings) -> Iterator[Lake]:
    start_anew(open_lake())
    return open_lake()


def start_anew(lake: Lake) -> None:
    empty_lake(lake)
    for table in ("filled_notices", "grouping_state"):
        lake.write(lambda cursor, table=table: cursor.execute(f"delete from core.{table}"))  # type: ignore[misc]


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def contents(lake: Lake) -> dict[str, list[tuple[Any, ...]]]:
    return {
        table: lake.cursor().execute(f"from core.{table} order by {key}").fetchall() for table, key in TABLES.items()
    }


def remove(lake: Lake, notice_id: str) -> None:
    def work(cursor: Any) -> None:
        for table in ("notice_versions", "notice_sightings"):
            cursor.execute(f"delete from core.{table} where notice_id = ?", [notice_id])

    lake.write(work)


def hold_whole(lake: Lake, as_of: datetime) -> None:
    """Hold that a pass over everything would find nothing to write."""
    lake.write(forget_mark)
    found = group_opportunities(lake, as_of=as_of)
    assert found == Grouping(found.opportunities, found.open, 0, 0, 0)


names = strategies.sampled_from(["a", "b", "c", "d"])
keys = strategies.sampled_from(["X", "Y", WHOLE_NUMBER, "W91QUZ26R0002B"])
sources = strategies.sampled_from(["sam_gov", "sam_gov", "govcon", "demo"])
steps = strategies.one_of(
    strategies.tuples(
        strategies.just("land"), names, keys, sources, strategies.integers(0, 20), strategies.integers(0, 3)
    ),
    strategies.tuples(strategies.just("again"), strategies.integers(0, 20)),
    strategies.tuples(strategies.just("wait"), strategies.integers(-4, 9)),
    strategies.tuples(strategies.just("remove"), names),
    strategies.tuples(strategies.just("upkeep")),
)


def play(lake: Lake, history: list[tuple[Any, ...]]) -> None:
    """Live through some steps, with a pass after each and the whole held against it."""
    now, landed = 10, list[dict[str, Any]]()
    for seen, (what, *given_) in enumerate(history, start=1):
        if what == "land":
            name, key, source, posted, title = given_
            row = notice(
                name, group=key, source=source, posted_at=day(posted), seen=seen, title=None if title == 0 else f"title {title}",
                response_deadline_at=day(posted + 7), award_number=None,
            )  # fmt: skip
            landed.append(row)
            land(lake, [row])
        elif what == "again" and landed:
            land(lake, [{**landed[given_[0] % len(landed)], "first_seen_order": seen}])
        elif what == "wait":
            now += given_[0]
        elif what == "remove":
            remove(lake, given_[0])
        elif what == "upkeep":
            maintain_lake(lake, at=datetime.now(UTC))
        group_opportunities(lake, as_of=day(now))
        kept = lake.cursor().execute("from core.grouping_state").fetchall()
        hold_whole(lake, day(now))
        # The next pass goes on from the mark that was left, not from the check's.
        lake.write(lambda cursor, kept=kept: put_back(cursor, kept))  # type: ignore[misc]


def put_back(cursor: Any, kept: list[tuple[Any, ...]]) -> None:
    cursor.execute("delete from core.grouping_state")
    cursor.executemany("insert into core.grouping_state values (?, ?, ?, ?, ?)", kept)


@pytest.mark.thorough
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=strategies.lists(steps, min_size=2, max_size=8))
def test_what_changed_alone_gives_the_same_as_everything(lake: Lake, history: list[tuple[Any, ...]]) -> None:
    start_anew(lake)
    play(lake, history)


@pytest.mark.slow
@pytest.mark.timeout(7200)
@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=strategies.lists(steps, min_size=4, max_size=14))
def test_long_histories_of_changes_give_the_same_as_everything(lake: Lake, history: list[tuple[Any, ...]]) -> None:
    start_anew(lake)
    play(lake, history)


def landing(name: str, key: str, source: str = "sam_gov", posted: int = 1, title: int = 1) -> tuple[Any, ...]:
    return ("land", name, key, source, posted, title)


@pytest.mark.thorough
@pytest.mark.parametrize(
    "history",
    [
        pytest.param([landing("a", "X"), landing("b", "Y")], id="another notice"),
        pytest.param([landing("a", "X"), landing("b", "X", posted=2)], id="a further notice of a known solicitation"),
        pytest.param([landing("a", "X"), landing("a", "Y", title=2)], id="a notice that moves"),
        pytest.param([landing("a", "X"), landing("a", "X", title=2), ("again", 0)], id="an older version seen again"),
        pytest.param([landing("a", "X", "demo"), landing("b", "Y")], id="demo notices go"),
        pytest.param([landing("a", "X", posted=12), ("wait", 3)], id="posted later than it came"),
        pytest.param([landing("a", "X", posted=8), ("wait", 9)], id="its deadline passes"),
        pytest.param([landing("a", "X", posted=8), ("wait", 9), ("wait", -8)], id="looked at from an earlier day"),
        pytest.param([landing("a", "X"), landing("b", "X", posted=2), landing("c", "Y"), ("remove", "b")], id="a notice is removed"),
        pytest.param([landing("a", WHOLE_NUMBER, "govcon"), landing("b", WHOLE_NUMBER)], id="one number, two tellers"),
        pytest.param([landing("b", WHOLE_NUMBER), landing("a", WHOLE_NUMBER, "govcon")], id="the reseller comes later"),
        pytest.param([landing("a", "X", title=0), landing("a", "Y", "govcon")], id="a hole is filled"),
        pytest.param([landing("a", "X"), landing("a", "X", title=2), ("upkeep",), ("again", 0)], id="files were merged"),
    ],
)  # fmt: skip
def test_each_kind_of_change_is_found(lake: Lake, history: list[tuple[Any, ...]]) -> None:
    play(lake, history)
