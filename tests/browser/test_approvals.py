"""Two people sign a package in the browser: the queue, the exact bytes, the password in place, a stale page, a rejection."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pipelines.administration.people import add_person
from pipelines.submission.approvals import reject, take_back
from pipelines.submission.look_up import find_submission
from tests.browser.conftest import PASSWORD, Site, settle
from tests.browser.screens import SCREENS
from tests.factories_approvals import add_file, ready_offer, send, sign_as, signed_in
from warehouse import clock
from warehouse.domain.access import Department, Person, Role
from warehouse.domain.submission import SubmissionStatus
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

Screenshot = Callable[[Page, str], Path]


def officer(email: str, department: Department) -> Person:
    person = add_person(
        open_ledger(), email=email, role=Role.CONTRACT_OFFICER, department=department, password=PASSWORD, at=clock.now()
    )
    return signed_in(person)


@pytest.fixture(scope="module")
def team(home: Settings) -> dict[str, Person]:
    return {
        "owner": officer("olivia@firm.example", Department.CONTRACTS),
        "legal": officer("leo@firm.example", Department.LEGAL),
        "legal2": officer("lena@firm.example", Department.LEGAL),
        "finance": officer("fay@firm.example", Department.FINANCE),
    }


def offer(team: dict[str, Person], title: str) -> str:
    submission_id = ready_offer(team["owner"], title=title)
    add_file(submission_id, team["owner"], f"Price of {title}: 1,250,000 dollars.".encode(), "Volume II - Price.txt")
    return submission_id


def status(submission_id: str, by: Person) -> SubmissionStatus:
    return find_submission(open_ledger(), submission_id, by=by).status


def make_old(person_email: str) -> None:
    """As if the person had signed in a while ago."""
    with open_ledger().housekeeping() as tx:
        tx.execute(
            "update auth_sessions set authenticated_at = now() - interval '11 minutes'"
            " where device <> '' and profile_id = (select id from profiles where email = %s)",
            [person_email],
        )


def test_legal_proves_the_password_in_place_looks_and_signs_then_finance(
    site: Site, team: dict[str, Person], screenshot: Screenshot
) -> None:
    submission_id = offer(team, "Network maintenance at Fort Bragg")
    manifest = send(submission_id, team["owner"])
    page = site.sign_in("leo@firm.example", path="/approvals")
    expect(page.get_by_text("For you to sign: 1")).to_be_visible()
    screenshot(page, "approvals-queue-1440")
    make_old("leo@firm.example")
    page.get_by_role("link", name="Look and sign").click()
    settle(page)
    expect(page.get_by_text(manifest.hash)).to_be_visible()
    page.get_by_label("Your password").fill("not this one")
    page.get_by_role("button", name="Confirm password").click()
    expect(page.get_by_text("is not right")).to_be_visible()
    screenshot(page, "approvals-password-1440")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm password").click()
    expect(page.get_by_role("button", name="Sign for legal")).to_be_visible()
    page.get_by_role("button", name="Look at Volume II - Price.txt").click()
    expect(page.get_by_role("dialog").get_by_text("1,250,000 dollars")).to_be_visible()
    expect(page.get_by_role("link", name="Download within a minute")).to_be_visible()
    page.keyboard.press("Escape")
    settle(page)
    screenshot(page, "approvals-item-1440")
    page.get_by_role("button", name="Sign for legal").click()
    expect(page.get_by_text("You have signed. The next step is told.")).to_be_visible()
    expect(page.get_by_text("You signed another step of it")).to_be_visible()
    page.context.close()

    page = site.sign_in("fay@firm.example", path=f"/approval?offer={submission_id}")
    page.get_by_role("button", name="Sign for finance").click()
    expect(page.get_by_text("the offer is approved")).to_be_visible()
    assert status(submission_id, team["owner"]) is SubmissionStatus.APPROVED
    screenshot(page, "approvals-approved-1440")
    page.context.close()


def test_a_stale_page_signs_nothing_and_says_so(site: Site, team: dict[str, Person]) -> None:
    submission_id = offer(team, "Janitorial services")
    first = send(submission_id, team["owner"])
    page = site.sign_in("leo@firm.example", path=f"/approval?offer={submission_id}")
    expect(page.get_by_text(first.hash)).to_be_visible()
    for reason in ("A page is missing.", ""):
        version = find_submission(open_ledger(), submission_id, by=team["owner"]).version
        take_back(open_ledger(), submission_id, reason, version=version, by=team["owner"])
    add_file(submission_id, team["owner"], b"The page that was missing.", "Volume III.txt")
    second = send(submission_id, team["owner"])
    page.get_by_role("button", name="Sign for legal").click()
    expect(page.get_by_text("replaced since you opened it")).to_be_visible()
    expect(page.get_by_text(second.hash)).to_be_visible()
    expect(page.get_by_text("What changed since package 1")).to_be_visible()
    assert status(submission_id, team["owner"]) is SubmissionStatus.PENDING_APPROVAL
    page.context.close()


def test_two_browsers_race_and_one_signs(site: Site, team: dict[str, Person]) -> None:
    submission_id = offer(team, "Guard services")
    send(submission_id, team["owner"])
    one, two = (
        site.sign_in(f"{name}@firm.example", path=f"/approval?offer={submission_id}") for name in ("leo", "lena")
    )
    for page in (one, two):
        expect(page.get_by_role("button", name="Sign for legal")).to_be_visible()
    one.get_by_role("button", name="Sign for legal").click()
    two.get_by_role("button", name="Sign for legal").click()
    answer = re.compile("You have signed.|This is not your step")
    # Whose click reached the ledger first is the machine's affair; that one signed, and the other is told, is ours.
    said = sorted(page.get_by_text(answer).first.inner_text() for page in (one, two))
    assert said[0].startswith("This is not your step: this step is for finance"), said
    assert said[1].startswith("You have signed. The next step is told."), said
    assert status(submission_id, team["owner"]) is SubmissionStatus.PENDING_APPROVAL
    for page in (one, two):
        page.context.close()


def test_a_rejection_says_why_and_the_next_package_shows_what_changed(
    site: Site, team: dict[str, Person], screenshot: Screenshot
) -> None:
    submission_id = offer(team, "Roof repair at <b>Hangar 5</b>")
    send(submission_id, team["owner"])
    page = site.sign_in("leo@firm.example", path=f"/approval?offer={submission_id}")
    page.get_by_role("button", name="Reject …").click()
    page.get_by_label("Why").fill("The price lacks travel.")
    page.get_by_role("button", name="Reject this package").click()
    expect(page.get_by_text("You have rejected this package")).to_be_visible()
    assert status(submission_id, team["owner"]) is SubmissionStatus.REJECTED
    version = find_submission(open_ledger(), submission_id, by=team["owner"]).version
    take_back(open_ledger(), submission_id, "", version=version, by=team["owner"])
    add_file(submission_id, team["owner"], b"Travel: 12,000 dollars.", "Volume III - Travel.txt")
    send(submission_id, team["owner"])
    page.reload()
    settle(page)
    expect(page.get_by_text("What changed since package 1")).to_be_visible()
    page.get_by_text("Earlier packages: 1").click()
    expect(page.get_by_text("“The price lacks travel.”")).to_be_visible()
    screenshot(page, "approvals-again-1440")
    page.context.close()


def test_owner_sees_why_not_and_takes_it_back_in_the_workspace(
    site: Site, team: dict[str, Person], screenshot: Screenshot
) -> None:
    submission_id = offer(team, "Fire alarm inspection")
    manifest = send(submission_id, team["owner"])
    sign_as(submission_id, manifest, team["legal"])
    page = site.sign_in("olivia@firm.example", path=f"/approval?offer={submission_id}")
    expect(page.get_by_text("You own this offer: two others sign it.")).to_be_visible()
    expect(page.get_by_role("button", name="Sign for")).to_have_count(0)
    page.goto(f"/workspace?id={submission_id}&part=approvals")
    settle(page)
    expect(page.get_by_text("Finance can be signed by")).to_be_visible()
    screenshot(page, "workspace-approvals-1440")
    page.get_by_role("button", name="Take it back …").click()
    page.get_by_label("Why").fill("A typing error in volume II.")
    page.get_by_role("button", name="Take it back", exact=True).click()
    expect(page.get_by_role("button", name="Take it up again")).to_be_visible()
    page.get_by_role("button", name="Take it up again").click()
    expect(page.get_by_role("button", name="Send to approval")).to_be_visible()
    assert status(submission_id, team["owner"]) is SubmissionStatus.DRAFT
    page.context.close()


def test_somebody_stands_in_and_an_admin_adds_a_step(
    site: Site, team: dict[str, Person], screenshot: Screenshot
) -> None:
    page = site.sign_in("lena@firm.example", path="/approvals")
    page.get_by_role("button", name="Let somebody stand in").click()
    page.get_by_role("button", name="Let them stand in").click()
    expect(page.get_by_text("stands in for you")).to_be_visible()
    page.get_by_role("button", name="End it").click()
    expect(page.get_by_text("Nobody stands in for you any more.")).to_be_visible()
    page.context.close()
    page = site.sign_in("admin@firm.example", path="/admin?part=Approval")
    page.get_by_role("button", name="Add a step").click()
    page.get_by_role("textbox", name="Name").fill("Second finance")
    page.get_by_role("textbox", name="Only from this value in dollars on").fill("1,000,000")
    page.get_by_role("button", name="Add step", exact=True).click()
    expect(page.get_by_text("offers of $1,000,000.00 and more, or of unknown value")).to_be_visible()
    screenshot(page, "admin-approval-1440")
    page.get_by_role("button", name="Change").last.click()
    page.get_by_role("button", name="Take this step out").click()
    expect(page.get_by_text("is no longer asked for")).to_be_visible()
    page.context.close()


@pytest.mark.parametrize(("width", "dark"), SCREENS)
def test_the_page_can_be_read_on_a_telephone_and_in_the_dark(
    site: Site, team: dict[str, Person], screenshot: Screenshot, width: int, dark: bool
) -> None:
    submission_id = offer(team, f"Elevator maintenance, {width} {'dark' if dark else 'light'}")
    first = send(submission_id, team["owner"])
    reject(open_ledger(), submission_id, first.hash, "The price lacks travel.", by=team["legal"])
    version = find_submission(open_ledger(), submission_id, by=team["owner"]).version
    take_back(open_ledger(), submission_id, "", version=version, by=team["owner"])
    send(submission_id, team["owner"])
    page = site.sign_in("leo@firm.example", path="/approvals", width=width, dark=dark)
    name = f"{width}{'-dark' if dark else ''}"
    screenshot(page, f"approvals-queue-{name}")
    page.goto(f"/approval?offer={submission_id}")
    settle(page)
    expect(page.get_by_role("button", name="Sign for legal")).to_be_visible()
    screenshot(page, f"approvals-item-{name}")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.context.close()
