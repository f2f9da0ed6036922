"""The Credentials page: set, test, replace and remove a key, and the secret is nowhere afterwards."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pydantic import SecretStr

from pipelines.administration.credentials import set_credential
from pipelines.discovery.credential_check import need_of
from tests.browser.conftest import ADMIN, OFFICER, Site, settle
from tests.browser.screens import SCREENS
from tests.fakes.keyed_source import KeyedSource, running_source
from warehouse.clock import now
from warehouse.ledger.credentials import read_credential
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

CANARY = "canary-api-key-4711"


@pytest.fixture(scope="module")
def source() -> Iterator[KeyedSource]:
    with running_source(KeyedSource()) as served:
        yield served


@pytest.fixture(scope="module")
def home(home: Settings, source: KeyedSource) -> Iterator[Settings]:
    """A home whose app asks the source on this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROCURA_SAM_GOV_API_URL", source.url)
        patch.setenv("PROCURA_OFFLINE", "0")
        yield home


def open_form(page: Page) -> None:
    page.get_by_role("button", name="Set key").first.click()
    expect(page.get_by_label("SAM.gov API key")).to_be_visible()


def everything_in(page: Page) -> str:
    """The document, what its fields hold, and what the browser stores."""
    fields = page.evaluate("[...document.querySelectorAll('input, textarea')].map(e => e.value).join(' ')")
    stored = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])")
    return page.content() + str(fields) + str(stored)


def test_a_key_is_set_tested_replaced_and_removed_and_never_shown(site: Site, source: KeyedSource) -> None:
    page = site.sign_in(ADMIN, path="/credentials")
    received: list[str] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: received.append(str(frame))))
    page.reload()
    settle(page)
    open_form(page)
    field = page.get_by_label("SAM.gov API key")
    assert field.get_attribute("type") == "password"
    field.fill(CANARY)
    page.get_by_role("button", name="Save key").click()
    expect(page.get_by_text("saved and sealed")).to_be_visible()
    settle(page)
    assert CANARY not in everything_in(page)
    assert not any(CANARY in frame for frame in received), "the server sends it back to nobody"
    stored = read_credential(open_ledger("procura_pipeline"), "sam_gov", "api_key", at=now())
    assert stored is not None
    assert stored.get_secret_value() == CANARY

    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text("It works.")).to_be_visible()
    source.status = 403
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text("The source refuses it (HTTP 403).").last).to_be_visible()
    expect(page.get_by_text("warning: was refused at its last use")).to_be_visible()
    source.status = 200
    assert CANARY not in everything_in(page)

    page.reload()
    settle(page)
    page.get_by_role("button", name="Replace key").click()
    expect(page.get_by_label("SAM.gov API key")).to_have_value("")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_text("It cannot be brought back")).to_be_visible()
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_text("It cannot be brought back")).to_have_count(0)
    page.get_by_role("button", name="Remove", exact=True).click()
    page.get_by_role("button", name="Remove this key").click()
    expect(page.get_by_role("button", name="Set key")).to_have_count(4)
    assert read_credential(open_ledger("procura_pipeline"), "sam_gov", "api_key", at=now()) is None
    page.context.close()


def test_an_empty_key_is_refused_in_words_and_the_form_stays(site: Site) -> None:
    page = site.sign_in(ADMIN, path="/credentials")
    open_form(page)
    page.get_by_role("button", name="Save key").click()
    expect(page.get_by_text("the secret is empty")).to_be_visible()
    expect(page.get_by_label("SAM.gov API key")).to_be_visible()
    page.context.close()


def test_the_page_is_for_admins(site: Site) -> None:
    page = site.sign_in(OFFICER, path="/credentials")
    expect(page.get_by_text("is for an admin")).to_be_visible()
    expect(page.get_by_role("button", name="Set key")).to_have_count(0)
    page.context.close()


@pytest.mark.parametrize(("width", "dark"), SCREENS)
def test_how_it_looks(
    site: Site, source: KeyedSource, width: int, dark: bool, screenshot: Callable[[Page, str], Path]
) -> None:
    at = now()
    set_credential(open_ledger(), need_of("sam_gov"), SecretStr(CANARY), at=at - timedelta(days=80))
    set_credential(open_ledger(), need_of("newsapi"), SecretStr(CANARY), at=at - timedelta(days=20))
    page = site.sign_in(ADMIN, path="/credentials", width=width, dark=dark)
    page.get_by_role("button", name="Set key").first.click()
    settle(page)
    expect(page.get_by_role("button", name="Save key")).to_be_visible()
    wider = page.locator("[data-testid=stMain]").evaluate("e => e.scrollWidth - e.clientWidth")
    assert wider <= 0
    screenshot(page, f"credentials-{width}-{'dark' if dark else 'light'}")
    page.context.close()
