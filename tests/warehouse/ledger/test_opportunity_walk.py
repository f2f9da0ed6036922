"""Walking through a list to its end: every row once, in order, whatever happens meanwhile."""

import random
from datetime import timedelta

import pytest

from tests.factories_ledger import AT, opportunity, publish
from warehouse.ledger.opportunities import list_opportunities
from warehouse.ledger.opportunity_filter import ORDER, OpportunityFilter, Sort
from warehouse.ledger.opportunity_walk import KEYS, Place, walk_opportunities
from warehouse.ledger.store import Ledger, open_ledger
from warehouse.settings import Settings

ROWS = 60


@pytest.fixture(scope="module")
def ledger(home: Settings) -> Ledger:
    """Rows with ties and gaps in every column of an order."""
    choose = random.Random(7)
    publish(
        opportunity(
            number,
            fit_score=choose.choice([None, 10, 10, 70, 90]),
            due_date=choose.choice([None, AT + timedelta(days=3), AT + timedelta(days=9)]),
            posted_at=choose.choice([None, AT - timedelta(days=1), AT - timedelta(days=2)]),
            title=f"{choose.choice(['Roof', 'Network'])} maintenance {number}",
        )
        for number in range(ROWS)
    )
    return open_ledger()


def walk(ledger: Ledger, wanted: OpportunityFilter, limit: int) -> list[str]:
    found: list[str] = []
    after: Place | None = None
    while True:
        with ledger.read() as tx:
            stretch = walk_opportunities(tx, wanted, at=AT, limit=limit, after=after)
        found += [row.id for row in stretch.rows]
        after = stretch.last
        if after is None:
            return found
        assert len(stretch.rows) == limit


def test_keys_are_the_orders_to_the_letter() -> None:
    for sort, keys in KEYS.items():
        spelled = ", ".join(f"{key} nulls last" if key.endswith(" desc") else key for key in keys)
        assert spelled == ORDER[sort]


@pytest.mark.parametrize("sort", list(KEYS))
@pytest.mark.parametrize("limit", [1, 7, ROWS, 200])
def test_walk_is_the_list(ledger: Ledger, sort: Sort, limit: int) -> None:
    wanted = OpportunityFilter(sort=sort)
    with ledger.read() as tx:
        whole = [row.id for row in list_opportunities(tx, wanted, at=AT, limit=200).rows]
    assert len(whole) == ROWS
    assert walk(ledger, wanted, limit) == whole


def test_walk_keeps_to_the_filter_and_the_words(ledger: Ledger) -> None:
    wanted = OpportunityFilter(text="roof", fit_min=70)
    with ledger.read() as tx:
        whole = list_opportunities(tx, wanted, at=AT, limit=200).rows
    found = walk(ledger, wanted, 3)
    assert 0 < len(found) < ROWS
    assert sorted(found) == sorted(row.id for row in whole)


def test_number_finds_its_opportunity_among_others(ledger: Ledger) -> None:
    assert walk(ledger, OpportunityFilter(text="W9124-26-R-0007"), 50) == ["o00000007"]


def test_what_is_published_meanwhile_makes_no_row_come_twice_and_hides_none(ledger: Ledger) -> None:
    wanted = OpportunityFilter(sort=Sort.DUE)
    with ledger.read() as tx:
        first = walk_opportunities(tx, wanted, at=AT, limit=20)
    before = {row.id for row in first.rows}
    # Before the place and behind it: a page number would now show old rows again.
    publish(
        opportunity(number, due_date=AT + timedelta(days=days)) for number, days in ((1001, 1), (1002, 2), (1003, 30))
    )
    rest: list[str] = []
    after = first.last
    while after is not None:
        with ledger.read() as tx:
            stretch = walk_opportunities(tx, wanted, at=AT, limit=20, after=after)
        rest += [row.id for row in stretch.rows]
        after = stretch.last
    assert not before & set(rest)
    assert before | set(rest) == {f"o{number:08d}" for number in range(ROWS)} | {"o00001003"}
