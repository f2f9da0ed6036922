"""Delivering in the browser: the plan, the dry run, the typed word, progress by itself, the hand-over, the receipt."""

import re
import threading
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Page, expect

from pipelines.administration.people import add_person
from pipelines.submission.executor import find_executors
from pipelines.submission.look_up import find_submission
from pipelines.submission.submit import work_deliveries
from tests.browser.conftest import PASSWORD, VIEWER, Site, settle
from tests.browser.screens import SCREENS
from tests.factories_approvals import approved_offer, ready_offer, signed_in
from tests.factories_deliveries import newest_run, start, use_profile
from tests.fakes.picture_portal import PicturePortal
from tests.pipelines.submission.test_files import as_superuser
from warehouse import clock
from warehouse.domain.access import Department, Person, Role
from warehouse.domain.delivery import Outcome
from warehouse.domain.submission import SubmissionStatus
from warehouse.ledger import portal_profiles
from warehouse.ledger.deliveries import Delivery
from warehouse.ledger.package_manifests import Manifest
from warehouse.ledger.store import open_ledger
from warehouse.settings import current

Screenshot = Callable[[Page, str], Path]
OWNER, LEGAL, FINANCE = "olivia@firm.example", "leo@firm.example", "fay@firm.example"
DEPARTMENTS = {OWNER: Department.CONTRACTS, LEGAL: Department.LEGAL, FINANCE: Department.FINANCE}
FILES = {
    "Volume I - Technical.txt": b"How we keep the depot's network up. " * 4_000,
    "Volume II - Price.txt": b"1,250,000 dollars in all. " * 900,
}
PORTAL = {
    "portal_name": "PIEE",
    "portal_address": "https://piee.eb.mil",
    "entries": "UEI: ABC123DEF456\nCAGE code: 1AB23",
}
BY_RECIPE = {"portal_profile": "depot-portal", "portal_address": "https://127.0.0.1"}
RECEIPT = (
    b"Thank you. Your offer was received.\nConfirmation number: W912-2026-0417\nReceived 04/10/2026 01:42 PM EDT\n"
)
NUMBER = "W912-2026-0417"


@pytest.fixture(scope="module")
def team(site: Site) -> dict[str, Person]:
    """Owner, legal and finance; the recipe of the depot's portal is in use."""
    found = {}
    for email, department in DEPARTMENTS.items():
        person = add_person(
            open_ledger(), email=email, role=Role.CONTRACT_OFFICER, department=department, password=PASSWORD,
            at=clock.now(),
        )  # fmt: skip
        found[email] = signed_in(person)
    profile = use_profile(name="depot-portal", settle=0.1, patience=0.3)
    with open_ledger().housekeeping() as tx:
        portal_profiles.note_duration(tx, profile, 48)
    return found


def approved(team: dict[str, Person], title: str, *, by_recipe: bool = False) -> tuple[str, Manifest]:
    """An approved offer, handed over by a person unless a recipe delivers it."""
    way: dict[str, Any] = (
        {"executor": "browser", "fields": BY_RECIPE} if by_recipe else {"executor": "assisted", "fields": PORTAL}
    )
    return approved_offer(team[OWNER], team[LEGAL], team[FINANCE], files=FILES, title=title, **way)


def deliver_page(site: Site, offer: str, email: str = OWNER, *, width: int = 1440, dark: bool = False) -> Page:
    page = site.sign_in(email, path=f"/workspace?id={offer}&part=delivery", width=width, dark=dark)
    expect(page.get_by_role("heading", name="Deliver", exact=True)).to_be_visible()
    return page


def newest(offer: str, team: dict[str, Person]) -> Delivery:
    return newest_run(offer, team[OWNER]).delivery


def pass_deadline(offer: str) -> None:
    """As if three minutes had gone since the deadline, which no amendment moved."""
    as_superuser("alter table opportunities disable trigger notice_meets_offers")
    as_superuser(
        "update opportunities set due_date = now() - interval '3 minutes'"
        " where id = (select opportunity_id from submissions where id::text = %s)",
        offer,
    )
    as_superuser("alter table opportunities enable trigger notice_meets_offers")


def work(portal: PicturePortal | None = None) -> None:
    """Carry every run on until it has ended or waits for a person, as the product's own worker does."""
    ways = {**find_executors(), "browser": portal or PicturePortal()}
    work_deliveries(open_ledger(), current(), worker="test", until_idle=True, executors=ways, pause_seconds=0.05)


def confirm_with(page: Page, word: str, button: str = "Hand over") -> None:
    box = page.get_by_role("textbox", name="Type DELIVER to confirm")
    if not box.is_visible():  # it stays open over a wrong word
        page.get_by_role("button", name=f"{button} now …").click()
    box.fill(word)
    page.get_by_role("button", name=f"{button} package 1").click()


def test_an_offer_is_tried_dry_handed_over_and_its_receipt_confirmed_by_a_second_person(
    site: Site, team: dict[str, Person], screenshot: Screenshot, tmp_path: Path
) -> None:
    offer, manifest = approved(team, "Maintenance of the depot's network")
    page = deliver_page(site, offer)
    expect(page.get_by_text("nothing speaks against it")).to_be_visible()
    expect(page.get_by_text(manifest.hash)).to_be_visible()
    screenshot(page, "delivery-plan-1440")
    page.get_by_role("button", name="Dry run").click()
    expect(page.get_by_text("A worker takes it within some seconds")).to_be_visible()
    work()
    expect(page.get_by_text("dry run passed").first).to_be_visible()

    confirm_with(page, "yes")
    expect(page.get_by_text("The word was not typed.")).to_be_visible()
    assert newest(offer, team).is_dry_run, "a wrong word starts nothing"
    confirm_with(page, "DELIVER")
    expect(page.get_by_text("A worker takes it within some seconds")).to_be_visible()
    work()
    expect(page.get_by_text("1 · Copy into the forms of PIEE")).to_be_visible()
    expect(page.get_by_text("ABC123DEF456").last).to_be_visible()
    expect(page.get_by_text(newest(offer, team).reference).first).to_be_visible()
    link = page.get_by_role("link", name="Open PIEE")
    assert link.get_attribute("href") == "https://piee.eb.mil"
    assert link.get_attribute("target") == "_blank"
    screenshot(page, "delivery-hand-over-1440")

    with page.expect_download() as download:
        page.get_by_role("button", name="Download").first.click()
    assert download.value.suggested_filename == "Volume I - Technical.txt"
    download.value.save_as(tmp_path / "got")
    data = (tmp_path / "got").read_bytes()
    assert data == FILES["Volume I - Technical.txt"]
    expect(page.get_by_text(sha256(data).hexdigest()).first).to_be_visible()
    bring(page, "W912-2026-9999")
    expect(page.get_by_text("does not stand in")).to_be_visible()
    bring(page, NUMBER)
    expect(page.get_by_text("The receipt is kept. A second person confirms it")).to_be_visible()
    expect(page.get_by_text("You brought it: somebody else looks at it")).to_be_visible()
    expect(page.get_by_role("button", name="confirm")).to_have_count(0)

    second = site.sign_in(LEGAL, path="/needs_you")
    expect(second.get_by_text("For you: 1")).to_be_visible()
    expect(second.get_by_text("Your offer was received.").first).to_be_visible()
    expect(second.get_by_role("heading", name=NUMBER)).to_have_count(1)
    screenshot(second, "needs-you-receipt-1440")
    second.get_by_role("button", name="It is the office’s: confirm").click()
    expect(second.get_by_text("Confirmed. The offer is submitted")).to_be_visible()
    expect(second.get_by_text("Nothing waits for a person.")).to_be_visible()

    expect(page.get_by_text("The receipt is for exactly this package.")).to_be_visible()
    expect(page.get_by_role("heading", name=NUMBER)).to_have_count(1)
    expect(page.get_by_text(manifest.hash)).to_have_count(3)
    screenshot(page, "delivery-receipt-1440")
    assert find_submission(open_ledger(), offer, by=team[OWNER]).status is SubmissionStatus.SUBMITTED
    page.goto("/submissions")
    settle(page)
    expect(page.get_by_text(NUMBER).first).to_be_visible()


def bring(page: Page, number: str) -> None:
    page.get_by_role("textbox", name="Receipt or confirmation number").fill(number)
    page.locator("input[type=file]").last.set_input_files(
        FilePayload(name="Confirmation.txt", mimeType="text/plain", buffer=RECEIPT)
    )
    expect(page.get_by_text("Confirmation.txt").last).to_be_visible()
    page.get_by_role("button", name="Keep this receipt").click()


def test_a_delivery_shows_its_steps_and_its_receipt_as_they_come(
    site: Site, team: dict[str, Person], screenshot: Screenshot
) -> None:
    offer, _ = approved(team, "Help desk of the regional office", by_recipe=True)
    page = deliver_page(site, offer)
    expect(page.get_by_text("depot-portal, version 1")).to_be_visible()
    expect(page.get_by_text("48 s")).to_be_visible()
    confirm_with(page, "deliver", "Deliver")
    expect(page.get_by_text("A worker takes it within some seconds")).to_be_visible()
    portal = PicturePortal()
    portal.gate.clear()
    worker = threading.Thread(target=work, args=(portal,))
    worker.start()
    try:
        expect(page.get_by_text("Signed in at offers.depot.example.")).to_be_visible()
        expect(page.get_by_text("Procura is delivering.")).to_be_visible()
        screenshot(page, "delivery-progress-1440")
    finally:
        portal.gate.set()
        worker.join()
    expect(page.get_by_role("heading", name="R-2026-000417")).to_be_visible()
    expect(page.get_by_text("read by Procura at the portal")).to_be_visible()
    expect(page.locator("[data-testid=stImage] img").first).to_be_visible()
    screenshot(page, "delivery-accepted-1440")
    assert newest(offer, team).outcome is Outcome.ACCEPTED


def test_what_was_refused_is_shown_in_the_portal_s_words_with_its_picture(site: Site, team: dict[str, Person]) -> None:
    offer, manifest = approved(team, "Elevator maintenance", by_recipe=True)
    start(offer, manifest, team[OWNER])
    work(PicturePortal("refuse", words="Files of the type TXT are not accepted <b>here</b>."))
    page = deliver_page(site, offer)
    expect(page.get_by_text("Files of the type TXT are not accepted <b>here</b>.").first).to_be_visible()
    expect(page.get_by_text("refused").first).to_be_visible()
    expect(page.get_by_role("button", name="Deliver now …")).to_be_enabled()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").last.click()
    assert download.value.suggested_filename == "01 what the portal said.png"
    picture = download.value.path().read_bytes()
    assert picture.startswith(b"\x89PNG")


def test_what_another_window_started_is_watched_and_not_started_twice(site: Site, team: dict[str, Person]) -> None:
    offer, manifest = approved(team, "Guard services")
    page = deliver_page(site, offer)
    expect(page.get_by_role("button", name="Hand over now …")).to_be_enabled()
    start(offer, manifest, team[OWNER])
    expect(page.get_by_text("A worker takes it within some seconds")).to_be_visible()
    expect(page.get_by_role("button", name="Hand over now …")).to_have_count(0)
    work()


def test_before_approval_nothing_can_go_out_and_a_reader_has_no_buttons(site: Site, team: dict[str, Person]) -> None:
    draft = ready_offer(team[OWNER], title="Roof repair", files=FILES)
    page = deliver_page(site, draft)
    expect(page.get_by_text("Nothing to deliver yet.")).to_be_visible()
    offer, _ = approved(team, "Chiller replacement")
    page = deliver_page(site, offer, VIEWER)
    expect(page.get_by_text("nothing speaks against it")).to_be_visible()
    expect(page.get_by_text("Delivered by a contract officer who works on this offer.")).to_be_visible()
    for name in ("Dry run", "Hand over now …"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)


def test_a_deadline_that_passed_is_said_with_by_how_much(site: Site, team: dict[str, Person]) -> None:
    offer, _ = approved(team, "Late thing")
    pass_deadline(offer)
    page = deliver_page(site, offer)
    expect(page.get_by_text(re.compile(r"The deadline passed 3 min.* ago: late is late"))).to_be_visible()
    expect(page.get_by_role("button", name="Hand over now …")).to_be_disabled()


@pytest.mark.parametrize(("width", "dark"), SCREENS)
def test_each_state_can_be_read_on_each_screen(
    site: Site, team: dict[str, Person], screenshot: Screenshot, width: int, dark: bool
) -> None:
    name = f"{width}-{'dark' if dark else 'light'}"
    plan, _ = approved(team, f"Plan {name}", by_recipe=True)
    handed, manifest = approved(team, f"Hand-over {name}")
    start(handed, manifest, team[OWNER])
    doubt, manifest = approved(team, f"Doubt {name}", by_recipe=True)
    start(doubt, manifest, team[OWNER])
    work(PicturePortal("doubt"))
    done, manifest = approved(team, f"Done {name}", by_recipe=True)
    start(done, manifest, team[OWNER])
    work()
    page = site.sign_in(OWNER, path="/submissions", width=width, dark=dark)
    for state, offer in (("plan", plan), ("hand-over", handed), ("doubt", doubt), ("done", done)):
        page.goto(f"/workspace?id={offer}&part=delivery")
        settle(page)
        expect(page.get_by_role("heading", name="Deliver", exact=True)).to_be_visible()
        expect(page.get_by_text("could not be shown")).to_have_count(0)
        wider = page.locator("[data-testid=stMain]").evaluate("e => e.scrollWidth - e.clientWidth")
        assert wider <= 0, f"{state} is {wider} pixels wider than a screen of {width}"
        screenshot(page, f"deliver-{state}-{name}")
        page.set_viewport_size({"width": width, "height": 844 if width < 500 else 1000})
