"""Workspace and Submissions in a real browser: opened, written in, changed under, handed over; what others do comes by itself."""

import re
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pipelines.administration.people import add_person
from pipelines.submission.board import find_submissions
from pipelines.submission.notes import add_note
from pipelines.submission.workspace import open_workspace, rename
from tests.browser.conftest import OFFICER, PASSWORD, VIEWER, Site, settle
from tests.browser.screens import SCREENS
from tests.factories_amendments import amend
from tests.factories_ledger import opportunity, publish
from warehouse import clock
from warehouse.domain.access import Department, Person, Role
from warehouse.ledger.people import find_profile
from warehouse.ledger.store import open_ledger
from warehouse.ledger.submissions import read_submission

NUMBERS = count(600_000)
COLLEAGUE = "anne.lee@firm.example"


def new_opportunity() -> str:
    now = clock.now()
    found = opportunity(
        next(NUMBERS), at=now, due_date=now + timedelta(days=9), title="Network maintenance at the depot"
    )
    publish([found])
    return str(found["id"])


def person(email: str) -> Person:
    with open_ledger().read() as tx:
        found = find_profile(tx, email)
    if found is not None:
        return found.person
    return add_person(
        open_ledger(), email=email, role=Role.CONTRACT_OFFICER, department=Department.CONTRACTS, password=PASSWORD,
        at=clock.now(),
    )  # fmt: skip


def new_workspace(opportunity_id: str) -> str:
    return open_workspace(open_ledger(), opportunity_id, at=clock.now(), by=person(OFFICER))


def test_an_officer_opens_a_workspace_from_the_opportunity_and_comes_back_to_it(site: Site) -> None:
    page = site.sign_in(OFFICER, path=f"/opportunity?id={new_opportunity()}")
    page.get_by_role("button", name="Open a workspace").click()
    expect(page.get_by_role("heading", name="Checklist", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile(r"/workspace\?id="))
    expect(page.get_by_text("gates say no")).to_be_visible()
    page.get_by_role("link", name="The notice").click()
    settle(page)
    expect(page.get_by_role("button", name="Open another workspace")).to_be_visible()


def test_what_a_colleague_does_comes_by_itself_and_takes_nothing_away_that_is_being_typed(site: Site) -> None:
    submission_id = new_workspace(new_opportunity())
    page = site.sign_in(OFFICER, path=f"/workspace?id={submission_id}&part=notes")
    box = page.get_by_role("textbox", name="Note")
    box.fill("Half a sentence that")
    box.press_sequentially(" goes")
    add_note(open_ledger(), submission_id, "A colleague was here.", at=clock.now(), by=person(COLLEAGUE))
    expect(page.get_by_text("A colleague was here.")).to_be_visible()
    box.press_sequentially(" on")
    expect(box).to_have_value("Half a sentence that goes on")
    page.get_by_role("button", name="Write note").click()
    expect(box).to_have_value("")
    expect(page.get_by_text("Half a sentence that goes on")).to_be_visible()


def test_what_is_written_in_a_note_is_no_markup(site: Site) -> None:
    submission_id = new_workspace(new_opportunity())
    nasty = "<img src=x onerror=alert(1)> **bold** [link](https://evil.example) :red[no]"
    add_note(open_ledger(), submission_id, nasty, at=clock.now(), by=person(OFFICER))
    page = site.sign_in(VIEWER, path=f"/workspace?id={submission_id}&part=notes")
    expect(page.get_by_text(nasty)).to_be_visible()
    assert page.locator("img[src=x]").count() == 0
    assert page.get_by_role("link", name="link", exact=True).count() == 0
    assert page.get_by_role("button", name="Write note").count() == 0


def test_a_stale_name_is_refused_with_a_sentence(site: Site) -> None:
    submission_id = new_workspace(new_opportunity())
    page = site.sign_in(OFFICER, path=f"/workspace?id={submission_id}")
    page.get_by_role("button", name="Name and value").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("Base and options")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_text("Base and options").first).to_be_visible()
    with open_ledger().read(person(OFFICER)) as tx:
        found = read_submission(tx, submission_id)
    assert found is not None
    rename(open_ledger(), submission_id, "From elsewhere", version=found.version, by=person(OFFICER))
    expect(page.get_by_text("From elsewhere").first).to_be_visible()


def test_a_changed_notice_is_told_with_both_values_and_acknowledged(site: Site) -> None:
    opportunity_id = new_opportunity()
    submission_id = new_workspace(opportunity_id)
    page = site.sign_in(OFFICER, path=f"/workspace?id={submission_id}")
    amend(opportunity_id, set_aside_code="8A")
    expect(page.get_by_text("The notice changed")).to_be_visible()
    expect(page.get_by_text("8(a) competed")).to_be_visible()
    expect(page.get_by_text("Total small business")).to_be_visible()
    page.get_by_role("button", name="I have read this").click()
    expect(page.get_by_text("The notice changed")).to_have_count(0)


def test_several_offers_are_handed_over_at_once(site: Site) -> None:
    heir = person(COLLEAGUE)
    for _ in range(2):
        new_workspace(new_opportunity())
    page = site.sign_in(OFFICER, path="/submissions?view=table&owner=me")
    grid = page.locator("[data-testid=stDataFrame] .dvn-scroller")
    for line in (1, 2):
        grid.click(position={"x": 17, "y": 36 + 35 * line - 17}, modifiers=["ControlOrMeta"] if line > 1 else [])
        settle(page)
    page.get_by_role("combobox", name="New owner").click()
    page.get_by_role("option", name=heir.email).click()
    page.get_by_role("button", name="Hand over 2 offers").click()
    expect(page.get_by_text("2 handed over; the new owner is told.")).to_be_visible()
    owned = [offer for offer in find_submissions(open_ledger(), by=heir) if offer.owner_id == heir.id]
    assert len(owned) == 2


def test_filters_of_the_board_are_the_address(site: Site) -> None:
    new_workspace(new_opportunity())
    page = site.sign_in(OFFICER, path="/submissions")
    page.get_by_role("combobox", name="Due within").click()
    page.get_by_role("option", name="1 day", exact=True).click()
    expect(page.get_by_text("Nothing matches.")).to_be_visible()
    expect(page).to_have_url(re.compile(r"due=1"))
    page.get_by_role("button", name="Clear all").click()
    expect(page.get_by_text("Network maintenance at the depot").first).to_be_visible()


def test_what_is_not_there_says_so(site: Site) -> None:
    page = site.sign_in(VIEWER, path="/workspace?id=nothing")
    expect(page.get_by_text("There is no such offer here.")).to_be_visible()


@pytest.mark.parametrize(("width", "dark"), SCREENS)
def test_workspace_and_board_fit_the_screen(
    site: Site, screenshot: Callable[[Page, str], Path], width: int, dark: bool
) -> None:
    opportunity_id = new_opportunity()
    submission_id = new_workspace(opportunity_id)
    amend(
        opportunity_id,
        due_date=clock.now() + timedelta(days=12),
        attachment_urls=["https://files.example/amendment.pdf"],
    )
    for address, name in ((f"/workspace?id={submission_id}", "workspace"), ("/submissions", "submissions")):
        page = site.sign_in(OFFICER, path=address, width=width, dark=dark)
        expect(page.get_by_text("could not be shown")).to_have_count(0)
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0
        screenshot(page, f"{name}-{width}-{'dark' if dark else 'light'}")
        page.context.close()
