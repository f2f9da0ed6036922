"""The page Admin in a real browser: people, one-time links, sessions of all, settings, and what an auditor sees of it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pipelines.administration.people import add_person
from pipelines.administration.sign_in import sign_in
from pipelines.administration.system_settings import list_settings
from tests.browser.conftest import ADMIN, OFFICER, PASSWORD, VIEWER, Site, settle
from tests.browser.screens import SCREENS
from warehouse import clock
from warehouse.domain.access import Department, Person, Role
from warehouse.ledger.people import find_profile
from warehouse.ledger.store import open_ledger

AUDITOR = "auditor@firm.example"


@pytest.fixture(scope="module")
def auditor(people: None) -> str:
    return new_person(AUDITOR, Role.VIEWER, Department.AUDIT)


def new_person(email: str, role: Role = Role.VIEWER, department: Department = Department.CONTRACTS) -> str:
    add_person(open_ledger(), email=email, role=role, department=department, password=PASSWORD, at=clock.now())
    return email


def profile_of(email: str) -> Person:
    with open_ledger().read() as tx:
        found = find_profile(tx, email)
    assert found is not None
    return found.person


def shown(email: str) -> str:
    """An address as the page writes it: an invisible joiner keeps Markdown from making a link of it."""
    return email.replace("@", "@\u2060")


def choose(page: Page, label: str, option: str) -> None:
    """Choose in a select box by typing, as one does."""
    box = page.get_by_role("combobox", name=label, exact=True)
    box.click()
    box.fill(option)
    page.get_by_role("option", name=option).first.click()
    settle(page)


def open_part(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()
    settle(page)


def actions_of(actor: str) -> list[str]:
    with open_ledger().read() as tx:
        return [
            row["action"] for row in tx.rows("select action from audit_logs where actor = %s order by seq", [actor])
        ]


def test_an_invited_person_gets_a_link_once_and_signs_in_with_it(site: Site) -> None:
    page = site.sign_in(ADMIN, path="/admin")
    page.get_by_role("button", name="Invite a person").click()
    page.get_by_label("E-mail address").fill("new@firm.example")
    page.get_by_role("button", name="Make the invitation").click()
    expect(page.get_by_text(f"Invitation for {shown('new@firm.example')}")).to_be_visible()
    link = page.locator("[data-testid=stCode] code").inner_text().strip()
    assert link.startswith(f"{site.address}/reset?link=")
    secret = link.partition("link=")[2]
    page.get_by_role("button", name="I have passed it on").click()
    expect(page.get_by_text("It can be used once")).to_have_count(0)
    settle(page)
    assert secret not in page.content()
    page.reload()
    settle(page)
    assert secret not in page.content()
    guest = site.open().new_page()
    guest.goto(link)
    fields = guest.locator("input[type=password]")
    for index in range(fields.count()):
        fields.nth(index).fill("eleven brave brown bears")
    guest.get_by_role("button").first.click()
    guest.wait_for_load_state()
    guest.goto("/")
    guest.get_by_label("E-mail address").fill("new@firm.example")
    guest.get_by_label("Password").fill("eleven brave brown bears")
    guest.get_by_role("button", name="Sign in").click()
    settle(guest)
    expect(guest.get_by_role("heading", name="Dashboard")).to_be_visible()


def test_an_address_that_is_taken_is_told_and_nothing_is_made(site: Site) -> None:
    page = site.sign_in(ADMIN, path="/admin")
    page.get_by_role("button", name="Invite a person").click()
    page.get_by_label("E-mail address").fill(VIEWER)
    page.get_by_role("button", name="Make the invitation").click()
    expect(page.get_by_text("is here already")).to_be_visible()


def test_a_changed_role_ends_the_persons_sessions_within_one_click(site: Site) -> None:
    email = new_person("promoted@firm.example")
    theirs = site.sign_in(email, path="/opportunities")
    page = site.sign_in(ADMIN, path=f"/admin?who={email}")
    expect(page.get_by_role("combobox", name="Person", exact=True)).to_have_value(email)
    page.get_by_text("contract officer: decides").click()
    page.get_by_role("button", name="Change role and department").click()
    expect(page.get_by_text("is now contract officer of contracts")).to_be_visible()
    assert profile_of(email).role is Role.CONTRACT_OFFICER
    theirs.get_by_label("Search").fill("network")
    theirs.get_by_label("Search").press("Enter")
    expect(theirs.get_by_text("Your session has ended")).to_be_visible()


def test_disabling_asks_first_and_ends_everything(site: Site) -> None:
    email = new_person("leaver@firm.example")
    theirs = site.sign_in(email)
    page = site.sign_in(ADMIN, path="/admin")
    choose(page, "Person", email)
    page.get_by_role("button", name="Disable account").click()
    expect(page.get_by_text("nobody can sign in to it")).to_be_visible()
    page.get_by_role("button", name=f"Disable {shown(email)}").click()
    expect(page.get_by_text(f"{shown(email)} is disabled.")).to_be_visible()
    theirs.reload()
    expect(theirs.get_by_role("button", name="Sign in")).to_be_visible()
    page.get_by_role("button", name="Enable account").click()
    expect(page.get_by_text(f"{shown(email)} is enabled.")).to_be_visible()
    assert isinstance(sign_in(open_ledger(), email, PASSWORD, "192.0.2.1", at=clock.now()), object)


def test_the_last_admin_stays_one(site: Site) -> None:
    page = site.sign_in(ADMIN, path=f"/admin?who={ADMIN}")
    page.get_by_text("viewer: reads").click()
    expect(page.get_by_text("It is your own account")).to_be_visible()
    page.get_by_role("button", name="Change role and department").click()
    expect(page.get_by_text("is the last admin")).to_be_visible()
    assert profile_of(ADMIN).role is Role.ADMIN


def test_a_reset_takes_the_password_and_shows_a_link(site: Site) -> None:
    email = new_person("forgot@firm.example")
    page = site.sign_in(ADMIN, path=f"/admin?who={email}")
    page.get_by_role("button", name="Set a new password by link").click()
    page.get_by_role("button", name="Take the password away and make a link").click()
    expect(page.get_by_text(f"Link to a new password for {shown(email)}")).to_be_visible()
    expect(page.get_by_text(f"{shown(email)}: waits for the password")).to_be_visible()


def test_an_admin_ends_a_session_of_somebody_else(site: Site) -> None:
    theirs = site.sign_in(OFFICER)
    page = site.sign_in(ADMIN, path="/admin")
    open_part(page, "Sessions")
    rows = page.locator("[class*='st-key-session']").filter(has_text=shown(OFFICER))
    expect(rows.first).to_be_visible()
    before = rows.count()
    rows.first.get_by_role("button", name="End", exact=True).click()
    expect(rows).to_have_count(before - 1)
    theirs.reload()
    expect(theirs.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_setting_says_what_its_values_mean_and_is_written_into_the_log(site: Site) -> None:
    page = site.sign_in(ADMIN, path="/admin")
    open_part(page, "Settings")
    expect(page.get_by_text("A person starts every delivery, and every trial of one.")).to_be_visible()
    expect(page.get_by_text("No text leaves this machine.")).to_be_visible()
    page.get_by_text("supervised", exact=True).click()
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("is supervised from now on")).to_be_visible()
    admin = profile_of(ADMIN)
    assert dict((s.key, v) for s, v in list_settings(open_ledger(), by=admin))["autonomy_mode"] == "supervised"
    assert actions_of(admin.id)[-1] == "setting:set"
    page.reload()
    settle(page)
    expect(page.get_by_role("tab", name="Settings")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("radio", name="supervised")).to_be_checked()


def test_an_auditor_looks_at_everything_and_changes_nothing(site: Site, auditor: str) -> None:
    page = site.sign_in(auditor, path="/admin")
    expect(page.get_by_text("You may look at everything here")).to_be_visible()
    expect(page.get_by_role("button", name="Invite a person")).to_have_count(0)
    expect(page.get_by_role("tab", name="Sessions")).to_have_count(0)
    expect(page.get_by_text("Change an account")).to_have_count(0)
    open_part(page, "Settings")
    expect(page.get_by_role("button", name="Save").first).to_be_disabled()


def test_an_officer_of_legal_finds_the_holds_and_nothing_else(site: Site) -> None:
    email = new_person("legal@firm.example", Role.CONTRACT_OFFICER, Department.LEGAL)
    page = site.sign_in(email, path="/admin")
    expect(page.get_by_role("tab")).to_have_count(1)
    expect(page.get_by_role("tab", name="Records")).to_be_visible()


@pytest.mark.parametrize("email", [OFFICER, VIEWER])
def test_who_has_no_business_there_is_told_who_has(site: Site, email: str) -> None:
    page = site.sign_in(email, path="/admin")
    expect(page.get_by_text("Admin is for")).to_be_visible()
    expect(page.get_by_role("link", name="Admin")).to_have_count(0)


@pytest.mark.parametrize(("width", "dark"), SCREENS)
@pytest.mark.parametrize("part", ["People", "Sessions", "Settings", "Records"])
def test_looks(site: Site, screenshot: Callable[[Page, str], Path], width: int, dark: bool, part: str) -> None:
    query = f"?who={OFFICER}" if part == "People" else f"?part={part}"
    page = site.sign_in(ADMIN, path=f"/admin{query}", width=width, dark=dark)
    expect(page.get_by_role("tab", name=part)).to_have_attribute("aria-selected", "true")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    screenshot(page, f"admin-{part.lower()}-{width}-{'dark' if dark else 'light'}")
