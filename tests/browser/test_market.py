"""The page Market and who holds work like an opportunity's: looked at in a browser at both widths."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pipelines.qualification.profiles import ensure_company
from pipelines.qualification.snapshot import snapshot_ledger
from tests.browser.conftest import OFFICER, Site, settle
from tests.browser.screens import SCREENS
from tests.factories import land, notice
from tests.factories_articles import article, land_articles
from tests.factories_awards import award, land_awards
from tests.factories_ledger import opportunity, publish
from warehouse import clock
from warehouse.lake.connection import open_lake
from warehouse.lake.marts import refresh_mart
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

MARTS = ("recompetes", "agency_spend", "competitors", "incumbents")


@pytest.fixture(scope="module")
def market(home: Settings) -> None:
    """Forty awards of two agencies, and an opportunity that looks like some of them; from its first use on."""
    now = clock.now()
    ensure_company(open_ledger("procura_pipeline"))
    row = notice("n1", title="Janitorial services for the offices of building 7")
    land(open_lake(), [row])
    same = {
        name: row[name]
        for name in ("title", "agency", "sub_agency", "naics_code", "psc_code", "place_state", "content_hash")
    }
    publish([opportunity(1, at=now, external_ref="n1", **same)])
    snapshot_ledger(open_lake(), open_ledger("procura_pipeline"))
    land_awards(
        open_lake(),
        [
            award(
                f"W912DY24F{n:04d}",
                recipient_name=f"HOLDER NUMBER {n % 7} LLC",
                recipient_uei=f"HOLDER00000{n % 7}",
                agency="Department of Examples" if n % 3 else "Department of Others",
                obligated_usd=Decimal(n * 371_250 - 20_000),
                ceiling_usd=Decimal(30_000_000) if n % 5 == 0 else None,
                starts_on=date(2022 + n % 4, 10, 1),
                ends_on=date(now.year + n % 2, n % 12 + 1, 28),
                naics_code="561720" if n % 4 else "541512",
            )
            for n in range(40)
        ],
    )
    land_articles(
        open_lake(),
        [
            article("1", title="Department of Examples plans to buy [cleaning](javascript:alert(1)) for 40 buildings"),
            article("2", title="DEPARTMENT OF EXAMPLES opens its third data center, and cyber offices beside it"),
            article("3", title="Zero trust comes late", publisher=None, published_at=None),
            article("4", title="Nothing of interest to anybody"),
        ],
    )
    for name in MARTS:
        refresh_mart(open_lake(), name, as_of=now)


def test_without_awards_it_says_how_they_come(site: Site, screenshot: Callable[[Page, str], Path]) -> None:
    page = site.sign_in(OFFICER, path="/market")
    expect(page.get_by_text("No awards are known yet.")).to_be_visible()
    expect(page.get_by_text("inbox/usaspending/")).to_be_visible()
    expect(page.get_by_text("No known story names your buyers or topics.")).to_be_visible()
    screenshot(page, "market-empty")


@pytest.mark.parametrize(("width", "dark"), SCREENS)
def test_the_market_says_who_buys_who_holds_and_what_ends(
    site: Site, market: None, width: int, dark: bool, screenshot: Callable[[Page, str], Path]
) -> None:
    page = site.sign_in(OFFICER, path="/market", width=width, dark=dark)
    expect(page.get_by_role("heading", name="Ending next")).to_be_visible()
    expect(page.get_by_role("heading", name="Who buys")).to_be_visible()
    expect(page.get_by_role("heading", name="Who holds it")).to_be_visible()
    expect(page.locator("[data-testid=stMetric]", has_text="Awards").first).to_contain_text("40")
    expect(page.get_by_role("heading", name="In the news")).to_be_visible()
    story = page.get_by_role(
        "link", name="Department of Examples plans to buy [cleaning](javascript:alert(1)) for 40 buildings"
    )
    expect(story).to_have_attribute("href", "https://times.example/1")
    expect(page.get_by_text("Zero trust comes late")).to_be_visible()
    expect(page.get_by_text("Nothing of interest to anybody")).to_have_count(0)
    wider = page.locator("[data-testid=stMain]").evaluate("e => e.scrollWidth - e.clientWidth")
    assert wider <= 0
    screenshot(page, f"market-{width}{'-dark' if dark else ''}")


def test_a_chosen_row_opens_its_awards_and_the_address_keeps_the_industry(
    site: Site, market: None, screenshot: Callable[[Page, str], Path]
) -> None:
    page = site.sign_in(OFFICER, path="/market?naics=541512")
    expect(page.locator("[data-testid=stMetric]", has_text="Awards").first).to_contain_text("10")
    grid = page.locator("[data-testid=stDataFrame]").last
    grid.scroll_into_view_if_needed()
    grid.click(position={"x": 15, "y": 55})
    expect(page.get_by_text("Awards behind it")).to_be_visible()
    settle(page)
    screenshot(page, "market-behind")


@pytest.mark.parametrize("width", [1440, 390])
def test_an_opportunity_says_who_holds_work_like_it(
    site: Site, market: None, width: int, screenshot: Callable[[Page, str], Path]
) -> None:
    page = site.sign_in(OFFICER, path="/opportunity?id=o00000001", width=width)
    expect(page.get_by_text("Who holds work like this")).to_be_visible()
    expect(page.get_by_text("likely ·").first).to_be_visible()
    expect(page.get_by_text("same NAICS 561720", exact=False).first).to_be_visible()
    expect(page.get_by_role("heading", name="The buyer in the news")).to_be_visible()
    expect(page.get_by_text("opens its third data center", exact=False)).to_be_visible()
    expect(page.get_by_text("Zero trust comes late")).to_have_count(0)
    screenshot(page, f"opportunity-incumbents-{width}")
