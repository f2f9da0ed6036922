"""The own account in a real browser: password, second factor, sessions, one-time links, the id in the cookie."""

from collections.abc import Callable
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from pipelines.administration.one_time_links import reset_password
from pipelines.administration.people import add_person, disable_person, set_role
from tests.browser.conftest import PASSWORD, Site, settle
from tests.browser.screens import SCREENS
from warehouse import clock
from warehouse.domain.access import Department, Role
from warehouse.ledger.store import open_ledger

NEW_PASSWORD = "seven slow silver snails"
ENDED = "Your session has ended"


def person(name: str, role: Role = Role.VIEWER) -> str:
    email = f"{name}@firm.example"
    add_person(
        open_ledger(), email=email, role=role, department=Department.CONTRACTS, password=PASSWORD, at=clock.now()
    )
    return email


def cookie(context: BrowserContext, name: str = "procura_session") -> str:
    return next(c["value"] for c in context.cookies() if c["name"] == name)


def type_password(page: Page, email: str, password: str) -> None:
    page.goto("/sign-in?next=%2Faccount")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def seed_on(page: Page) -> str:
    return page.locator("code").first.inner_text().replace(" ", "")


def code_of(seed: str, ahead: int = 0) -> str:
    return pyotp.TOTP(seed).at(int(clock.now().timestamp()) + 30 * ahead)


def age_ids(seconds: int) -> None:
    """Let every id in a cookie have been given that much earlier."""
    with open_ledger().housekeeping() as tx:
        tx.execute(
            "update auth_session_ids set issued_at = issued_at - make_interval(secs => %(s)s),"
            " honoured_until = honoured_until - make_interval(secs => %(s)s)",
            {"s": seconds},
        )


def test_changed_password_ends_every_other_session_and_this_one_goes_on_under_a_new_id(site: Site) -> None:
    email = person("changes")
    page, other = site.sign_in(email, path="/account"), site.sign_in(email, path="/account")
    before = cookie(page.context)
    page.get_by_label("Present password").fill("not the present one")
    page.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    page.get_by_label("New password again").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("Your present password is not right")).to_be_visible()
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    page.get_by_label("New password again").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("Your password is changed")).to_be_visible()
    settle(page)
    assert cookie(page.context) != before
    other.get_by_role("button", name="Turn on").click()
    expect(other.get_by_text(ENDED)).to_be_visible()
    replay = site.open().request
    for path, status in (("/account", 303), ("/media/x", 401)):
        answer = (
            replay.get(path, headers={"cookie": f"procura_session={before}", "accept": "text/html"}, max_redirects=0)
            if status == 303
            else replay.get(path, headers={"cookie": f"procura_session={before}"}, max_redirects=0)
        )
        assert answer.status == status
    fresh = site.open().new_page()
    type_password(fresh, email, PASSWORD)
    expect(fresh.get_by_text("The address or the password is not right")).to_be_visible()
    type_password(fresh, email, NEW_PASSWORD)
    settle(fresh)


@pytest.mark.parametrize("event", ["role", "department", "disabled", "reset"])
def test_an_open_page_says_within_one_rerun_that_its_session_has_ended(site: Site, event: str) -> None:
    email = person(f"open-{event}")
    page = site.sign_in(email, path="/account")
    at = clock.now()
    if event == "role":
        set_role(open_ledger(), email, Role.CONTRACT_OFFICER, at=at)
    elif event == "department":
        set_role(open_ledger(), email, Role.VIEWER, Department.LEGAL, at=at)
    elif event == "disabled":
        disable_person(open_ledger(), email, at=at)
    else:
        reset_password(open_ledger(), email, at=at)
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_text(ENDED)).to_be_visible()


def test_another_session_is_seen_and_ended_from_the_list(site: Site) -> None:
    email = person("lists")
    page, telephone = site.sign_in(email, path="/account"), site.sign_in(email, path="/account", width=390)
    page.reload()
    settle(page)
    expect(page.get_by_text("this one")).to_have_count(1)
    expect(page.get_by_text("Chrome on Android")).to_be_visible()
    page.get_by_role("button", name="End", exact=True).click()
    expect(page.get_by_text("Chrome on Android")).to_have_count(0)
    telephone.get_by_role("button", name="Turn on").click()
    expect(telephone.get_by_text(ENDED)).to_be_visible()


def test_second_factor_from_turning_on_to_a_lost_telephone(site: Site) -> None:
    email = person("codes")
    page = site.sign_in(email, path="/account")
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_text("Take a picture of this")).to_be_visible()
    expect(page.get_by_role("img").first).to_be_visible()
    seed = seed_on(page)
    page.get_by_label("Code that the app shows").fill("000000")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("This code is not right")).to_be_visible()
    used = code_of(seed)
    page.get_by_label("Code that the app shows").fill(used)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("They are shown only now")).to_be_visible()
    codes = page.locator("code").first.inner_text().split()
    assert len(codes) == 10
    page.get_by_role("button", name="I have written them down").click()
    expect(page.get_by_text("10 of 10 recovery codes left")).to_be_visible()
    expect(page.get_by_text(codes[0])).to_have_count(0)
    again = site.open().new_page()
    type_password(again, email, PASSWORD)
    expect(again.get_by_role("heading", name="Second step")).to_be_visible()
    assert not [c for c in again.context.cookies() if c["name"] == "procura_session"], "half a sign-in is no session"
    again.get_by_label("Code of your authenticator app").fill(used)
    again.get_by_role("button", name="Go on").click()
    expect(again.get_by_text("was used already")).to_be_visible()
    again.get_by_label("Code of your authenticator app").fill(code_of(seed, 1))
    again.get_by_role("button", name="Go on").click()
    settle(again)
    lost = site.open().new_page()
    type_password(lost, email, PASSWORD)
    lost.get_by_label("Code of your authenticator app").fill(codes[3].upper())
    lost.get_by_role("button", name="Go on").click()
    settle(lost)
    expect(lost.get_by_text("9 of 10 recovery codes left")).to_be_visible()


def test_who_comes_back_after_the_password_was_proven_long_ago_proves_it_again(site: Site) -> None:
    email = person("proves")
    page = site.sign_in(email, path="/account")
    with open_ledger().housekeeping() as tx:
        tx.execute("update auth_sessions set authenticated_at = authenticated_at - interval '1 hour'")
    page.reload()
    settle(page)
    expect(page.get_by_role("button", name="Turn on")).to_have_count(0)
    before = cookie(page.context)
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm password").click()
    expect(page.get_by_text("Your password is proven")).to_be_visible()
    assert cookie(page.context) != before
    expect(page.get_by_role("button", name="Turn on")).to_be_visible()


def test_firm_that_asks_for_it_gets_a_second_factor_from_everybody(
    site: Site, screenshot: Callable[[Page, str], Path]
) -> None:
    email = person("must")
    _require("on")
    try:
        page = site.open().new_page()
        type_password(page, email, PASSWORD)
        expect(page.get_by_role("heading", name="Set up the second step")).to_be_visible()
        assert page.context.request.get("/account", headers={"accept": "text/html"}, max_redirects=0).status == 303
        page.get_by_label("Code that the app shows").fill(code_of(seed_on(page)))
        page.get_by_role("button", name="Confirm").click()
        expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
        page.get_by_role("link", name="I have written them down").click()
        settle(page)
        expect(page.get_by_role("button", name="Replace")).to_be_visible()
        expect(page.get_by_role("button", name="Turn off")).to_have_count(0)
    finally:
        _require("off")


def _require(value: str) -> None:
    import psycopg
    from psycopg.conninfo import make_conninfo

    from warehouse.addresses import superuser_conninfo
    from warehouse.settings import current

    with psycopg.connect(make_conninfo("", **superuser_conninfo(current()))) as connection:
        connection.execute("update system_settings set value = %s where key = 'require_second_factor'", [value])


def test_id_in_the_cookie_is_replaced_under_an_open_page_and_its_replay_ends_the_session(site: Site) -> None:
    email = person("rotates")
    first = site.sign_in(email, path="/account")
    old = cookie(first.context)
    age_ids(20 * 60)
    second = first.context.new_page()
    second.goto("/account")
    settle(second)
    assert cookie(first.context) != old, "a page load replaced it"
    first.get_by_role("button", name="Turn on").click()
    expect(first.get_by_text("Take a picture of this")).to_be_visible()
    age_ids(60)
    first.get_by_role("button", name="Leave it as it was").click()
    expect(first.get_by_role("button", name="Turn on")).to_be_visible()
    thief = site.open().request.get(
        "/account", headers={"cookie": f"procura_session={old}", "accept": "text/html"}, max_redirects=0
    )
    assert thief.status == 303
    first.get_by_role("button", name="Turn on").click()
    expect(first.get_by_text(ENDED)).to_be_visible()
    second.reload()
    expect(second.get_by_role("heading", name="Sign in")).to_be_visible()


def test_reset_link_sets_a_password_once(site: Site) -> None:
    email = person("forgets")
    link = reset_password(open_ledger(), email, at=clock.now())
    page = site.open().new_page()
    page.goto(link.path)
    page.get_by_label("New password").fill("a short one")
    page.get_by_label("The same again").fill("a short one")
    page.locator("input[minlength]").evaluate("e => e.removeAttribute('minlength')")
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_text("at least 15 are needed")).to_be_visible()
    page.get_by_label("New password").fill(NEW_PASSWORD)
    page.get_by_label("The same again").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_text("Your password is set")).to_be_visible()
    page.goto(link.path)
    expect(page.get_by_role("heading", name="This link does not work")).to_be_visible()
    type_password(page, email, NEW_PASSWORD)
    settle(page)


@pytest.mark.parametrize(("width", "dark"), SCREENS)
def test_looks(site: Site, screenshot: Callable[[Page, str], Path], width: int, dark: bool) -> None:
    name = f"{width}-{'dark' if dark else 'light'}"
    email = person(f"looks-{name}")
    site.sign_in(email)
    page = site.sign_in(email, path="/account", width=width, dark=dark)
    screenshot(page, f"account-{name}")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    link = reset_password(open_ledger(), email, at=clock.now())
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(link.path)
    screenshot(page, f"reset-{name}")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
