"""The package in a browser: files go in, get their order and names, the delivery is described, the gates open, it is sent."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pipelines.submission.files import upload_file
from pipelines.submission.look_up import find_submission
from pipelines.submission.package import look_at_package, set_delivery
from pipelines.submission.package_edits import StatedLimit
from pipelines.submission.workspace import rename
from tests.browser.conftest import OFFICER, VIEWER, Site, settle
from tests.browser.screens import SCREENS
from tests.factories_approvals import HERE_FIELDS, add_file, ready_offer
from tests.factories_people import new_person
from tests.factories_submissions import new_submission
from warehouse import clock
from warehouse.domain.access import Department, Person
from warehouse.domain.submission import SubmissionStatus
from warehouse.ledger.people import find_profile
from warehouse.ledger.store import open_ledger


@pytest.fixture(scope="module")
def officer(people: None) -> Person:
    """The officer of the site, with somebody in each department who can sign."""
    for department in (Department.LEGAL, Department.FINANCE):
        new_person(department=department)
    with open_ledger().read() as tx:
        found = find_profile(tx, OFFICER)
    assert found is not None
    return found.person


def upload(submission_id: str, by: Person, *names: str) -> None:
    for name in names:
        data = f"What stands in {name}.".encode() * 400
        upload_file(open_ledger(), submission_id, io.BytesIO(data), name, at=clock.now(), by=by)


def names_in(submission_id: str) -> list[str]:
    return [p.name for p in look_at_package(open_ledger(), submission_id, at=clock.now()).state.packed]


def within(page: Page, wanted: Callable[[], bool]) -> None:
    """Wait until the store says so: a click is done when it is stored."""
    for _ in range(100):
        if wanted():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it was not stored within ten seconds")


def test_an_officer_makes_a_package_and_sends_it(site: Site, officer: Person) -> None:
    at = clock.now()
    submission_id = new_submission(officer, due_date=at.replace(year=at.year + 1))
    upload(submission_id, officer, "approach.txt", "prices.txt")
    page = site.sign_in(OFFICER, path=f"/workspace?id={submission_id}&part=package")
    expect(page.get_by_text("Nothing yet. Files go out")).to_be_visible()
    send = page.get_by_role("button", name="Send to legal")
    expect(send).to_be_disabled()
    expect(page.get_by_text("Not yet. Files are chosen: no.")).to_be_visible()
    page.get_by_role("button", name="Add all 2 that are scanned").click()
    within(page, lambda: names_in(submission_id) == ["approach.txt", "prices.txt"])
    settle(page)
    page.get_by_role("button", name="Down").first.click()
    within(page, lambda: names_in(submission_id) == ["prices.txt", "approach.txt"])
    settle(page)
    page.get_by_role("button", name="Name and volume").first.click()
    page.get_by_role("textbox", name="Name in the package").fill("Volume II.txt")
    page.get_by_role("button", name="Save", exact=True).click()
    within(page, lambda: names_in(submission_id) == ["Volume II.txt", "approach.txt"])
    settle(page)
    page.get_by_role("textbox", name="Name of the portal").fill(HERE_FIELDS["portal_name"])
    page.get_by_role("textbox", name="Address of the portal").fill("portal.example")
    page.get_by_role("button", name="Save delivery").click()
    expect(page.get_by_text("begins with https")).to_be_visible()
    page.get_by_role("textbox", name="Address of the portal").fill(HERE_FIELDS["portal_address"])
    page.get_by_role("button", name="Save delivery").click()
    expect(page.get_by_text("The delivery is saved.")).to_be_visible()
    expect(send).to_be_enabled()
    send.click()
    expect(page.get_by_text("It waits for signatures")).to_be_visible()
    status = find_submission(open_ledger(), submission_id, by=officer).status
    assert status is SubmissionStatus.PENDING_APPROVAL
    expect(page.get_by_role("button", name="Take out")).to_have_count(0)


def test_limits_are_stated_and_a_gate_speaks_of_them(site: Site, officer: Person) -> None:
    submission_id = ready_offer(officer)
    page = site.sign_in(OFFICER, path=f"/workspace?id={submission_id}&part=package")
    page.get_by_text("State the solicitation's limits").click()
    page.get_by_role("textbox", name="Volumes, one a line").fill("Technical\nPrice")
    page.get_by_role("textbox", name="Its words in the solicitation").nth(3).fill("Offers consist of two volumes.")
    page.get_by_role("button", name="Save limits").click()
    expect(page.get_by_text("The limits are saved.")).to_be_visible()
    expect(page.get_by_text("0 of 2; no file for Technical; Price.").first).to_be_visible()
    expect(page.get_by_text("“Offers consist of two volumes.”")).to_be_visible()
    with page.expect_download() as told:
        page.get_by_text("The manifest as it would be now").click()
        page.get_by_role("button", name="Download the manifest").click()
    look = look_at_package(open_ledger(), submission_id, at=clock.now())
    assert Path(told.value.path()).read_bytes() == look.encoded


def test_what_is_open_stays_open_when_a_message_goes_and_a_colleague_does_something(
    site: Site, officer: Person
) -> None:
    colleague = new_person()
    submission_id = ready_offer(officer, members=(colleague,))
    page = site.sign_in(OFFICER, path=f"/workspace?id={submission_id}&part=package")
    inside = (
        page.get_by_role("textbox", name="Volumes, one a line"),
        page.get_by_role("button", name="Download the manifest"),
        page.get_by_text("Its source lists it as open."),
    )
    for name in ("State the solicitation's limits", "The manifest as it would be now", "What holds"):
        page.get_by_text(name).click()

    def redrawn_by_a_colleague(label: str) -> None:
        version = find_submission(open_ledger(), submission_id, by=officer).version
        rename(open_ledger(), submission_id, label, version=version, by=colleague)
        expect(page.get_by_text(label).first).to_be_visible()
        settle(page)

    message = page.get_by_text("The limits are saved.")
    inside[0].fill("Technical")
    page.get_by_role("spinbutton", name="Length of names, characters").fill("60")
    page.get_by_role("button", name="Save limits").click()
    expect(message).to_be_visible()
    redrawn_by_a_colleague("Base year")
    expect(message).to_be_visible()
    for one in inside:
        expect(one).to_be_visible()
    page.get_by_role("button", name="Take out").click()
    expect(message).to_have_count(0)
    redrawn_by_a_colleague("Base year and options")
    for one in inside:
        expect(one).to_be_visible()


def test_a_viewer_reads_a_package_and_is_offered_no_button(site: Site, officer: Person) -> None:
    submission_id = ready_offer(officer)
    page = site.sign_in(VIEWER, path=f"/workspace?id={submission_id}&part=package")
    expect(page.get_by_text("Volume I.txt").first).to_be_visible()
    for name in ("Take out", "Save delivery", "Send to legal", "Add"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)


@pytest.mark.thorough
@pytest.mark.parametrize(("width", "dark"), SCREENS)
def test_pictures(site: Site, officer: Person, screenshot: Callable[[Page, str], Path], width: int, dark: bool) -> None:
    submission_id = ready_offer(officer)
    add_file(submission_id, officer, b"A long one " * 60_000, "Price volume of the base year and four option years.txt")
    upload(submission_id, officer, "notes of the kick-off.txt", "draft.txt")
    wanted = {
        "total_bytes": StatedLimit(600_000, "The total size of the e-mail shall not exceed 0.6 MB."),
        "volumes": StatedLimit(["Volume I", "Volume II"]),
        "pages": StatedLimit({"Volume I": 30}),
    }
    version = find_submission(open_ledger(), submission_id, by=officer).version
    set_delivery(open_ledger(), submission_id, executor="email", fields={"to": "offers@agency.example"}, limits=wanted,
                 version=version, at=clock.now(), by=officer)  # fmt: skip
    look = "phone" if width < 500 else "wide"
    page = site.sign_in(OFFICER, path=f"/workspace?id={submission_id}&part=package", width=width, dark=dark)
    expect(page.get_by_text("In the package", exact=True)).to_be_visible()
    page.wait_for_timeout(1_500)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1"), "nothing is cut at the side"
    screenshot(page, f"workspace-package-{look}-{'dark' if dark else 'light'}")
