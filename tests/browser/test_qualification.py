"""Why a score is what it is, and the page Qualification: looked at in a browser at both widths."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pipelines.administration.system_settings import set_setting
from tests.browser.conftest import OFFICER, Site, settle
from tests.factories_assessments import (
    ANALYSIS,
    CLEARANCE,
    DESCRIPTION,
    NETWORK,
    ORDER,
    TRIAGE,
    conclude,
    put_into_batch,
)
from tests.factories_ledger import opportunity, publish
from tests.factories_people import new_person
from warehouse import clock
from warehouse.domain.access import Role
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings


@pytest.fixture(scope="module", autouse=True)
def _assessed(home: Settings) -> None:
    now = clock.now()
    publish([opportunity(1, at=now, description=DESCRIPTION, scored_at=now), opportunity(2, at=now, scored_at=now)])
    conclude("o00000001", TRIAGE, ANALYSIS, at=now)
    set_setting(open_ledger(), "llm_provider", "anthropic", by=new_person(Role.ADMIN))


@pytest.mark.parametrize("width", [1440, 390])
def test_the_page_says_why_by_whom_and_for_how_much(
    site: Site, width: int, screenshot: Callable[[Page, str], Path]
) -> None:
    page = site.sign_in(OFFICER, path="/opportunity?id=o00000001", width=width)
    expect(page.get_by_text("Why this score")).to_be_visible()
    expect(page.get_by_text("56 of proven points · Watch")).to_be_visible()
    expect(page.get_by_text("0.012346 USD", exact=False)).to_be_visible()
    expect(page.get_by_text("instead of anthropic: its rate limit was reached", exact=False)).to_be_visible()
    for text in (NETWORK, CLEARANCE, ORDER):
        expect(page.locator("[data-testid=stMarkdownContainer] span", has_text=text).first).to_be_attached()
    wider = page.locator("[data-testid=stMain]").evaluate("e => e.scrollWidth - e.clientWidth")
    assert wider <= 0
    screenshot(page, f"opportunity-assessed-{width}")


def test_a_person_disagrees_and_it_stands_on_the_page_qualification(site: Site) -> None:
    page = site.sign_in(OFFICER, path="/opportunity?id=o00000001")
    page.get_by_text("Disagree", exact=True).click()
    page.locator("label", has_text="Pass").last.click()
    page.get_by_role("textbox", name="Why").fill("We have no clearance and get none in time.")
    page.get_by_role("button", name="Keep my disagreement").click()
    expect(page.get_by_text("Your disagreement is kept.")).to_be_visible()
    page.goto("/qualification")
    settle(page)
    expect(page.get_by_text("We have no clearance and get none in time.")).to_be_visible()


@pytest.mark.parametrize("width", [1440, 390])
def test_the_page_qualification_shows_queue_money_and_outcomes(
    site: Site, width: int, screenshot: Callable[[Page, str], Path]
) -> None:
    page = site.sign_in(OFFICER, path="/qualification", width=width)
    expect(page.get_by_text("Waiting")).to_be_visible()
    expect(page.get_by_text("$0.00 of $5", exact=True)).to_be_visible()
    screenshot(page, f"qualification-assessed-{width}")


@pytest.mark.parametrize("width", [1440, 390])
def test_the_page_qualification_shows_what_is_out_in_batches(
    site: Site, width: int, screenshot: Callable[[Page, str], Path]
) -> None:
    if width == 1440:
        sent_at = clock.now() - timedelta(hours=3)
        put_into_batch([f"o{n:08d}" for n in range(100, 160)], at=sent_at, most="0.0061")
        put_into_batch(
            [f"o{n:08d}" for n in range(200, 212)], at=sent_at + timedelta(hours=1), vendor_id="", most="0.0061"
        )
    page = site.sign_in(OFFICER, path="/qualification", width=width)
    expect(page.get_by_text("72 questions since", exact=False)).to_be_visible()
    expect(page.get_by_text("$0.44 at most", exact=False)).to_be_visible()
    settle(page)
    wider = page.locator("[data-testid=stMain]").evaluate("e => e.scrollWidth - e.clientWidth")
    assert wider <= 0
    screenshot(page, f"qualification-batches-{width}")
