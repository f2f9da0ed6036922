"""Grants beside contracts: told apart in the list, filtered by the address, whole on their page."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OFFICER, Site, settle
from tests.factories_ledger import opportunity, publish
from warehouse import clock
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

GRANT = "o00000900"
WATER = [
    {"kind": "keywords", "text": "Title holds 'water', of your keywords", "evidence": "title: Water", "points": 30}
]


def fill() -> None:
    now = clock.now()
    closes = now + timedelta(days=40)
    bare = {"naics_code": None, "psc_code": None, "set_aside_code": None, "set_aside_text": None, "sub_agency": None}
    grant = {
        "source": "grants_gov", "kind": "grant", "notice_type": "Grant", "external_ref": "350900", "office": "EPA-R4",
        "agency": "Environmental Protection Agency", "title": "Water quality monitoring and education in the Southeast",
        "solicitation_number": "EPA-R4-26-007", "due_date": closes, "due_raw": f"{closes:%Y-%m-%d}", "due_precision": "date",
        "place_city": None, "place_state": None, "place_country": None, "value_usd": 250_000, "award_floor_usd": 25_000,
        "eligibility_codes": ["06", "12", "22", "23", "other"], "aln_codes": ["66.419", "66.437"],
        "eligibility_text": "Applicants from the states of EPA Region 4 only.", "funding_category_codes": ["ENV", "ED"],
        "funding_instrument_codes": ["CA", "G"], "program_funding_usd": 1_000_000, "expected_awards": 4,
        "has_cost_sharing": True, "fit_reasons": WATER, "url": "https://www.grants.gov/search-results-detail/350900", **bare,
    }  # fmt: skip
    rolling = grant | {
        "title": "Fulbright specialists, open program",
        "external_ref": "350901",
        "solicitation_number": "DOS-26-1",
    }
    rolling |= {"due_date": None, "due_raw": None, "due_precision": "none", "value_usd": None, "award_floor_usd": None}
    publish(
        [
            *(opportunity(n, at=now) for n in range(1, 6)),
            opportunity(900, at=now, **grant),
            opportunity(901, at=now, **rolling),
        ]
    )


@pytest.mark.parametrize("width", [1440, 390])
def test_grants_in_the_list_and_on_their_page(
    site: Site, home: Settings, width: int, screenshot: Callable[[Page, str], Path]
) -> None:
    with open_ledger().read() as tx:
        is_empty = tx.row("select from opportunities limit 1") is None
    if is_empty:
        fill()
    page = site.sign_in(OFFICER, width=width)
    page.goto("/opportunities")
    settle(page)
    screenshot(page, f"opportunities-kinds-{width}")
    page.goto("/opportunities?kind=grant")
    settle(page)
    expect(page.get_by_text("Kind: Grant").first).to_be_visible()
    if width < 500:  # cards; the source stated a day, and the instant shown is not the source's
        expect(page.get_by_text("day only").filter(visible=True).first).to_be_visible()
    screenshot(page, f"opportunities-grants-{width}")
    page.goto(f"/opportunity?id={GRANT}")
    settle(page)
    expect(page.get_by_text("Who may apply").first).to_be_visible()
    expect(page.get_by_text("$25,000.00 to $250,000.00").first).to_be_visible()
    expect(page.get_by_text("NAICS", exact=True)).to_have_count(0)
    wider = page.locator("[data-testid=stMain]").evaluate("e => e.scrollWidth - e.clientWidth")
    assert wider <= 0
    screenshot(page, f"opportunity-grant-{width}")
    page.goto("/sources")
    settle(page)
    screenshot(page, f"sources-grants-{width}")
