"""What goes over the tunnel arrives, what breaks in the last act is not sent again, and nothing else is connected to."""

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, FilePayload, Page, sync_playwright

from pipelines.submission.browser.home import HOW_TO_INSTALL, find_browser
from pipelines.submission.browser.tunnel import BrowserTunnel
from tests.fakes.portal.faults import Fault, Faults
from tests.fakes.portal.running import RunningPortal, running_portal
from tests.fakes.portal.site import ACCOUNTS

LONG = b"an answer of a portal that is longer than what TLS says when it goes away, whoever speaks first"


@contextlib.contextmanager
def server(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """Serve connections one after the other with a function, on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    with listening.accept()[0] as connection:
                        answer(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield int(listening.getsockname()[1])
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(5)


@contextlib.contextmanager
def tunnel_to(*hosts: str) -> Iterator[BrowserTunnel]:
    tunnel = BrowserTunnel(lambda host, _port: host in hosts)
    try:
        yield tunnel
    finally:
        tunnel.close()


def through(tunnel: BrowserTunnel, host: str, port: int) -> tuple[socket.socket, int]:
    """Ask the tunnel for a connection as a browser does; the code of its answer beside it."""
    own = int(tunnel.address.rpartition(":")[2])
    connection = socket.create_connection(("127.0.0.1", own), timeout=10)
    connection.sendall(b"\x05\x01\x00")
    assert connection.recv(2) == b"\x05\x00"
    name = host.encode()
    connection.sendall(b"\x05\x01\x00\x03" + bytes([len(name)]) + name + port.to_bytes(2, "big"))
    return connection, connection.recv(10)[1]


def read_all(connection: socket.socket) -> bytes:
    found = b""
    with contextlib.suppress(OSError):
        while data := connection.recv(65_536):
            found += data
    return found


def echo(connection: socket.socket) -> None:
    connection.sendall(LONG + connection.recv(100))


def break_off(connection: socket.socket) -> None:
    connection.recv(100)


def test_bytes_go_both_ways() -> None:
    with server(echo) as port, tunnel_to("localhost") as tunnel:
        connection, code = through(tunnel, "localhost", port)
        with connection:
            assert code == 0
            connection.sendall(b"hello")
            assert read_all(connection) == LONG + b"hello"


def test_host_that_is_not_the_profiles_is_not_connected_to() -> None:
    with server(echo) as port, tunnel_to("portal.example") as tunnel:
        connection, code = through(tunnel, "127.0.0.1", port)
        with connection:
            assert code == 2


def test_after_an_unanswered_break_in_the_last_act_nothing_is_connected_until_it_ends() -> None:
    with server(break_off) as port, tunnel_to("127.0.0.1") as tunnel:
        tunnel.begin_act()
        first, _ = through(tunnel, "127.0.0.1", port)
        waiting, code = through(tunnel, "127.0.0.1", port)
        with first, waiting:
            assert code == 0
            first.sendall(b"POST /submit")
            assert read_all(first) == b""
            assert read_all(waiting) == b"", "what was open before is closed too"
        assert tunnel.broke
        again, code = through(tunnel, "127.0.0.1", port)
        again.close()
        assert code == 2
        tunnel.end_act()
        looking, code = through(tunnel, "127.0.0.1", port)
        looking.close()
        assert (code, tunnel.broke) == (0, False)


def test_break_outside_the_last_act_and_end_after_an_answer_close_nothing() -> None:
    with server(break_off) as port, tunnel_to("127.0.0.1") as tunnel:
        connection, _ = through(tunnel, "127.0.0.1", port)
        with connection:
            connection.sendall(b"GET /")
            assert read_all(connection) == b""
        assert not tunnel.broke
    with server(echo) as port, tunnel_to("127.0.0.1") as tunnel:
        tunnel.begin_act()
        for _ in range(2):
            connection, code = through(tunnel, "127.0.0.1", port)
            with connection:
                assert code == 0
                connection.sendall(b"POST /")
                assert read_all(connection)
        assert not tunnel.broke


def test_last_act_begins_over_a_fresh_connection() -> None:
    with server(break_off) as port, tunnel_to("127.0.0.1") as tunnel:
        connection, _ = through(tunnel, "127.0.0.1", port)
        with connection:
            tunnel.begin_act()
            assert read_all(connection) == b""
        assert not tunnel.broke


def test_silence_after_a_question_is_broken_and_one_after_an_answer_is_not() -> None:
    ended = threading.Event()

    def keep_silent(connection: socket.socket) -> None:
        if connection.recv(100) == b"GET /":
            connection.sendall(LONG)
        ended.wait(20)

    with server(keep_silent) as port, tunnel_to("127.0.0.1") as tunnel:
        tunnel.begin_act(0.5)
        connection, _ = through(tunnel, "127.0.0.1", port)
        with connection:
            connection.sendall(b"POST /")
            assert read_all(connection) == b""
        assert tunnel.broke
        ended.set()
    ended.clear()
    with server(keep_silent) as port, tunnel_to("127.0.0.1") as tunnel:
        tunnel.begin_act(0.5)
        connection, _ = through(tunnel, "127.0.0.1", port)
        with connection:
            connection.sendall(b"GET /")
            assert connection.recv(200) == LONG
            connection.settimeout(1.5)
            with pytest.raises(TimeoutError):
                connection.recv(200)
        assert not tunnel.broke
        ended.set()


def fill_to_the_last_button(page: Page, reference: str) -> None:
    """Go through the rehearsal portal's form as a person does."""
    page.goto("/sign-in")
    page.get_by_label("User name").fill("bidder")
    page.get_by_label("Password").fill(ACCOUNTS["bidder"])
    page.get_by_role("button", name="Sign in").click()
    page.goto("/offers/new")
    page.get_by_label("Solicitation number").fill("W912HN26R0001")
    page.get_by_label("Title of the offer").fill("Pumps")
    page.get_by_label("Your own reference").fill(reference)
    page.get_by_role("combobox", name="Contracting office").click()
    page.get_by_role("option", name="Central Contracting Office").click()
    page.get_by_role("button", name="Save and continue").click()
    upload: FilePayload = {"name": "Volume I.txt", "mimeType": "text/plain", "buffer": b"Our approach."}
    page.get_by_label("Files of the offer").set_input_files([upload])
    page.get_by_role("button", name="Upload").click()
    page.get_by_role("link", name="Continue to review").click()
    page.get_by_label("I am authorized").check()


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    with running_portal(tmp_path_factory.mktemp("portal"), Faults(takes_duplicates=True)) as portal:
        yield portal


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path: Path | None = find_browser()
    if path is None:
        pytest.skip(f"no browser found; {HOW_TO_INSTALL}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"] if os.geteuid() == 0 else [])
        yield browser
        browser.close()


@pytest.mark.browser
@pytest.mark.thorough
@pytest.mark.parametrize("is_tunnelled", [True, False])
def test_browser_sends_a_form_twice_by_itself_unless_it_goes_through_the_tunnel(
    portal: RunningPortal, browser: Browser, *, is_tunnelled: bool
) -> None:
    reference = "PRC-AAAA-0001" if is_tunnelled else "PRC-AAAA-0002"
    with tunnel_to("127.0.0.1") as tunnel:
        context = browser.new_context(
            base_url=portal.address, proxy={"server": tunnel.address} if is_tunnelled else None
        )
        page = context.new_page()
        fill_to_the_last_button(page, reference)
        portal.store.let_happen(Fault.DROP_AFTER)
        tunnel.begin_act()
        with contextlib.suppress(Error), page.expect_navigation(timeout=5_000):
            page.get_by_role("button", name="Submit offer").click()
        context.close()
        assert tunnel.broke is is_tunnelled
    arrived = [offer for offer in portal.store.offers() if offer.reference == reference]
    assert len(arrived) == (1 if is_tunnelled else 2), "without the tunnel this browser sends once: the tunnel may go"
