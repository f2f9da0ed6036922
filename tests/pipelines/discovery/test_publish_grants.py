"""Grants from the landing to the ledger: what can be answered is published with whom it is for, and scored without NAICS."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from pipelines.discovery.discover import land_source, read_landings
from pipelines.discovery.group import group_opportunities
from pipelines.discovery.publish import Publication, publish_opportunities
from pipelines.qualification.qualify import qualify_open_opportunities
from tests.fakes.grants_gov import extract, opportunity, xml_record
from tests.fakes.sam_gov import csv_bytes, csv_row
from warehouse.lake.connection import open_lake
from warehouse.ledger.opportunities import list_opportunities, read_opportunity
from warehouse.ledger.opportunity_counts import facet_counts
from warehouse.ledger.opportunity_filter import OpportunityFilter
from warehouse.ledger.store import Transaction, open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

AS_OF = datetime(2026, 4, 10, 12, tzinfo=UTC)
OPPS = [
    opportunity(1),
    opportunity(2, closes=None, archived=None),
    opportunity(3, status="forecasted"),
    opportunity(4, closes=AS_OF.date()),
    opportunity(5, closes=datetime(2026, 4, 9, tzinfo=UTC).date()),
    opportunity(6, closes=None, archived=datetime(2026, 4, 1, tzinfo=UTC).date()),
]


def publish() -> Publication:
    lake, ledger = open_lake("procura_pipeline"), open_ledger("procura_pipeline")
    group_opportunities(lake, as_of=AS_OF)
    return publish_opportunities(lake, ledger, as_of=AS_OF)


@pytest.fixture(scope="module")
def tx(home: Settings) -> Iterator[Transaction]:
    """A ledger with what came of six grants and one contract."""
    for source, name, body in (
        ("grants_gov", "a.xml", extract(xml_record(opp) for opp in OPPS)),
        ("sam_gov", "b.csv", csv_bytes([csv_row(1)])),
    ):
        path = home.inbox / source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        land_source(source, home, progress=lambda *_: None, at=AS_OF)
    assert read_landings(home, progress=lambda *_: None).quarantined == 0
    assert publish().open == 4
    assert publish() == Publication(open=4), "nothing changed, nothing is written"
    qualify_open_opportunities(open_ledger("procura_pipeline"), as_of=AS_OF)
    with open_ledger("procura_app").read() as tx:
        yield tx


def listed(tx: Transaction, *kinds: str) -> set[str]:
    page = list_opportunities(tx, OpportunityFilter(kinds=kinds), at=AS_OF)
    return {row.external_ref[-1] if row.is_grant else row.kind for row in page.rows}


def test_what_can_be_answered_is_there_and_kinds_are_told_apart(tx: Transaction) -> None:
    # A rolling one and one that closes today are open; a forecast, what has closed and what is archived are not.
    assert listed(tx) == {"1", "2", "4", "contract"}
    assert listed(tx, "grant") == {"1", "2", "4"}
    assert listed(tx, "contract") == {"contract"}
    assert facet_counts(tx, OpportunityFilter(), at=AS_OF)["kind"] == {"grant": 3, "contract": 1}


def test_a_grant_says_who_may_apply_and_a_contract_nothing_of_it(tx: Transaction) -> None:
    rows = {
        row.kind: row for row in list_opportunities(tx, OpportunityFilter(text="350001", closed=True), at=AS_OF).rows
    }
    found = read_opportunity(tx, rows["grant"].id)
    assert found is not None
    assert found.grant.eligibility_codes == ("06", "22", "23")
    assert found.grant.aln_codes == ("66.419",)
    assert (found.grant.funding_instrument_codes, found.grant.funding_category_codes) == (("G",), ("ENV",))
    assert (found.row.value_usd, found.grant.award_floor_usd) == (Decimal(250000), None)
    assert (found.grant.program_funding_usd, found.grant.expected_awards) == (Decimal(1000000), 4)
    assert found.grant.has_cost_sharing is False
    [contract] = list_opportunities(tx, OpportunityFilter(kinds=("contract",)), at=AS_OF).rows
    other = read_opportunity(tx, contract.id)
    assert other is not None
    assert other.grant.eligibility_codes == ()
    assert other.grant.has_cost_sharing is None


def test_a_grant_is_scored_by_what_it_has_and_no_rule_excludes_it(tx: Transaction) -> None:
    for row in list_opportunities(tx, OpportunityFilter(kinds=("grant",)), at=AS_OF).rows:
        assert row.fit_score is not None
        assert not {reason.kind for reason in row.fit_reasons} & {"naics", "psc", "set_aside", "not_biddable"}
