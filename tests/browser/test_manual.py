"""The whole way of one offer by four people, and the pictures of the manual (docs/manual/offers.md).

PROCURA_SCREENSHOTS=docs/manual takes them anew.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from pipelines.administration.people import add_person
from pipelines.submission.checklist_ticks import tick
from pipelines.submission.look_up import find_submission
from pipelines.submission.submit import work_deliveries
from tests.browser.conftest import OFFICER, PASSWORD, VIEWER, Site, settle
from tests.factories_ledger import opportunity, publish
from warehouse import clock
from warehouse.domain.access import Department, Person, Role
from warehouse.domain.submission import ApprovalStatus, SubmissionStatus
from warehouse.ledger.people import find_profile
from warehouse.ledger.store import open_ledger
from warehouse.ledger.submission_tasks import list_tasks
from warehouse.settings import ROOT, current

LEGAL, FINANCE = "legal@firm.example", "finance@firm.example"
DEPARTMENTS = {LEGAL: Department.LEGAL, FINANCE: Department.FINANCE}
TEXT = (
    "The contractor shall maintain the network of the depot and keep it available. Offers consist of two volumes. The technical"
    " volume shall not exceed 20 pages. All questions must be sent by e-mail to buyer@depot.example ten days before the closing"
    " date. FAR 52.212-1 applies. Late offers are not considered."
)
NUMBER = "PIEE-2026-0417-118"
RECEIPT = (
    f"Procurement Integrated Enterprise Environment\n\nYour offer was received.\nConfirmation number: {NUMBER}\n"
    "Received: 04/10/2026 01:42:07 PM EDT\nFiles: 2\n"
).encode()
MANUAL = ROOT / "docs" / "manual"
Screenshot = Callable[[Page, str], Path]


@pytest.fixture(scope="module")
def four(site: Site) -> dict[str, Person]:
    """Officer, legal, finance and viewer."""
    for email, department in DEPARTMENTS.items():
        add_person(
            open_ledger(),
            email=email,
            role=Role.CONTRACT_OFFICER,
            department=department,
            password=PASSWORD,
            at=clock.now(),
        )
    found = {}
    with open_ledger().read() as tx:
        for email in (OFFICER, LEGAL, FINANCE, VIEWER):
            profile = find_profile(tx, email)
            assert profile is not None
            found[email] = profile.person
    return found


def tick_what_is_left(submission_id: str, four: dict[str, Person]) -> None:
    """Tick every open point as somebody who may, what comes first first."""
    by_department = {four[email].department: four[email] for email in (LEGAL, FINANCE)}
    while True:
        with open_ledger().read() as tx:
            points = list_tasks(tx, submission_id)
        done = {point.id for point in points if point.is_done}
        ready = [p for p in points if not p.is_done and set(p.depends_on) <= done]
        if not ready:
            return
        for point in ready:
            by = by_department.get(Department(point.department), four[OFFICER]) if point.locked else four[OFFICER]
            tick(open_ledger(), submission_id, point.id, version=point.version, at=clock.now(), by=by)


def test_four_people_bring_one_offer_to_a_signed_package(
    site: Site, four: dict[str, Person], screenshot: Screenshot
) -> None:
    at = clock.now()
    found = opportunity(
        88, at=at, due_date=at + timedelta(days=21), description=TEXT, set_aside_code="SBA",
        title="Maintenance of the depot's network",
    )  # fmt: skip
    publish([found])

    officer = site.sign_in(OFFICER, path=f"/opportunity?id={found['id']}")
    officer.get_by_role("button", name="Open a workspace").click()
    expect(officer.get_by_role("heading", name="Checklist", exact=True)).to_be_visible()
    submission_id = re.search(r"id=([0-9a-f-]{36})", officer.url).group(1)  # type: ignore[union-attr]
    title = "Notice and all attachments read in full"
    officer.locator("[data-testid=stCheckbox]").filter(has_text=title).get_by_text(title).first.click()
    expect(officer.get_by_role("checkbox", name=title)).to_be_checked()
    officer.locator("input[type=file]").first.set_input_files(
        [
            {"name": f"{name}.txt", "mimeType": "text/plain", "buffer": f"{name} of our offer. ".encode() * 900}
            for name in ("Technical volume", "Price volume")
        ]
    )
    expect(officer.get_by_text("Kept: Technical volume.txt")).to_be_visible(timeout=60_000)
    screenshot(officer, "offer-workspace")
    tick_what_is_left(submission_id, four)

    officer.goto(f"/workspace?id={submission_id}&part=package")
    settle(officer)
    officer.get_by_role("button", name="Add all 2 that are scanned").click()
    expect(officer.get_by_role("button", name="Take out")).to_have_count(2)
    officer.get_by_role("textbox", name="Name of the portal").fill("PIEE")
    officer.get_by_role("textbox", name="Address of the portal").fill("https://piee.eb.mil")
    officer.get_by_role("button", name="Save delivery").click()
    expect(officer.get_by_text("The delivery is saved.")).to_be_visible()
    expect(officer.get_by_role("button", name="Send to legal")).to_be_enabled()
    screenshot(officer, "offer-package")
    officer.get_by_role("button", name="Send to legal").click()
    expect(officer.get_by_text("It waits for signatures")).to_be_visible()

    for email, department, picture in (
        (LEGAL, "legal", "offer-legal-signs"),
        (FINANCE, "finance", "offer-finance-signs"),
    ):
        page = site.sign_in(email, path="/approvals")
        expect(page.get_by_text("For you to sign: 1")).to_be_visible()
        page.get_by_role("link", name="Look and sign").click()
        expect(page.get_by_role("button", name=f"Sign for {department}")).to_be_visible()
        screenshot(page, picture)
        page.get_by_role("button", name=f"Sign for {department}").click()
        expect(
            page.get_by_text("You have signed.").or_(page.get_by_text("the offer is approved")).first
        ).to_be_visible()
        page.context.close()

    signed = find_submission(open_ledger(), submission_id, by=four[OFFICER])
    assert (signed.status, signed.approval_status) == (SubmissionStatus.APPROVED, ApprovalStatus.COMPLETE)
    officer.goto(f"/workspace?id={submission_id}&part=approvals")
    settle(officer)
    screenshot(officer, "offer-approved")
    deliver(officer, submission_id, screenshot)
    confirm(site, officer, submission_id, screenshot)
    officer.goto("/submissions")
    settle(officer)
    screenshot(officer, "offers-board")
    officer.context.close()

    viewer = site.sign_in(VIEWER, path=f"/workspace?id={submission_id}&part=activity")
    expect(viewer.get_by_text("signed").first).to_be_visible()
    settle(viewer)
    screenshot(viewer, "offer-activity")
    viewer.goto("/approvals")
    settle(viewer)
    expect(viewer.get_by_role("link", name="Look and sign")).to_have_count(0)


def deliver(officer: Page, submission_id: str, screenshot: Screenshot) -> None:
    """Hand the offer over to its officer, who uploads it elsewhere and brings the receipt."""
    officer.goto(f"/workspace?id={submission_id}&part=delivery")
    settle(officer)
    expect(officer.get_by_text("nothing speaks against it")).to_be_visible()
    screenshot(officer, "offer-deliver")
    officer.get_by_role("button", name="Hand over now …").click()
    officer.get_by_role("textbox", name="Type DELIVER to confirm").fill("DELIVER")
    officer.get_by_role("button", name="Hand over package 1").click()
    expect(officer.get_by_text("A worker takes it within some seconds")).to_be_visible()
    work_deliveries(open_ledger(), current(), worker="the product's own", until_idle=True, pause_seconds=0.05)
    expect(officer.get_by_text("1 · Copy into the forms of PIEE")).to_be_visible()
    screenshot(officer, "offer-hand-over")
    officer.get_by_role("textbox", name="Receipt or confirmation number").fill(NUMBER)
    officer.locator("input[type=file]").last.set_input_files(
        FilePayload(name="PIEE confirmation.txt", mimeType="text/plain", buffer=RECEIPT)
    )
    expect(officer.get_by_role("button", name="Remove PIEE confirmation.txt")).to_be_visible()
    officer.get_by_role("button", name="Keep this receipt").click()
    expect(officer.get_by_text("The receipt is kept.")).to_be_visible()


def confirm(site: Site, officer: Page, submission_id: str, screenshot: Screenshot) -> None:
    """Let legal confirm the receipt: the offer is submitted."""
    second = site.sign_in(LEGAL, path="/needs_you")
    expect(second.get_by_role("heading", name=NUMBER)).to_be_visible()
    screenshot(second, "offer-receipt")
    second.get_by_role("button", name="It is the office’s: confirm").click()
    expect(second.get_by_text("Confirmed. The offer is submitted")).to_be_visible()
    second.context.close()
    expect(officer.get_by_text("The receipt is for exactly this package.")).to_be_visible()
    screenshot(officer, "offer-submitted")
    with open_ledger().read() as tx:
        row = tx.row("select status::text as status from submissions where id::text = %s", [submission_id])
    assert row == {"status": "submitted"}


def test_the_manual_shows_every_picture_there_is_and_no_other() -> None:
    told = {
        name for page in MANUAL.glob("*.md") for name in re.findall(r"\]\(([\w-]+\.png)\)", page.read_text("utf-8"))
    }
    assert told | {"opportunities.png"} == {path.name for path in MANUAL.glob("*.png")}
