"""One guarded window of the browser: it reaches the hosts of one profile and no other, and tells what it kept out.

Downloads are refused, windows that open are closed, service workers do not start, dialogs are dismissed unless a step says
otherwise. Not here: what is on a page (page_view.py), what is done there (recipe_steps.py).
"""

import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self

from pipelines.submission.browser.home import driver, end_unanswering
from pipelines.submission.browser.tunnel import BrowserTunnel
from pipelines.submission.portals.hosts import LOOPBACK, entry_of, entry_of_port, without_secrets

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Download, Page, Request, Response, Route, WebSocket

ASSETS = frozenset({"stylesheet", "script", "image", "font"})
COUNTED = frozenset({"document", "xhr", "fetch", "script"})
"""What a page is not finished without."""
LONGEST_RUN = 45 * 60
"""Seconds after which a browser that still has not come to an end is killed."""
QUIET_SECONDS, LONGEST_UNQUIET = 0.08, 4.0
"""A page that keeps asking its server is taken as it is after so long."""
Tell = Callable[[str], None]


class Window:
    """A fresh context of the browser with one page; a context manager, used in the browser's thread only.

    Attributes:
        status: Of the last answer to a navigation; 0 before the first.
        failure: Why the last navigation came to nothing; "" when it did.
        dialogs: What the page said in dialogs of the browser, since `expect_dialogs`.
    """

    def __init__(
        self, browser: "Browser", hosts: tuple[str, ...], assets_from: tuple[str, ...], tell: Tell, *, seconds: float
    ) -> None:
        self.hosts, self.assets_from, self.tell = hosts, assets_from, tell
        self.status, self.failure = 0, ""
        self.dialogs: list[str] = []
        self._answer_dialogs = ""
        self._kept_out: set[str] = set()
        self._told: set[str] = set()
        self._open_requests: set[Request] = set()
        self._navigates = False
        self._last_traffic = time.monotonic()
        self._sockets: list[WebSocket] = []
        self.tunnel = BrowserTunnel(self._may_connect)
        try:
            self._context = browser.new_context(
                proxy={"server": self.tunnel.address},
                service_workers="block",
                accept_downloads=False,
                locale="en-US",
                viewport={"width": 1280, "height": 1000},
            )
            self._context.set_default_timeout(seconds * 1000)
            # The driver itself lets through what is the profile's: only the rest is asked about here.
            self._context.route(_foreign(hosts), self._judge)
            self.page: Page = self._context.new_page()
            self._listen()
        except BaseException:
            self.tunnel.close()
            raise
        self._watch = threading.Timer(LONGEST_RUN, end_unanswering, [driver()])
        self._watch.daemon = True
        self._watch.start()

    def __enter__(self) -> Self:
        """Return it as it was opened."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it, whatever happened in it."""
        self._watch.cancel()
        with suppress(Exception):  # of a browser that is gone there is nothing to close
            self._context.close()
        self.tunnel.close()

    @property
    def host(self) -> str:
        """The profile's host that the page is on; "" where it is on none."""
        return entry_of(self.page.url, self.hosts)

    @property
    def has_open_socket(self) -> bool:
        """Whether the page talks to its server over a socket that stays open."""
        return any(not socket.is_closed() for socket in self._sockets)

    def expect_dialogs(self, answer: str) -> None:
        """Answer dialogs from now on: accept, dismiss, or "" where none is expected."""
        self._answer_dialogs, self.dialogs = answer, []

    def open(self, address: str) -> None:
        """Go to an address of the profile.

        Raises:
            playwright.sync_api.Error: it does not answer.
        """
        try:
            self.page.goto(address, wait_until="domcontentloaded")
            self.quiet()
        finally:
            self.tell_kept_out()

    def quiet(self, *, least: float = 0.05) -> None:
        """Wait until nothing is loaded any more, and tell what was kept out meanwhile."""
        begin = time.monotonic()
        self.page.wait_for_timeout(least * 1000)
        while time.monotonic() - begin < (60 if self._navigates else LONGEST_UNQUIET):
            if (
                not self._navigates
                and not self._open_requests
                and time.monotonic() - self._last_traffic > QUIET_SECONDS
            ):
                break
            self.page.wait_for_timeout(20)
        self.tell_kept_out()

    def tell_kept_out(self) -> None:
        """Tell each host that was kept out, once."""
        for words in sorted(self._kept_out - self._told):
            self._told.add(words)
            self.tell(words)

    @property
    def kept_out(self) -> frozenset[str]:
        """What was kept out so far, in words."""
        return frozenset(self._kept_out)

    def _may_connect(self, host: str, port: int) -> bool:
        is_known = bool(entry_of_port(host, port, (*self.hosts, *self.assets_from)))
        if not is_known:
            self._kept_out.add(f"Kept out: a connection to {host}:{port}, which is no host of the profile.")
        return is_known

    def _judge(self, route: "Route", request: "Request") -> None:
        address = request.url
        if entry_of(address, self.assets_from) and request.method == "GET" and request.resource_type in ASSETS:
            route.continue_()
            return
        self._kept_out.add(
            f"Kept out: {request.resource_type} from {_host_words(address)}, which is no host of the profile."
        )
        with suppress(Exception):
            route.abort("blockedbyclient")

    def _listen(self) -> None:
        self._context.on("page", self._close_window)
        self._context.on("request", self._begins)
        self._context.on("requestfinished", self._ends)
        self._context.on("requestfailed", self._fails)
        self._context.on("response", self._answers)
        self._context.on("dialog", self._speaks)
        self.page.on("download", self._refuse_download)
        self.page.on("websocket", self._opens_socket)

    def _close_window(self, opened: "Page") -> None:
        if opened is not self.page:
            self._kept_out.add("Kept out: a window that the page wanted to open.")
            with suppress(Exception):
                opened.close()

    def _begins(self, request: "Request") -> None:
        self._last_traffic = time.monotonic()
        if request.resource_type in COUNTED:
            self._open_requests.add(request)
        if self._is_navigation(request):
            self._navigates, self.failure = True, ""

    def _ends(self, request: "Request") -> None:
        self._last_traffic = time.monotonic()
        self._open_requests.discard(request)
        if self._is_navigation(request):
            self._navigates = False

    def _fails(self, request: "Request") -> None:
        self._ends(request)
        if self._is_navigation(request) and "ERR_ABORTED" not in (request.failure or ""):
            self.failure = f"{(request.failure or 'it failed').removeprefix('net::')} at {without_secrets(request.url)}"

    def _answers(self, response: "Response") -> None:
        if self._is_navigation(response.request):
            self.status = response.status

    def _is_navigation(self, request: "Request") -> bool:
        with suppress(Exception):  # a request of a frame that is gone already
            return request.is_navigation_request() and request.frame == self.page.main_frame
        return False

    def _speaks(self, dialog: "Dialog") -> None:
        self.dialogs.append(dialog.message[:500])
        with suppress(Exception):
            if self._answer_dialogs == "accept" or dialog.type == "beforeunload":
                dialog.accept()
            else:
                dialog.dismiss()

    def _refuse_download(self, download: "Download") -> None:
        self._kept_out.add("Kept out: a download.")
        with suppress(Exception):
            download.cancel()

    def _opens_socket(self, socket: "WebSocket") -> None:
        self._sockets.append(socket)


def _foreign(hosts: tuple[str, ...]) -> re.Pattern[str]:
    """Return a pattern of every address that belongs to none of the hosts."""
    ours = []
    for host in hosts:
        name, _, port = host.partition(":")
        is_here = name in LOOPBACK
        ends = rf":{port}" if port else r"(:\d+)?" if is_here else "(:443)?"
        ours.append(rf"{'https?' if is_here else 'https'}://{re.escape(name)}{ends}([/?#]|$)")
    return re.compile(rf"^(?!({'|'.join([*ours, 'data:', 'blob:', 'about:'])}))")


def _host_words(address: str) -> str:
    return without_secrets(address).partition("://")[2].partition("/")[0] or without_secrets(address)
