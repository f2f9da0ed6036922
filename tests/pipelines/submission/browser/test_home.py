"""The browser of a process: found as set up, kept warm in its own thread, and gone with its process however that ends."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, Error

from pipelines.submission.browser.home import (
    NoBrowser,
    close_browser,
    driver,
    driver_process,
    end_unanswering,
    find_browser,
    with_browser,
)
from warehouse import settings
from warehouse.settings import ROOT

START = """
import sys
from pipelines.submission.browser.home import with_browser
from pipelines.submission.browser.page_window import Window

def show(browser):
    with Window(browser, ("127.0.0.1",), (), print, seconds=5) as window:
        window.page.set_content("<h1>here</h1>")
        print("ready", flush=True)
        sys.stdin.read()

with_browser(show)
"""


@pytest.fixture(autouse=True)
def cold() -> Iterator[None]:
    close_browser()
    yield
    close_browser()
    settings.current.cache_clear()


def name_browser(named: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROCURA_CHROMIUM", str(named))
    settings.current.cache_clear()


def test_browser_that_is_named_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = tmp_path / "browser"
    named.write_text("#!/bin/sh\n")
    named.chmod(0o755)
    name_browser(named, monkeypatch)
    assert find_browser() == named


def test_named_browser_that_is_not_there_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name_browser(tmp_path / "none", monkeypatch)
    with pytest.raises(NoBrowser, match="cannot be run"):
        with_browser(lambda browser: browser.version)


def test_browser_that_does_not_start_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = tmp_path / "browser"
    named.write_text("#!/bin/sh\nexit 3\n")
    named.chmod(0o755)
    name_browser(named, monkeypatch)
    with pytest.raises(NoBrowser, match="does not start"):
        with_browser(lambda browser: browser.version)


def test_driver_that_does_not_start_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a bare machine that lacks a library which the driver's program needs."""
    broken = tmp_path / "driver"
    broken.write_text("#!/bin/sh\nexit 127\n")
    broken.chmod(0o755)
    name_browser(broken, monkeypatch)
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", str(broken))
    with pytest.raises(NoBrowser, match="driver does not start"):
        with_browser(lambda browser: browser.version)


@pytest.mark.browser
def test_browser_stays_warm_and_leaves_the_callers_thread_as_it_is() -> None:
    seen = [with_browser(lambda browser: (id(browser), threading.current_thread().name)) for _ in range(2)]
    assert seen[0] == seen[1]
    assert seen[0][1] != threading.current_thread().name
    asyncio.run(asyncio.sleep(0))  # fails in a thread in which the driver was started


@pytest.mark.browser
def test_browser_that_answers_no_more_can_be_ended_and_the_next_one_is_another() -> None:
    """A script that never ends holds every question to its page; the watch of a window ends it from another thread."""
    killed = threading.Event()

    def hang(browser: Browser) -> None:
        assert driver_process(driver()) in {child.pid for child in psutil.Process().children(recursive=True)}
        page = browser.new_page()
        threading.Timer(1, lambda: (end_unanswering(driver()), killed.set())).start()
        page.evaluate("() => { while (true) {} }")

    with pytest.raises(Error):
        with_browser(hang)
    assert killed.is_set()
    assert with_browser(lambda browser: browser.is_connected())


def started() -> "tuple[subprocess.Popen[str], list[psutil.Process]]":
    worker = subprocess.Popen(
        [sys.executable, "-c", START], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PROCURA_TEST_SECRET": "hidden from it"},
    )  # fmt: skip
    assert worker.stdout is not None
    assert worker.stdout.readline() == "ready\n"
    return worker, psutil.Process(worker.pid).children(recursive=True)


def ended(worker: "subprocess.Popen[str]", children: list[psutil.Process]) -> bool:
    worker.wait(20)
    for stream in (worker.stdin, worker.stdout):
        if stream:
            stream.close()
    _, alive = psutil.wait_procs(children, timeout=20)
    return not alive


@pytest.mark.browser
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_no_browser_outlives_its_worker(how: signal.Signals) -> None:
    worker, children = started()
    assert any("chrom" in child.name().lower() for child in children)
    worker.send_signal(how)
    assert ended(worker, children)


@pytest.mark.browser
def test_worker_that_comes_to_its_end_ends_its_browser() -> None:
    worker, children = started()
    assert worker.stdin is not None
    worker.stdin.close()
    worker.wait(30)
    assert worker.returncode == 0
    assert ended(worker, children)


@pytest.mark.browser
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="this system does not show environments")
def test_browser_does_not_know_the_products_environment_and_opens_no_port() -> None:
    worker, children = started()
    try:
        browsers = [child for child in children if "chrom" in child.name().lower()]
        assert browsers
        for child in browsers:
            assert "PROCURA_TEST_SECRET" not in child.environ()
            assert not [one for one in child.net_connections("tcp") if one.status == psutil.CONN_LISTEN]
    finally:
        worker.kill()
        assert ended(worker, children)


def test_where_no_driver_can_be_found_nothing_is_killed() -> None:
    assert driver_process(object()) is None
    end_unanswering(object())
