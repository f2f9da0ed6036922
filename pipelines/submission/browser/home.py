"""The browser of this process: found, started when it is needed, kept warm in a thread of its own, ended with the process.

Its thread is never left: the driver marks whatever thread it is started in as one with a running loop, in which nothing else
that needs a loop works any more. The browser runs without this process's environment and reaches no network by itself: every way
out is given by a window (page_window.py). Killed with its process: its orders come through a pipe, and a browser whose pipe
closes ends. Not here: pages.
"""

import os
import shutil
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from warehouse.errors import NotFound
from warehouse.settings import current

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HOW_TO_INSTALL = (
    "apt-get install chromium-headless-shell (Debian), brew install --cask chromium (macOS),"
    " or: .venv/bin/playwright install chromium"
)
PASSED_ON = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "TZ",
    "FONTCONFIG_PATH",
    "XDG_RUNTIME_DIR",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
)
"""What the browser may know of this process's environment."""
SWITCHES = (
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",  # names are resolved by the tunnel, and only those of the profile
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-quic",
    "--no-pings",
    "--disable-features=Translate,OptimizationHints,MediaRouter,InterestFeedContentSuggestions,AutofillServerCommunication",
)
START_SECONDS = 60

Done = TypeVar("Done")


class NoBrowser(NotFound):
    """This machine has no browser, or it does not start."""


@dataclass
class _Home:
    """What this process has: its thread, and what was started in it."""

    process: int
    thread: ThreadPoolExecutor
    manager: Any = None
    browser: "Browser | None" = None


_homes: dict[int, _Home] = {}
_lock = threading.Lock()


def find_browser() -> Path | None:
    """Return the executable: PROCURA_CHROMIUM, the PATH, Playwright's own; None when this machine has none.

    Raises:
        FileNotFoundError: PROCURA_CHROMIUM names a file that cannot be run.
    """
    named = current().chromium
    if named:
        if not os.access(named, os.X_OK):
            raise FileNotFoundError(f"PROCURA_CHROMIUM names {named}, which cannot be run")
        return Path(named)
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return Path(found)
    caches = [Path.home() / ".cache/ms-playwright", Path.home() / "Library/Caches/ms-playwright"]
    own = [
        path
        for cache in caches
        for pattern in ("chromium-*/chrome-linux*/chrome", "chromium-*/chrome-mac*/*/Contents/MacOS/*")
        for path in cache.glob(pattern)
    ]
    return sorted(own)[-1] if own else None


def with_browser(work: "Callable[[Browser], Done]") -> Done:
    """Do something with the warm browser, in its thread, and wait for it; started when there is none that answers.

    Raises:
        NoBrowser: this machine has no browser, or it does not start.
        Exception: whatever `work` raises.
    """
    home = _home()
    return home.thread.submit(lambda: work(_warm(home))).result()


def close_browser() -> None:
    """End the warm browser; nothing happens where there is none."""
    home = _home()
    home.thread.submit(_close, home).result()


def end_unanswering(manager: Any) -> None:
    """End a browser that answers no more, from any thread: its driver is killed, and the closed pipe ends the browser.

    The driver's number is nowhere offered; where a later Playwright keeps it elsewhere, nothing happens (a test says so).
    """
    process = driver_process(manager)
    if process:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def driver_process(manager: Any) -> int | None:
    """Return the number of the driver's process, or None where it cannot be found."""
    found = manager
    for name in ("_client", "_transport", "_proc", "pid"):
        found = getattr(found, name, None)
    return found if isinstance(found, int) else None


def driver() -> Any:
    """Return what `end_unanswering` takes; None while there is no browser."""
    return _home().manager


def _home() -> _Home:
    """Return this very process's: of a parent's browser a child has nothing."""
    with _lock:
        if os.getpid() not in _homes:
            _homes.clear()
            _homes[os.getpid()] = _Home(os.getpid(), ThreadPoolExecutor(1, thread_name_prefix="browser"))
        return _homes[os.getpid()]


def _warm(home: _Home) -> "Browser":
    if home.browser is None or not home.browser.is_connected():
        _close(home)
        _start(home)
    assert home.browser is not None  # noqa: S101 - started just now
    return home.browser


def _close(home: _Home) -> None:
    browser, manager, home.browser, home.manager = home.browser, home.manager, None, None
    with suppress(Exception):  # of one that is gone there is nothing to close
        if browser is not None:
            browser.close()
    with suppress(Exception):
        if manager is not None:
            manager.__exit__()


def _start(home: _Home) -> None:
    from playwright.sync_api import sync_playwright

    executable = _executable()
    home.manager = sync_playwright()
    try:
        home.browser = launch(_driven(home.manager), executable)
    except BaseException:
        _close(home)
        raise


def _driven(manager: Any) -> "Playwright":
    try:
        return manager.__enter__()  # type: ignore[no-any-return]
    except Exception as error:
        # Its own words are of a closed line; why its program does not run, that says on standard error.
        raise NoBrowser(
            f"The browser's driver does not start: {str(error).splitlines()[0][:200]}.",
            kept="nothing was sent.",
            todo="on a bare Debian: apt-get install libatomic1 (comes with chromium too).",
        ) from error


def launch(playwright: "Playwright", executable: Path) -> "Browser":
    """Start a browser as deliveries want it.

    Raises:
        NoBrowser: it does not start.
    """
    from playwright.sync_api import Error

    said = ""
    # Root has no sandbox to go into; an ordinary user's may be forbidden by the kernel.
    for has_sandbox in [False] if hasattr(os, "geteuid") and os.geteuid() == 0 else [True, False]:
        try:
            return playwright.chromium.launch(
                executable_path=executable,
                args=list(SWITCHES),
                chromium_sandbox=has_sandbox,
                env={name: os.environ[name] for name in PASSED_ON if name in os.environ},
                handle_sigint=False,
                handle_sigterm=False,
                handle_sighup=False,
                timeout=START_SECONDS * 1000,
            )
        except Error as error:
            said = str(error).splitlines()[0][:200]
    raise NoBrowser(
        f"The browser {executable} does not start: {said}.",
        kept="nothing was sent.",
        todo="start it by hand once and look at what it says.",
    )


def _executable() -> Path:
    try:
        found = find_browser()
    except FileNotFoundError as error:
        raise NoBrowser(f"{error}.", todo=HOW_TO_INSTALL) from None
    if found is None:
        raise NoBrowser("This machine has no browser.", kept="nothing was sent.", todo=HOW_TO_INSTALL)
    return found
