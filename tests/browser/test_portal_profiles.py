"""Portal profiles in the browser: faults with their lines, credentials, a rehearsal with its pictures, activation, history."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from pipelines.submission.portals.profiles import list_profiles
from tests.browser.conftest import ADMIN, OFFICER, VIEWER, Site, settle
from tests.browser.screens import SCREENS
from tests.fakes.portal.profile import profile_text
from tests.fakes.portal.running import RunningPortal, running_portal
from warehouse.ledger.people import find_profile
from warehouse.ledger.portal_profiles import ProfileRow
from warehouse.ledger.store import open_ledger

Screenshot = Callable[[Page, str], Path]
CREDENTIALS = {"user": "bidder", "password": "rehearse it twice"}


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    with running_portal(tmp_path_factory.mktemp("portal")) as running:
        yield running


def versions() -> list[ProfileRow]:
    with open_ledger().read() as tx:
        admin = find_profile(tx, ADMIN)
    assert admin is not None
    return list_profiles(open_ledger(), by=admin.person)


def give(page: Page, text: str) -> None:
    """Choose a file with this text; it comes into the box and is looked at."""
    box = page.get_by_role("textbox", name="The profile as text (TOML)")
    if not box.is_visible():
        page.get_by_text("Upload or check a profile").click()
    payload = FilePayload(name="rehearsal.toml", mimeType="application/toml", buffer=text.encode())
    page.locator("input[type=file]").first.set_input_files(payload)
    expect(box).to_have_value(text)


def set_credential(page: Page, place: int, secret: str) -> None:
    page.get_by_role("button", name="Set key").nth(place).click()
    page.get_by_placeholder("Paste the key").fill(secret)
    page.get_by_role("button", name="Save key").click()
    expect(page.get_by_text("saved and sealed")).to_be_visible()


def test_before_the_first_one_the_page_says_what_a_profile_is_for(site: Site, screenshot: Screenshot) -> None:
    page = site.sign_in(OFFICER, path="/portal_profiles")
    expect(page.get_by_text("No portal profiles yet.")).to_be_visible()
    expect(page.get_by_text("Upload or check a profile")).to_have_count(0)
    screenshot(page, "portal-profiles-empty-1440")


def test_an_admin_uploads_mends_rehearses_and_activates_a_profile(
    site: Site, portal: RunningPortal, screenshot: Screenshot
) -> None:
    text = profile_text(portal.address)
    page = site.sign_in(ADMIN, path="/portal_profiles")
    give(page, text.replace('choose = "{field.Contracting office}"', 'chose = "{field.Contracting office}"'))
    step = text[: text.index("choose = ")].count("\n")  # the line before it, where the step begins
    expect(page.get_by_text(f"line {step} browser.steps[5]: does nothing")).to_be_visible()
    expect(page.get_by_text("did you mean choose?")).to_be_visible()
    expect(page.get_by_role("code").filter(has_text="chose =").first).to_be_visible()
    screenshot(page, "portal-profiles-faults-1440")
    page.get_by_role("button", name="Keep as the next version").click()
    expect(page.get_by_text("nothing was uploaded.")).to_be_visible()
    assert versions() == []
    give(page, text)
    expect(page.get_by_text("Everything that can be checked without going there")).to_be_visible()
    page.get_by_role("button", name="Keep as the next version").click()
    expect(page.get_by_text("Kept: rehearsal, version 1.")).to_be_visible()

    page.goto("/credentials")
    settle(page)
    expect(page.get_by_text("Rehearsal Bid Portal: user")).to_be_visible()
    before = page.get_by_role("button", name="Set key").count() - len(CREDENTIALS)
    set_credential(page, before, CREDENTIALS["user"])
    set_credential(page, before, CREDENTIALS["password"])

    page.goto("/portal_profiles")
    settle(page)
    page.get_by_role("button", name="Open", exact=True).click()
    expect(page.get_by_text("Operator of the Rehearsal Bid Portal")).to_be_visible()
    expect(page.get_by_text("Nobody has rehearsed it yet.")).to_be_visible()
    page.get_by_role("button", name="Rehearse …").click()
    page.get_by_role("textbox", name="What the forms ask for").fill("Contracting office: Central Contracting Office")
    page.get_by_role("button", name="Rehearse now").click()
    expect(page.get_by_text("The last button was reached")).to_be_visible(timeout=90_000)
    expect(page.locator("[data-testid=stImage] img").first).to_be_visible()
    screenshot(page, "portal-profiles-rehearsed-1440")
    page.get_by_role("button", name="Activate …").click()
    expect(page.get_by_text("Approved offers may then go out through")).to_be_visible()
    page.get_by_role("button", name="Activate version 1").click()
    expect(page.get_by_text("Activated: deliveries use this version")).to_be_visible()
    (row,) = versions()
    assert row.is_active
    assert row.measured_seconds is not None
    assert portal.store.offers() == [], "a rehearsal offers nothing"


def test_the_next_version_takes_over_and_the_first_stays_readable(site: Site, portal: RunningPortal) -> None:
    page = site.sign_in(ADMIN, path="/portal_profiles")
    give(page, profile_text(portal.address, attempts=2))
    page.get_by_role("button", name="Keep as the next version").click()
    expect(page.get_by_text("Kept: rehearsal, version 2.")).to_be_visible()
    page.goto("/portal_profiles?profile=rehearsal&version=2")
    settle(page)
    page.get_by_role("button", name="Activate …").click()
    expect(page.get_by_text("It was never rehearsed to its end.")).to_be_visible()
    page.get_by_role("button", name="Activate version 2").click()
    expect(page.get_by_text("Activated: deliveries use this version")).to_be_visible()
    page.get_by_role("button", name="Version 1: retired").click()
    expect(page.get_by_text("retired", exact=True).first).to_be_visible()
    assert [row.is_active for row in versions()] == [True, False]


def test_where_nobody_permits_a_machine_it_cannot_be_activated(site: Site, portal: RunningPortal) -> None:
    text = profile_text(portal.address).replace('name = "rehearsal"', 'name = "without-basis"')
    start, end = text.index("[basis]"), text.index("[timing]")
    page = site.sign_in(ADMIN, path="/portal_profiles")
    give(page, text[:start] + text[end:])
    page.get_by_role("button", name="Keep as the next version").click()
    expect(page.get_by_text("Kept: without-basis, version 1.")).to_be_visible()
    page.goto("/portal_profiles?profile=without-basis")
    settle(page)
    expect(page.get_by_text("The profile names nobody who permits it")).to_be_visible()
    expect(page.get_by_role("button", name="Activate …")).to_be_disabled()


def test_others_read_and_change_nothing(site: Site) -> None:
    page = site.sign_in(VIEWER, path="/portal_profiles?profile=rehearsal")
    expect(page.get_by_text("Rehearsed and activated by an admin.")).to_be_visible()
    for name in ("Rehearse …", "Activate …", "Retire …"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    page.goto("/portal_profiles?profile=nothing")
    expect(page.get_by_text("There is no profile of this name.")).to_be_visible()


@pytest.mark.parametrize(("width", "dark"), SCREENS)
def test_they_can_be_read_on_each_screen(site: Site, screenshot: Screenshot, width: int, dark: bool) -> None:
    page = site.sign_in(ADMIN, path="/portal_profiles", width=width, dark=dark)
    for address, name in (("/portal_profiles", "list"), ("/portal_profiles?profile=rehearsal", "one")):
        page.goto(address)
        settle(page)
        expect(page.get_by_text("could not be shown")).to_have_count(0)
        wider = page.locator("[data-testid=stMain]").evaluate("e => e.scrollWidth - e.clientWidth")
        assert wider <= 0
        screenshot(page, f"portal-profiles-{name}-{width}-{'dark' if dark else 'light'}")
        page.set_viewport_size({"width": width, "height": 844 if width < 500 else 1000})
