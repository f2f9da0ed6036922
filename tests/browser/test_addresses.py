"""Addresses that people keep: of a page by its name, of an opportunity that has since become part of another one."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OFFICER, VIEWER, Site, settle
from tests.factories_ledger import opportunity, publish
from warehouse import clock
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings


@pytest.fixture(scope="module", autouse=True)
def _merged(home: Settings) -> None:
    now = clock.now()
    rows = [opportunity(n, at=now) for n in range(1, 4)]
    rows[0].update(title="Mowing, as first posted", is_open=False, status="reviewing", note="Ask *Fred*")
    rows[1].update(title="Mowing of the airfield")
    publish(rows)
    with open_ledger("procura_pipeline").housekeeping() as tx:
        tx.execute("update opportunities set merged_into = %s where id = %s", [rows[1]["id"], rows[0]["id"]])
        tx.execute("insert into opportunity_aliases (alias_id, opportunity_id) values ('gone', %s)", [rows[1]["id"]])


def test_a_merged_opportunity_s_address_leads_to_the_one_that_goes_on(site: Site) -> None:
    page = site.sign_in(OFFICER, path="/opportunity?id=o00000001")
    expect(page.get_by_role("heading", name="Mowing of the airfield")).to_be_visible()
    told = page.get_by_test_id("stAlert")
    expect(told).to_contain_text("found to be this same solicitation")
    expect(told).to_contain_text("“Mowing, as first posted” and marked reviewing")
    expect(told).to_contain_text("Ask *Fred*")


def test_an_address_whose_entry_is_gone_leads_to_the_one_that_goes_on(site: Site) -> None:
    page = site.sign_in(VIEWER, path="/opportunity?id=gone")
    expect(page.get_by_role("heading", name="Mowing of the airfield")).to_be_visible()
    expect(page.get_by_test_id("stAlert")).to_contain_text("found to be this same solicitation")
    page.goto("/opportunity?id=o00000002")
    settle(page)
    expect(page.get_by_text("same solicitation")).to_have_count(0)


def test_an_address_of_nothing_says_so_and_leads_on(site: Site) -> None:
    page = site.sign_in(VIEWER, path="/opportunity?id=never-there")
    expect(page.get_by_text("There is no such opportunity here.")).to_be_visible()
    page.get_by_role("link", name="All opportunities").first.click()
    expect(page.get_by_role("heading", name="Opportunities")).to_be_visible()


@pytest.mark.parametrize("path", ["/dashboard", "/"])
def test_the_dashboard_has_an_address_of_its_own(site: Site, path: str) -> None:
    page = site.sign_in(VIEWER, path=path)
    expect(page.get_by_role("heading", name="Dashboard", exact=True)).to_be_visible()
    expect(page.get_by_text("Page not found")).to_have_count(0)
    page.reload()
    settle(page)
    expect(page.get_by_role("heading", name="Dashboard", exact=True)).to_be_visible()


def test_an_address_of_no_page_says_so(site: Site) -> None:
    page = site.sign_in(VIEWER, path="/no-such-page")
    expect(page.get_by_text("Page not found")).to_be_visible()
