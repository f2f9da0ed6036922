"""The checklist of a workspace in a real browser: ticked, seen by a colleague, refused with a sentence, waived, added, edited."""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pipelines.administration.people import add_person
from pipelines.submission.checklist_ticks import tick
from pipelines.submission.workspace import open_workspace
from tests.browser.conftest import OFFICER, PASSWORD, VIEWER, Site, settle
from tests.browser.screens import SCREENS
from tests.factories_ledger import opportunity, publish
from warehouse import clock
from warehouse.domain.access import Department, Person, Role
from warehouse.ledger.people import Profile, list_profiles
from warehouse.ledger.store import open_ledger
from warehouse.ledger.submission_tasks import list_tasks

FINANCE = "finance@firm.example"
TEXT = (
    "The contractor shall maintain the network. Technical volumes shall not exceed 20 pages. All questions must be sent by"
    " 3 March 2031. Submit your offer to buyer@navy.example with the number in the subject line."
)


@pytest.fixture(scope="module")
def offer(site: Site) -> str:
    add_person(
        open_ledger(),
        email=FINANCE,
        role=Role.CONTRACT_OFFICER,
        department=Department.FINANCE,
        password=PASSWORD,
        at=clock.now(),
    )
    found = opportunity(77, at=clock.now(), description=TEXT, set_aside_code="SDVOSBC")
    publish([found])
    return open_workspace(open_ledger(), found["id"], at=clock.now() - timedelta(minutes=1), by=officer())


def officer() -> Person:
    return next(p.person for p in list_profiles_now() if p.person.email == OFFICER)


def list_profiles_now() -> list[Profile]:
    with open_ledger().housekeeping() as tx:
        return list_profiles(tx, at=clock.now())


def workspace(site: Site, offer: str, email: str = OFFICER, *, width: int = 1440, dark: bool = False) -> Page:
    return site.sign_in(email, path=f"/workspace?id={offer}&part=checklist", width=width, dark=dark)


def box(page: Page, title: str) -> "object":
    return page.get_by_role("checkbox", name=title)


def row(page: Page, title: str) -> object:
    return page.locator("[data-testid=stHorizontalBlock]").filter(has=page.get_by_role("checkbox", name=title)).last


def toggle(page: Page, title: str) -> None:
    page.locator("[data-testid=stCheckbox]").filter(has_text=title).get_by_text(title).first.click()


SAM = "SAM.gov registration active, and through the expected award"
READ = "Notice and all attachments read in full"
DECIDED = "Decision to answer taken and written down"


def test_a_tick_is_there_for_a_colleague_and_after_a_reload(site: Site, offer: str) -> None:
    page, colleague = workspace(site, offer), workspace(site, offer, VIEWER)
    expect(page.get_by_text("required open")).to_be_visible()
    toggle(page, SAM)
    expect(box(page, SAM)).to_be_checked()
    expect(page.get_by_text("ticked by officer@")).to_be_visible()
    expect(box(colleague, SAM)).to_be_checked()
    expect(box(colleague, SAM)).to_be_disabled()
    page.reload()
    settle(page)
    expect(box(page, SAM)).to_be_checked()


def test_a_box_is_ticked_by_keyboard(site: Site, offer: str) -> None:
    page = workspace(site, offer)
    box(page, "Way of delivery tried").focus()
    page.keyboard.press("Space")
    expect(box(page, "Way of delivery tried")).to_be_checked()
    expect(box(page, "Way of delivery tried")).to_be_focused()


def test_what_comes_later_is_refused_with_a_sentence_and_stays_open(site: Site, offer: str) -> None:
    page = workspace(site, offer)
    toggle(page, DECIDED)
    expect(page.get_by_text(f"waits for “{READ}”")).to_be_visible()
    expect(box(page, DECIDED)).not_to_be_checked()


def test_a_locked_point_says_who_can(site: Site, offer: str) -> None:
    title = "Finance has reviewed price and cost basis"
    expect(box(workspace(site, offer), title)).to_be_disabled()
    expect(box(workspace(site, offer, FINANCE), title)).to_be_enabled()


def test_a_stale_page_is_told_who_was_faster(site: Site, offer: str) -> None:
    page = workspace(site, offer)
    point = next(p for p in points(offer) if p.title.startswith("UEI, CAGE"))
    expect(box(page, "UEI, CAGE")).not_to_be_checked()
    if not point.completed:
        tick(open_ledger(), offer, point.id, version=point.version, at=clock.now(), by=officer())
    expect(box(page, "UEI, CAGE")).to_be_checked()  # the page follows by itself


def points(offer: str) -> list:
    with open_ledger().read(officer()) as tx:
        return list_tasks(tx, offer)


def test_a_point_from_the_text_shows_its_words_in_the_notice_and_is_waived_with_a_reason(
    site: Site, offer: str
) -> None:
    page = workspace(site, offer)
    row(page, "Page limit kept").get_by_role("button", name="Open").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Technical volumes shall not exceed 20 pages.")).to_be_visible()
    expect(dialog.get_by_role("link", name="The whole notice")).to_be_visible()
    dialog.get_by_role("button", name="Waive").click()
    expect(dialog.get_by_text("A point is waived with a reason.")).to_be_visible()
    dialog.get_by_label("Why it does not apply").fill("Only for task orders.")
    dialog.get_by_role("button", name="Waive").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("waived: Only for task orders.")).to_be_visible()


def test_a_point_is_added_given_to_somebody_and_edited(site: Site, offer: str) -> None:
    page = workspace(site, offer)
    page.get_by_role("button", name="Add point").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Title").fill("Egress plan")
    dialog.get_by_label("Evidence wanted").fill("Signed plan")
    dialog.get_by_role("button", name="Add point").click()
    expect(dialog).to_be_hidden()
    settle(page)
    # While the list is drawn anew, a point stands at its former place too.
    expect(box(page, "Egress plan")).to_have_count(1)
    row(page, "Egress plan").get_by_role("button", name="Open").click()
    dialog.get_by_role("button", name="Edit owner").click()
    expect(dialog.get_by_role("textbox", name="Title")).to_have_value("Egress plan")
    dialog.get_by_role("textbox", name="Title").fill("Egress plan signed")
    dialog.get_by_role("combobox", name="Whose it is").click()
    page.get_by_role("option", name=FINANCE).click()
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    expect(box(page, "Egress plan signed")).to_have_count(1)
    expect(row(page, "Egress plan signed").get_by_text("finance@")).to_be_visible()
    found = next(p for p in points(offer) if p.title == "Egress plan signed")
    assert (found.owner_email, found.due_before_days, found.evidence_wanted) == (FINANCE, 3, "Signed plan")


def test_evidence_is_uploaded_in_the_point(site: Site, offer: str, tmp_path: Path) -> None:
    proof = tmp_path / "sam entity.txt"
    proof.write_text("Active until 2031-01-01.\n")
    page = workspace(site, offer)
    row(page, SAM).get_by_role("button", name="Open").click()
    page.get_by_role("dialog").locator("input[type=file]").set_input_files(proof)
    expect(page.get_by_role("dialog").get_by_text("sam entity.txt").first).to_be_visible()
    end = time.monotonic() + 20
    while time.monotonic() < end and not next(p for p in points(offer) if p.title == SAM).evidence_name:
        page.wait_for_timeout(200)
    assert next(p for p in points(offer) if p.title == SAM).evidence_name == "sam entity.txt"


@pytest.mark.parametrize(("width", "dark"), SCREENS)
def test_it_is_readable(
    site: Site, offer: str, screenshot: Callable[[Page, str], Path], width: int, dark: bool
) -> None:
    page = workspace(site, offer, width=width, dark=dark)
    expect(page.get_by_text("required open")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    screenshot(page, f"checklist_{width}_{'dark' if dark else 'light'}")
    row(page, "Page limit kept").get_by_role("button", name="Open").click()
    expect(page.get_by_role("dialog").get_by_text("found in the notice")).to_be_visible()
    screenshot(page, f"checklist_point_{width}_{'dark' if dark else 'light'}")
