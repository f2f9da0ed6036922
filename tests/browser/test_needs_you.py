"""Needs you in the browser: what the machine could not decide, one decision each, with what it saw beside it."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from pipelines.administration.people import add_person
from pipelines.submission.deliver import bring_receipt
from pipelines.submission.executor import find_executors
from pipelines.submission.look_up import find_submission
from pipelines.submission.submit import work_deliveries
from tests.browser.conftest import PASSWORD, VIEWER, Site, settle
from tests.browser.screens import SCREENS
from tests.factories_approvals import approved_offer, signed_in
from tests.factories_deliveries import newest_run, start, use_profile
from tests.fakes.picture_portal import PicturePortal, picture
from warehouse import clock
from warehouse.domain.access import Department, Person, Role
from warehouse.domain.delivery import Outcome, RunStatus
from warehouse.domain.submission import SubmissionStatus
from warehouse.ledger.deliveries import Delivery
from warehouse.ledger.store import open_ledger
from warehouse.settings import current

Screenshot = Callable[[Page, str], Path]
OWNER, LEGAL, FINANCE = "nora@firm.example", "lars@firm.example", "fred@firm.example"
DEPARTMENTS = {OWNER: Department.CONTRACTS, LEGAL: Department.LEGAL, FINANCE: Department.FINANCE}
BY_RECIPE = {"portal_profile": "depot-portal", "portal_address": "https://127.0.0.1"}


@pytest.fixture(scope="module")
def team(site: Site) -> dict[str, Person]:
    """Owner, legal and finance; the recipe of the depot's portal is in use."""
    use_profile(name="depot-portal", settle=0.1, patience=0.3)
    return {
        email: signed_in(
            add_person(
                open_ledger(), email=email, role=Role.CONTRACT_OFFICER, department=department, password=PASSWORD,
                at=clock.now(),
            )
        )
        for email, department in DEPARTMENTS.items()
    }  # fmt: skip


def work(portal: PicturePortal) -> None:
    ways = {**find_executors(), "browser": portal}
    work_deliveries(open_ledger(), current(), worker="test", until_idle=True, executors=ways, pause_seconds=0.05)


def in_doubt(team: dict[str, Person], title: str) -> str:
    """An offer of whose delivery nobody but a person can say what became."""
    offer, manifest = approved_offer(
        team[OWNER], team[LEGAL], team[FINANCE], executor="browser", fields=BY_RECIPE, title=title
    )
    start(offer, manifest, team[OWNER])
    work(PicturePortal("doubt"))
    assert newest(offer, team).needs_person
    return offer


def newest(offer: str, team: dict[str, Person]) -> Delivery:
    return newest_run(offer, team[OWNER]).delivery


def test_nothing_waits_says_so(site: Site, team: dict[str, Person], screenshot: Screenshot) -> None:
    page = site.sign_in(OWNER, path="/needs_you")
    expect(page.get_by_text("Nothing waits for a person.")).to_be_visible()
    expect(page.get_by_text("needs you", exact=True)).to_have_count(0)
    screenshot(page, "needs-you-empty-1440")


def test_what_may_have_arrived_is_shown_with_what_was_seen_and_decided_with_a_reason(
    site: Site, team: dict[str, Person], screenshot: Screenshot
) -> None:
    offer = in_doubt(team, "Network of the depot")
    page = site.sign_in(OWNER, path="/")
    page.get_by_role("link", name="1 delivery needs you").click()
    expect(page.get_by_text("For you: 1")).to_be_visible()
    expect(page.get_by_text("Nothing is sent again until somebody has decided.")).to_be_visible()
    expect(page.locator("[data-testid=stImage] img")).to_have_count(2)
    expect(page.get_by_text("The list of own offers did not open").first).to_be_visible()
    page.get_by_role("button", name="Look", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("I am away until Monday")).to_be_visible()
    screenshot(page, "needs-you-mail-1440")
    page.keyboard.press("Escape")
    settle(page)
    page.get_by_role("button", name="It did not arrive …").click()
    page.get_by_role("button", name="It did not arrive", exact=True).click()
    expect(page.get_by_text("The reason has 0 characters.")).to_be_visible()
    box = page.get_by_role("textbox", name="How do you know?")
    if not box.is_visible():
        page.get_by_role("button", name="It did not arrive …").click()
    box.fill("The office says on the telephone that nothing came.")
    page.get_by_role("button", name="It did not arrive", exact=True).click()
    expect(page.get_by_text("Written down: it did not arrive.")).to_be_visible()
    expect(page.get_by_text("Nothing waits for a person.")).to_be_visible()
    ended = newest(offer, team)
    assert (ended.status, ended.outcome) == (RunStatus.FAILED, Outcome.NONE)
    page.goto(f"/workspace?id={offer}&part=delivery")
    expect(page.get_by_role("button", name="Deliver now …")).to_be_enabled()
    expect(page.get_by_text("The office says on the telephone").first).to_be_visible()


def test_it_is_looked_for_again_and_its_receipt_is_brought_as_a_picture(
    site: Site, team: dict[str, Person], screenshot: Screenshot
) -> None:
    offer = in_doubt(team, "Janitorial services")
    page = site.sign_in(OWNER, path="/needs_you")
    page.get_by_role("button", name="Look again …").click()
    page.get_by_role("textbox", name="Why, in a few words").fill("Their portal is up again.")
    page.get_by_role("button", name="Look again", exact=True).click()
    expect(page.get_by_text("Procura looks for it once more.")).to_be_visible()
    work(PicturePortal("doubt"))
    assert newest(offer, team).needs_person, "it waits again"
    page.reload()
    settle(page)
    page.get_by_role("textbox", name="Receipt or confirmation number").fill("R-77")
    page.get_by_role("spinbutton", name="year, Day on it").click()
    page.keyboard.type("20261120")
    page.keyboard.press("Escape")
    page.locator("input[type=file]").last.set_input_files(
        FilePayload(name="seen.png", mimeType="image/png", buffer=picture("Thank you", "Your number is R-77"))
    )
    page.get_by_role("button", name="Keep this receipt").click()
    expect(page.get_by_text("Day and time belong together.")).to_be_visible()
    page.get_by_role("spinbutton", name="hour, Time on it").click()
    page.keyboard.type("1342")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Keep this receipt").click()
    expect(page.get_by_text("The receipt is kept.")).to_be_visible()
    expect(page.get_by_text("With others: 1")).to_be_visible()

    second = site.sign_in(LEGAL, path="/needs_you")
    expect(second.get_by_text("The document is a picture").first).to_be_visible()
    expect(second.locator("[data-testid=stImage] img").first).to_be_visible()
    screenshot(second, "needs-you-picture-1440")
    second.get_by_role("button", name="Put it aside …").click()
    second.get_by_role("textbox", name="Why").fill("It is another firm's.")
    second.get_by_role("button", name="Put this receipt aside").click()
    expect(second.get_by_text("Put aside.")).to_be_visible()
    assert find_submission(open_ledger(), offer, by=team[OWNER]).status is SubmissionStatus.APPROVED
    page.reload()
    settle(page)
    expect(page.get_by_role("textbox", name="Receipt or confirmation number")).to_be_visible()


def test_who_does_not_work_on_it_looks_and_decides_nothing(site: Site, team: dict[str, Person]) -> None:
    in_doubt(team, "Guard services at gate 4")
    page = site.sign_in(VIEWER, path="/needs_you")
    expect(page.get_by_text("With others:")).to_be_visible()
    page.get_by_text("Guard services at gate 4").click()
    expect(page.get_by_text("Decided by a contract officer who works on this offer.").last).to_be_visible()
    for name in ("It did not arrive …", "Look again …", "Keep this receipt"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)


@pytest.mark.parametrize(("width", "dark"), SCREENS)
def test_it_can_be_read_on_each_screen(
    site: Site, team: dict[str, Person], screenshot: Screenshot, width: int, dark: bool
) -> None:
    name = f"{width}-{'dark' if dark else 'light'}"
    offer = in_doubt(team, f"Seen on a screen of {name}")
    bring_receipt(
        open_ledger(), newest(offer, team).id, number="R-78", received_at=None, name="seen.png",
        stream=io.BytesIO(picture("Thank you", "Your number is R-78")), settings=current(), at=clock.now(), by=team[OWNER],
    )  # fmt: skip
    in_doubt(team, f"Elevator maintenance, {name}")
    page = site.sign_in(OWNER, path="/needs_you", width=width, dark=dark)
    expect(page.get_by_text("For you:")).to_be_visible()
    expect(page.get_by_text("could not be shown")).to_have_count(0)
    wider = page.locator("[data-testid=stMain]").evaluate("e => e.scrollWidth - e.clientWidth")
    assert wider <= 0
    screenshot(page, f"needs-you-{name}")
