"""Words that few and that many rows hold are found on different ways, with the same answer as a plain look at every row."""

from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.factories_people import new_person
from warehouse.addresses import superuser_conninfo
from warehouse.domain.access import Person, Role
from warehouse.domain.audit_event import AuditEvent
from warehouse.ledger.opportunities import SEARCH_COUNT_LIMIT, list_opportunities
from warehouse.ledger.opportunity_counts import facet_counts
from warehouse.ledger.opportunity_filter import OpportunityFilter, Sort
from warehouse.ledger.opportunity_search import RARE, find_by_number, find_words
from warehouse.ledger.store import Transaction, open_ledger
from warehouse.settings import Settings

AT = datetime(2026, 4, 10, tzinfo=UTC)
ROWS = 3_000
SEED = """
insert into opportunities (id, source, external_ref, content_hash, solicitation_number, title, agency, notice_type, naics_code,
  posted_at, due_date, due_precision, safe_deadline_at, notice_count, is_open, row_hash, fit_score, recommendation)
select 'o' || n, 'sam_gov', 'notice' || n, 'h' || n, 'W91-26-R-' || n,
  'Lot ' || n || case when n %% 10 < 9 then ' common' else '' end || case when n %% 100 = 0 then ' seldom' else '' end,
  'DEPT ' || n %% 10, 'Solicitation', (541500 + n %% 7)::text, %(at)s, %(at)s + n %% 31 * interval '1 day' + interval '1 hour',
  'instant', %(at)s + n %% 31 * interval '1 day', 1, n %% 50 <> 0, 'r' || n, n %% 101, 'watch'
from generate_series(1, %(rows)s) n
"""
FILTERS = {
    "a word of nearly every row": OpportunityFilter(text="common"),
    "and one agency": OpportunityFilter(text="common", agencies=("DEPT 3",)),
    "and one agency without the word": OpportunityFilter(text="common", agencies=("DEPT 9",)),
    "and closed ones": OpportunityFilter(text="common", agencies=("DEPT 1",), closed=True),
    "and an industry, by deadline": OpportunityFilter(text="common", naics=("541502",), sort=Sort.DUE),
    "a rare word": OpportunityFilter(text="seldom", closed=True),
    "a rare word, open ones": OpportunityFilter(text="seldom"),
    "both": OpportunityFilter(text="common seldom", closed=True),
    "a word of no row": OpportunityFilter(text="nowhere"),
    "all but": OpportunityFilter(text="lot -common"),
}


@pytest.fixture(scope="module")
def viewer(home: Settings) -> Person:
    with open_ledger("procura_pipeline").deed(AuditEvent("test:seeded", "opportunities", "system")) as deed:
        deed.execute(SEED, {"at": AT, "rows": ROWS})
    with psycopg.connect(make_conninfo("", **superuser_conninfo(home)), autocommit=True) as connection:
        connection.execute("analyze opportunities")
    return new_person(Role.VIEWER)


@pytest.fixture
def tx(viewer: Person) -> Iterator[Transaction]:
    with open_ledger().read(viewer) as transaction:
        yield transaction


def plainly(home: Settings, wanted: OpportunityFilter) -> set[str]:
    """What a look at every row finds, as the superuser, in the words of this test."""
    with psycopg.connect(make_conninfo("", **superuser_conninfo(home))) as connection:
        rows = connection.execute(
            "select id, agency, naics_code, is_open from opportunities where search @@ websearch_to_tsquery('english', %s)",
            [wanted.text],
        ).fetchall()
    return {
        row[0]
        for row in rows
        if (not wanted.agencies or row[1] in wanted.agencies)
        and (not wanted.naics or row[2].startswith(wanted.naics))
        and (wanted.closed or row[3])
    }


@pytest.mark.parametrize("wanted", FILTERS.values(), ids=FILTERS.keys())
def test_words_find_what_a_look_at_every_row_finds(home: Settings, tx: Transaction, wanted: OpportunityFilter) -> None:
    expected = plainly(home, wanted)
    page = list_opportunities(tx, wanted, at=AT, limit=ROWS)
    assert {row.id for row in page.rows} == expected
    assert page.total == min(len(expected), SEARCH_COUNT_LIMIT)
    assert page.is_capped == (len(expected) > SEARCH_COUNT_LIMIT)
    assert sum(facet_counts(tx, wanted, at=AT)["notice_type"].values()) == len(expected)


def test_the_two_ways_are_both_tried(tx: Transaction) -> None:
    common, seldom = find_words(tx, "common"), find_words(tx, "seldom")
    assert common is not None
    assert seldom is not None
    assert not common.is_rare
    assert len(common.ids) == RARE + 1
    assert seldom.is_rare
    assert find_words(tx, " \x00 ") is None


def test_pages_of_a_frequent_word_follow_each_other_in_order(tx: Transaction) -> None:
    wanted = OpportunityFilter(text="common")
    whole = [row.id for row in list_opportunities(tx, wanted, at=AT, limit=200).rows]
    parts = [row.id for start in (0, 50, 100, 150) for row in list_opportunities(tx, wanted, at=AT, offset=start).rows]
    assert parts == whole


def test_a_number_is_found_with_and_without_its_dashes(tx: Transaction) -> None:
    assert find_by_number(tx, "W91-26-R-77") == find_by_number(tx, "w9126r77") == ["o77"]
    assert find_by_number(tx, "notice78") == ["o78"]


def test_the_functions_find_nothing_in_nobodys_name(home: Settings, viewer: Person) -> None:
    with psycopg.connect(make_conninfo("", **superuser_conninfo(home))) as connection:
        connection.execute("set local role procura_app")
        answer = connection.execute(
            "select array(select * from opportunities_with_words(to_tsquery('common'))), opportunities_numbered('W9126R77')"
        ).fetchone()
    assert answer == ([], [])
