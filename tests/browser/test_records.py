"""Records on the page Admin: how long they stay, what is due, a hold set by one and lifted by another."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pipelines.administration.people import add_person
from tests.browser.conftest import ADMIN, OFFICER, PASSWORD, Site, settle
from tests.browser.screens import SCREENS
from tests.factories_retention import drop_and_read, old_row, young_row
from warehouse import clock
from warehouse.domain.access import Department, Role
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

SECOND = "second.admin@firm.example"
ADDRESS = "/admin?part=Records"


@pytest.fixture(scope="module")
def records(home: Settings, people: None) -> None:
    """One old and one young notice, and a second admin."""
    drop_and_read(home, "old.csv", [old_row(1), old_row(2)])
    drop_and_read(home, "young.csv", [young_row(3)])
    add_person(
        open_ledger(),
        email=SECOND,
        role=Role.ADMIN,
        department=Department.OPERATIONS,
        password=PASSWORD,
        at=clock.now(),
    )


def look(page: Page) -> None:
    page.get_by_role("button", name="Look what is due").click()
    settle(page)


def test_what_is_due_is_shown_with_the_command_that_removes_it(records: None, site: Site) -> None:
    page = site.sign_in(ADMIN, path=ADDRESS)
    expect(page.get_by_role("heading", name="How long records stay")).to_be_visible()
    look(page)
    expect(page.get_by_text("procura retention purge --plan")).to_be_visible()
    expect(page.get_by_text("go whole")).to_be_visible()
    expect(page.get_by_text("archive date 7 Mar 2015, due since 7 Mar 2022").first).to_be_visible()
    page.context.close()


def test_hold_is_set_by_one_and_lifted_by_another(records: None, site: Site) -> None:
    page = site.sign_in(ADMIN, path=ADDRESS)
    page.get_by_role("button", name="Hold records").click()
    page.get_by_label("Opportunity's id").fill("o1234")
    page.get_by_role("textbox", name="Reason").fill("Claim 17, counsel's letter of 3 March")
    page.get_by_role("button", name="Hold it from now on").click()
    settle(page)
    expect(page.get_by_text("Opportunity: o1234")).to_be_visible()
    expect(page.get_by_text("Set by you: somebody else lifts it.")).to_be_visible()
    expect(page.get_by_role("button", name="Lift", exact=True)).to_have_count(0)
    page.context.close()
    other = site.sign_in(SECOND, path=ADDRESS)
    expect(other.get_by_text("EST by admin").or_(other.get_by_text("EDT by admin"))).to_be_visible()
    other.get_by_role("button", name="Lift", exact=True).click()
    other.get_by_role("textbox", name="Reason").fill("Settled")
    other.get_by_role("button", name="Lift this hold").click()
    settle(other)
    expect(other.get_by_text("No longer held: opportunity o1234.")).to_be_visible()
    expect(other.get_by_text("Nothing is held.")).to_be_visible()
    other.context.close()


def test_officer_of_contracts_does_not_see_it(records: None, site: Site) -> None:
    page = site.sign_in(OFFICER, path=ADDRESS)
    expect(page.get_by_role("heading", name="How long records stay")).to_have_count(0)
    page.context.close()


@pytest.mark.parametrize(("width", "dark"), SCREENS)
def test_looks(records: None, site: Site, screenshot: Callable[[Page, str], Path], width: int, dark: bool) -> None:
    page = site.sign_in(ADMIN, path=ADDRESS, width=width, dark=dark)
    look(page)
    page.get_by_text("Files that stay").click()
    page.wait_for_timeout(500)
    assert screenshot(page, f"records-{width}-{'dark' if dark else 'light'}").stat().st_size > 10_000
    overflow = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert not overflow
    page.context.close()
