from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.factories_ledger import AT, opportunity, publish
from warehouse.domain.fit import Recommendation
from warehouse.domain.opportunity import OpportunityStatus
from warehouse.ledger.opportunities import Page, list_opportunities, read_opportunity, read_rows
from warehouse.ledger.opportunity_counts import facet_counts, read_closing, read_new, summarise
from warehouse.ledger.opportunity_filter import OpportunityFilter, Sort, number_key
from warehouse.ledger.store import Transaction, open_ledger
from warehouse.settings import Settings

ROWS = [
    opportunity(
        1, title="Roof repair at the armory", naics_code="238160", psc_code="Z1AA", fit_score=35, recommendation="pass"
    ),
    opportunity(2, agency="DEPT OF THE INTERIOR", fit_score=90, set_aside_code=None, place_state="CO"),
    opportunity(
        3, due_date=AT + timedelta(days=2), fit_score=50, recommendation="watch", posted_at=AT - timedelta(hours=2)
    ),
    opportunity(4, due_date=AT - timedelta(hours=1), title="Due an hour ago, still marked open"),
    opportunity(5, is_open=False, due_date=AT - timedelta(days=9), title="Closed network job"),
    opportunity(6, due_date=None, due_precision="none", due_raw=None, fit_score=None, recommendation=None),
    opportunity(7, solicitation_number="SPRDL1-25-Q-0054", title="100% cotton_bags \\ sacks", fit_score=72),
]


@pytest.fixture(scope="module")
def tx(home: Settings) -> Iterator[Transaction]:
    publish(ROWS)
    with open_ledger("procura_pipeline").housekeeping() as tx:
        tx.execute("insert into opportunity_aliases values ('oldid', %s)", [ROWS[1]["id"]])
    with open_ledger("procura_app").read() as tx:
        yield tx


def numbers(page: Page) -> list[int]:
    return [int(row.id[1:]) for row in page.rows]


def ask(tx: Transaction, **wanted: Any) -> list[int]:
    return numbers(list_opportunities(tx, OpportunityFilter(**wanted), at=AT))


def test_open_ones_by_fit_come_first_and_what_is_due_has_gone(tx: Transaction) -> None:
    assert ask(tx) == [2, 7, 3, 1, 6]


def test_closed_ones_come_when_asked_for(tx: Transaction) -> None:
    assert set(ask(tx, closed=True)) == {1, 2, 3, 4, 5, 6, 7}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"text": "roof"}, [1]),
        ({"text": "repairing roofs"}, [1]),
        ({"text": '"network maintenance" -interior'}, [3, 6]),
        ({"text": "roof or cotton"}, [7, 1]),
        ({"text": "nothing of the kind"}, []),
        ({"text": "' ; drop table opportunities; -- \x00"}, []),
        ({"agencies": ("DEPT OF THE INTERIOR",)}, [2]),
        ({"naics": ("23",)}, [1]),
        ({"naics": ("2381", "9")}, [1]),
        ({"naics": ("%",)}, []),
        ({"psc": ("Z1",)}, [1]),
        ({"set_asides": ("",)}, [2]),
        ({"set_asides": ("SBA",), "fit_min": 60}, [7]),
        ({"notice_types": ("Presolicitation",)}, []),
        ({"statuses": (OpportunityStatus.NEW,), "places": ("CO",)}, [2]),
        ({"kinds": ("contract",), "places": ("CO",)}, [2]),
        ({"kinds": ("grant",)}, []),
        ({"recommendations": (Recommendation.WATCH,)}, [3]),
        ({"due_within_days": 3}, [3]),
        ({"posted_since": AT - timedelta(days=1)}, [3]),
    ],
)
def test_filters_narrow_the_list(tx: Transaction, wanted: dict[str, Any], expected: list[int]) -> None:
    assert ask(tx, **wanted) == expected


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (Sort.DUE, [3, 1, 2, 7, 6]),
        (Sort.SAFE, [3, 1, 2, 7, 6]),
        (Sort.POSTED, [3, 1, 2, 6, 7]),
        (Sort.RELEVANCE, [2, 7, 3, 1, 6]),
    ],
)
def test_orders(tx: Transaction, sort: Sort, expected: list[int]) -> None:
    assert ask(tx, sort=sort) == expected


def test_relevance_puts_the_word_in_the_title_first(tx: Transaction) -> None:
    assert ask(tx, text="armory or network", sort=Sort.RELEVANCE)[0] == 1


@pytest.mark.parametrize("text", ["SPRDL125Q0054", "sprdl1-25-q-0054", "SPRDL1 25 Q 0054".replace(" ", "")])
def test_a_solicitation_number_finds_its_own_first_however_it_is_spelled(tx: Transaction, text: str) -> None:
    assert ask(tx, text=text)[0] == 7


def test_a_notice_id_finds_even_what_is_closed(tx: Transaction) -> None:
    assert ask(tx, text=ROWS[4]["external_ref"]) == [5]


def test_words_are_no_numbers() -> None:
    assert number_key("maintenance") is None
    assert number_key("R-1") is None
    assert number_key("W912-26 R") is None


def test_pages_join_without_gap_and_count_everything(tx: Transaction) -> None:
    pages = [list_opportunities(tx, OpportunityFilter(), at=AT, limit=2, offset=o) for o in (0, 2, 4, 6)]
    assert [n for page in pages for n in numbers(page)] == [2, 7, 3, 1, 6]
    assert {page.total for page in pages} == {5}
    exact = [list_opportunities(tx, OpportunityFilter(text="SPRDL125Q0054 "), at=AT, limit=1, offset=o) for o in (0, 1)]
    assert [numbers(page) for page in exact] == [[7], []]


def test_an_obsolete_id_leads_to_the_survivor(tx: Transaction) -> None:
    found = read_opportunity(tx, "oldid")
    assert found is not None
    assert found.row.id == ROWS[1]["id"]
    assert [n.notice_id for n in found.notices] == [ROWS[1]["external_ref"]]
    assert read_opportunity(tx, "never") is None


def test_rows_keep_the_order_asked_for(tx: Transaction) -> None:
    assert [r.id for r in read_rows(tx, ["o00000003", "gone", "o00000001"])] == ["o00000003", "o00000001"]


def test_facets_count_beside_their_own_choice(tx: Transaction) -> None:
    counts = facet_counts(tx, OpportunityFilter(agencies=("DEPT OF THE INTERIOR",), text="network"), at=AT)
    assert counts["agency"] == {"DEPT OF DEFENSE": 4, "DEPT OF THE INTERIOR": 1}
    assert counts["set_aside"] == {"": 1}
    assert counts["place"] == {"CO": 1}
    everything = facet_counts(tx, OpportunityFilter(), at=AT)
    assert everything["naics"] == {"5415": 4, "2381": 1}
    assert sum(everything["recommendation"].values()) == 4


def test_dashboard_counts(tx: Transaction) -> None:
    summary = summarise(tx, at=AT, fit_from=40)
    assert (summary.open_count, summary.new_count, summary.new_fitting, summary.closing_count) == (5, 1, 1, 1)
    assert summary.by_score == {30: 1, 50: 1, 70: 1, 90: 1}
    assert summary.by_agency[0] == ("DEPT OF DEFENSE", 4, 2)
    assert [r.id for r in read_new(tx, at=AT)] == ["o00000003"]
    assert [int(r.id[1:]) for r in read_closing(tx, at=AT, fit_from=40)] == [3, 2, 7]
