"""A real server, a real browser, people of each role, a full and an empty store."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from pipelines.administration.people import add_person
from pipelines.submission.browser.home import HOW_TO_INSTALL, find_browser
from warehouse import clock
from warehouse.domain.access import Department, Role
from warehouse.ledger.store import open_ledger
from warehouse.settings import ROOT, Settings

PASSWORD = "four quiet green lamps"
ADMIN, OFFICER, VIEWER = "admin@firm.example", "officer@firm.example", "viewer@firm.example"
PHONE = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36"
)
START_SECONDS = 60
expect.set_options(timeout=45_000)  # a busy machine redraws late; a wrong page stays wrong


@dataclass
class Site:
    """A served app: its address, and new windows on it."""

    address: str
    browser: Browser
    windows: list[BrowserContext] = field(default_factory=list)
    signed_in: dict[tuple[str, int, bool], BrowserContext] = field(default_factory=dict)
    """By person, width and darkness: a profile that has loaded the app's scripts once draws a page in half the time."""

    def open(self, *, width: int = 1440, dark: bool = False) -> BrowserContext:
        """Open a fresh profile of the browser; a telephone's when it is narrow."""
        narrow = width < 500
        context = self.browser.new_context(
            base_url=self.address,
            viewport={"width": width, "height": 844 if narrow else 1000},
            color_scheme="dark" if dark else "light",
            timezone_id="America/New_York",
            locale="en-US",
            accept_downloads=True,
            **({"is_mobile": True, "has_touch": True, "user_agent": PHONE} if narrow else {}),
        )
        context.set_default_timeout(45_000)
        self.windows.append(context)
        return context

    def close_windows(self) -> None:
        """Close what a test left open: pages go on drawing, and slow every later test down."""
        for context in self.signed_in.values():
            for page in context.pages:
                page.close()
        while self.windows:
            self.windows.pop().close()

    def sign_in(
        self, email: str, *, path: str = "/", width: int = 1440, dark: bool = False, anew: bool = False
    ) -> Page:
        """Open a page as a person, who signs in by the form unless this profile is still signed in.

        Args:
            anew: In a fresh profile, with a session of its own.
        """
        key = (email, width, dark)
        context = None if anew else self.signed_in.get(key)
        page = (context or self.open(width=width, dark=dark)).new_page()
        page.goto(path)
        if "/sign-in" in page.url:
            page.get_by_label("E-mail address").fill(email)
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Sign in").click()
            if context is None and not anew:
                self.windows.remove(page.context)
                self.signed_in[key] = page.context
                page.context.on("close", lambda _: self.signed_in.pop(key, None))
        settle(page)
        return page


def settle(page: Page) -> None:
    """Wait until the page's script has finished."""
    app = page.locator("[data-testid=stApp]")
    expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=90_000)
    expect(page.locator("h1, h2, h3, [data-testid=stAlert]").first).to_be_visible(timeout=90_000)
    expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=90_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = find_browser()
    if path is None:
        pytest.skip(f"no browser found; {HOW_TO_INSTALL}")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def people(home: Settings) -> None:
    """One person of each role."""
    for email, role in ((ADMIN, Role.ADMIN), (OFFICER, Role.CONTRACT_OFFICER), (VIEWER, Role.VIEWER)):
        add_person(
            open_ledger(), email=email, role=role, department=Department.CONTRACTS, password=PASSWORD, at=clock.now()
        )


@pytest.fixture(scope="module")
def site(home: Settings, people: None, browser: Browser) -> Iterator[Site]:
    """The app as `procura up` serves it, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "app.main:app", "--host", "127.0.0.1", "--port", str(port)]
    log = home.logs / "app.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*command, "--timeout-graceful-shutdown", "2"], cwd=ROOT, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/healthz", server, log)
        yield Site(f"http://127.0.0.1:{port}", browser)
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture(autouse=True)
def windows_are_closed(request: pytest.FixtureRequest) -> Iterator[None]:
    """End each test with no window open."""
    yield
    if "site" in request.fixturenames:
        request.getfixturevalue("site").close_windows()


def _wait_for(address: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        try:
            if httpx.get(address, timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        assert server.poll() is None, log.read_text()
        time.sleep(0.1)
    raise AssertionError(f"{address} does not answer:\n{log.read_text()}")


@pytest.fixture
def screenshot(tmp_path: Path) -> Callable[[Page, str], Path]:
    """Take the picture of a whole page into PROCURA_SCREENSHOTS, or a temporary folder."""
    folder = Path(os.environ.get("PROCURA_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str) -> Path:
        main = page.locator("[data-testid=stMain]")
        if main.count():
            size = page.viewport_size or {"width": 1440, "height": 1000}
            height = int(main.evaluate("e => Math.max(...[e, ...e.children].map(c => c.scrollHeight))"))
            page.set_viewport_size({"width": size["width"], "height": min(max(height + 20, 600), 4000)})
            page.wait_for_timeout(400)  # the grid draws on a canvas, which tells nobody when it is done
        target = folder / f"{name}.png"
        page.screenshot(path=target)
        return target

    return take
