"""The Inbox in a real browser: notices, saved searches, calendars, settings; and what the Dashboard says to each role."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import psycopg
import pytest
from playwright.sync_api import Page, expect
from psycopg.conninfo import make_conninfo

from pipelines.administration.people import add_person
from tests.browser.conftest import ADMIN, OFFICER, PASSWORD, VIEWER, Site, settle
from tests.browser.screens import SCREENS
from tests.factories_ledger import opportunity, publish
from tests.factories_notifications import new_notice
from tests.factories_submissions import new_submission
from warehouse import clock
from warehouse.addresses import superuser_conninfo
from warehouse.domain.access import Department, Person, Role
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.notification import NotificationKind
from warehouse.ledger.people import find_profile
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

LEGAL = "legal@firm.example"
UNREAD = len(NotificationKind) - 3
"""One of every kind is told; three are read already."""


def known(email: str) -> Person:
    with open_ledger().read() as tx:
        found = find_profile(tx, email)
    assert found is not None
    return found.person


@pytest.fixture(scope="module")
def told(site: Site, home: Settings) -> str:
    """An officer with two offers and notices of every kind; returns the nearer offer's id."""
    at, officer = clock.now(), known(OFFICER)
    add_person(
        open_ledger(), email=LEGAL, role=Role.CONTRACT_OFFICER, department=Department.LEGAL, password=PASSWORD, at=at
    )
    near = new_submission(
        officer, due_date=at + timedelta(hours=30), safe_deadline_at=at + timedelta(hours=6),
        title="Maintenance of network equipment at Fort Bragg and its four outlying stations, base year and four options",
    )  # fmt: skip
    new_submission(officer, due_date=at + timedelta(days=12), title="Lamps")
    with open_ledger().deed(AuditEvent("checklist:made", near, officer.id, submission_ref=near), officer) as deed:
        deed.execute("select from submissions where id = %s for update", [near])
        deed.execute(
            "insert into submission_tasks (id, submission_id, title, due_at) values (gen_random_uuid(), %s, 'Prices', %s)",
            [near, at - timedelta(hours=5)],
        )
    for number, kind in enumerate(NotificationKind):
        new_notice(
            officer,
            kind=kind,
            text=f"Something that happened to your offer, number {number}: read what it says",
            submission_id=near,
        )
    with psycopg.connect(make_conninfo("", **superuser_conninfo(home))) as connection:
        connection.execute("update notifications set at = at - interval '1 day' where text like '%number 1%'")
    with open_ledger().housekeeping() as tx:
        tx.execute("update notifications set read_at = at where kind in ('shared', 'approved', 'mentioned')")
    return near


def test_notices_are_read_one_by_one_and_all_at_once_and_lead_to_their_thing(site: Site, told: str) -> None:
    page = site.sign_in(OFFICER, path="/inbox")
    expect(page.get_by_text(f"{UNREAD} unread in your Inbox").first).to_be_visible()
    page.get_by_role("button", name="Mark read").first.click()
    expect(page.get_by_text(f"{UNREAD - 1} unread in your Inbox").first).to_be_visible()
    settle(page)
    page.get_by_role("link", name="Open").first.click()
    page.wait_for_url(f"**/workspace?id={told}")
    page.go_back()
    settle(page)
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.get_by_text("unread in your Inbox")).to_have_count(0)


def test_filters_live_in_the_address(site: Site, told: str) -> None:
    page = site.sign_in(OFFICER, path="/inbox?kind=rejected&kind=voided")
    expect(page.get_by_text("number 5")).to_be_visible()
    expect(page.get_by_text("number 6")).to_be_visible()
    expect(page.get_by_text("number 7")).to_have_count(0)
    page.goto("/inbox?kind=file_refused&unread=1")
    settle(page)
    page.goto("/inbox?kind=no_kind&rows=99999&part=nothing")
    settle(page)
    expect(page.get_by_text("number 7")).to_be_visible()


def test_a_search_is_saved_from_the_list_and_kept_in_the_inbox(site: Site, told: str) -> None:
    publish([opportunity(900_001, at=clock.now(), title="Gyroscopes")])
    page = site.sign_in(VIEWER, path="/opportunities?q=gyroscopes")
    page.get_by_role("button", name="Save this search").click()
    page.get_by_label("Name").fill("My gyroscopes")
    page.get_by_role("button", name="Save search").click()
    expect(page.get_by_text("Saved: My gyroscopes")).to_be_visible()
    page.goto("/inbox?part=searches")
    settle(page)
    expect(page.get_by_text("My gyroscopes")).to_be_visible()
    page.get_by_role("link", name="Open").click()
    page.wait_for_url("**/opportunities?q=gyroscopes")
    settle(page)
    page.goto("/inbox?part=searches")
    settle(page)
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No saved searches yet.")).to_be_visible()


def test_a_calendars_address_is_shown_once_works_without_a_session_and_ends_when_revoked(site: Site, told: str) -> None:
    page = site.sign_in(OFFICER, path="/inbox?part=calendar")
    page.get_by_label("Where you put it").fill("My telephone")
    page.get_by_role("button", name="Make an address").click()
    path = "/calendar/" + page.locator("code").first.inner_text().rpartition("/calendar/")[2]
    answer = httpx.get(site.address + path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert "set-cookie" not in answer.headers
    assert "SUMMARY:Due: Lamps" in answer.text
    page.reload()
    settle(page)
    expect(page.locator("code")).to_have_count(0)
    page.get_by_role("button", name="Revoke").first.click()
    expect(page.get_by_text("No calendar has an address of yours.")).to_be_visible()
    assert httpx.get(site.address + path).status_code == 404
    assert httpx.get(f"{site.address}/calendar/nothing.ics").content == httpx.get(site.address + path).content


def test_settings_are_kept_and_what_is_no_hook_is_refused(site: Site, told: str) -> None:
    page = site.sign_in(VIEWER, path="/inbox?part=settings")
    expect(page.get_by_text("This installation is offline")).to_be_visible()
    rejected = page.get_by_role("radiogroup", name="Rejected")
    rejected.get_by_role("radio", name="Inbox only").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("What you are told from now on follows it.")).to_be_visible()
    page.reload()
    settle(page)
    expect(rejected.get_by_role("radio", name="Inbox only")).to_have_attribute("aria-checked", "true")


def test_the_dashboard_says_to_each_what_needs_them(site: Site, told: str) -> None:
    for email, words in (
        (OFFICER, ["Points overdue", "Lamps"]),
        (LEGAL, ["To sign"]),
        (ADMIN, ["Without second factor", "Drafts"]),
        (VIEWER, ["Drafts"]),
    ):
        page = site.sign_in(email)
        expect(page.get_by_text("For you")).to_be_visible()
        for word in words:
            expect(page.get_by_text(word).first).to_be_visible()


@pytest.mark.parametrize(("width", "dark"), SCREENS)
def test_looks(site: Site, told: str, width: int, dark: bool, screenshot: Callable[[Page, str], Path]) -> None:
    with open_ledger().housekeeping() as tx:
        tx.execute("update notifications set read_at = null where kind not in ('shared', 'approved', 'mentioned')")
    name = f"{width}-{'dark' if dark else 'light'}"
    page = site.sign_in(OFFICER, path="/inbox", width=width, dark=dark)
    screenshot(page, f"inbox-notices-{name}")
    for part in ("searches", "calendar", "settings"):
        page.goto(f"/inbox?part={part}")
        settle(page)
        screenshot(page, f"inbox-{part}-{name}")
    page.goto("/")
    settle(page)
    screenshot(page, f"dashboard-officer-{name}")
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0


@pytest.mark.parametrize("email", [ADMIN, VIEWER, LEGAL])
def test_looks_of_the_dashboard(site: Site, told: str, email: str, screenshot: Callable[[Page, str], Path]) -> None:
    screenshot(site.sign_in(email), f"dashboard-{email.partition('@')[0]}")
    screenshot(site.sign_in(email, path="/inbox"), f"inbox-empty-{email.partition('@')[0]}")
