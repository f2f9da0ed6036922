"""The Sources page says for each source whether it is blind, why, what it still allows and what to do."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OFFICER, Site
from tests.browser.screens import SCREENS
from warehouse.clock import now
from warehouse.domain.run_outcome import RunOutcome
from warehouse.lake.landings import Counts
from warehouse.ledger.discovery_runs import Source, add_to_open_run, end_idle_run, fail_run, note_landing, start_run
from warehouse.ledger.source_budgets import Quota, close_source, take_request
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

DAY = Quota(10, timedelta(days=1))


@pytest.fixture(scope="module", autouse=True)
def _runs(home: Settings) -> None:
    """One that brought something, one whose key was refused, one whose requests are used up, one that was not asked."""
    ledger, at = open_ledger("procura_pipeline"), now()

    def begin(name: str, outcome: RunOutcome, reason: str, requests: int) -> str:
        source = Source(name, "api_key", f"https://{name.replace('_', '-')}.example/docs")
        run = start_run(ledger, source, at=at - timedelta(minutes=4), as_of=None)
        note_landing(ledger, run, outcome, reason=reason, skipped=[], requests_spent=requests)
        return run

    begin("sam_gov", RunOutcome.CAME, "", 3)
    for _ in range(3):
        take_request(ledger, "sam_gov", DAY, at=at)
    add_to_open_run(ledger, "sam_gov", Counts(2_113, 2_110, 3, 1_904, 206), is_done=True, at=at)
    run = begin("govcon", RunOutcome.KEY_REFUSED, "GovCon API refuses the key (HTTP 403).", 1)
    fail_run(ledger, run, at=at, reason="GovCon API refuses the key (HTTP 403).")
    words = "NewsAPI has said that its requests are used up, until 2099-01-01 00:00 UTC."
    end_idle_run(ledger, begin("newsapi", RunOutcome.QUOTA, words, 1), at=at, reason=words)
    take_request(ledger, "newsapi", DAY, at=at)
    close_source(ledger, "newsapi", until=at + timedelta(hours=9), because="quota")
    words = "The inbox is empty, and as of another instant the source is not asked."
    end_idle_run(ledger, begin("grants_gov", RunOutcome.NOT_ASKED, words, 0), at=at, reason=words)


def test_each_source_says_what_its_last_run_came_to_and_what_to_do(site: Site) -> None:
    page = site.sign_in(OFFICER, path="/sources")
    expect(page.get_by_text("last run: brought something")).to_be_visible()
    expect(page.get_by_text("7 of 10 requests left until")).to_be_visible()
    expect(page.get_by_text("2,113 landed = 2,110 accepted + 3 quarantined")).to_be_visible()
    expect(page.get_by_text("last run: key refused")).to_be_visible()
    expect(page.get_by_text("An admin sets another key on the page Credentials.")).to_be_visible()
    expect(page.get_by_text("It is left alone until")).to_have_count(1)
    expect(page.get_by_text("last run: was not asked")).to_be_visible()
    expect(page.get_by_text("By itself the next run begins")).to_be_visible()


@pytest.mark.parametrize(("width", "dark"), SCREENS)
def test_it_is_fit_to_be_shown(site: Site, screenshot: Callable[[Page, str], Path], width: int, dark: bool) -> None:
    page = site.sign_in(OFFICER, path="/sources", width=width, dark=dark)
    expect(page.get_by_text("By itself the next run begins")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "nothing is pushed out of the screen"
    screenshot(page, f"sources-{width}-{'dark' if dark else 'light'}")
