"""What somebody without a session reaches of the running app: the sign-in pages and health, nothing else of all routes."""

import re
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import httpx
import psutil
import pytest
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from websockets.exceptions import InvalidStatus

from app.cookies import session_cookie
from app.gate import API, CALENDAR, OPEN
from pipelines.administration.people import add_person
from pipelines.administration.sessions import SignedIn
from pipelines.administration.sign_in import sign_in
from tests.app_server import Served, serve
from tests.streamlit_client import open_window
from warehouse import clock
from warehouse.domain.access import Department, Role
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

T = TypeVar("T")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
HTML = {"accept": "text/html,*/*"}
ANSWERS_WITHOUT_SESSION = {
    "/sign-in", "/sign-in/code", "/sign-in/enrol", "/sign-in/continue", "/reset", "/sign-in.css", "/sign-in.svg",
    "/healthz", "/_stcore/health",
}  # fmt: skip
"""All that may. A new one is written here by hand, after thinking."""
EXCHANGES = {"/api/v1/token": "POST", "/api/v1/token/refresh": "POST"}
"""Where programs sign in: anything but a right password or token is a 4xx."""
KNOWN_TO_EXIST = {
    "/_stcore/upload_file/x/x",
    "/_stcore/stream",
    "/media/x",
    "/component/x",
    "/_stcore/host-config",
    "/sign-out",
}
UPLOAD_BYTES = 20 * 1024 * 1024
MOST_GROWTH_BYTES = 8 * 1024 * 1024


@pytest.fixture(scope="module")
def served(home: Settings) -> Iterator[Served]:
    with serve(home) as found:
        yield found


@pytest.fixture(scope="module")
def routes(home: Settings) -> list[BaseRoute]:
    """Every route of the app: ours, the interface's and Streamlit's, from the same object that is served."""
    from app.main import app

    return list(app._build_starlette_app().routes)


def paths_of(routes: list[BaseRoute], prefix: str = "") -> set[str]:
    """Return an example path of each route."""
    found: set[str] = set()
    for route in routes:
        path = prefix + re.sub(r"{[^}]*}", "x", getattr(route, "path", ""))
        assert isinstance(route, Route | WebSocketRoute | Mount), f"a route that this test does not know: {route}"
        if isinstance(route, Mount):
            found |= {f"{path}/", f"{path}/x", f"{path}/index.html"} | paths_of(list(route.routes or []), path)
        else:
            found.add(path or "/")
    return found


def test_the_walk_finds_what_is_known_to_exist(routes: list[BaseRoute]) -> None:
    assert paths_of(routes) >= KNOWN_TO_EXIST | set(EXCHANGES) | ANSWERS_WITHOUT_SESSION
    assert set(OPEN) == ANSWERS_WITHOUT_SESSION


def test_no_route_answers_a_stranger_but_sign_in_and_health(served: Served, routes: list[BaseRoute]) -> None:
    from app.page import find_pages

    pages = {f"/{file.stem}" for file in find_pages().by_file}
    more = {"/", "/nothing", "/static/js/index.js", "/favicon.png", "/index.html", "/api/v1/", "/api/v1", "/api", "/API/v1/me",
            "/_stcore/allowed-message-origins", "//sign-in", "/sign-in/", "/sign-in/../media/x", "/sign-in%2f..", "/healthz/x"}  # fmt: skip
    answered = {}
    with httpx.Client(base_url=served.address, headers=HTML, follow_redirects=False, timeout=20) as client:
        for path in sorted(paths_of(routes) | pages | more):
            for method in METHODS:
                answer = client.request(method, path)
                if not _is_refusal(method, path, answer):
                    answered[f"{method} {path}"] = answer.status_code
    assert answered == {}


def _is_refusal(method: str, path: str, answer: httpx.Response) -> bool:
    """Say whether an answer is what a stranger may get at this address."""
    assert "set-cookie" not in answer.headers or path in ANSWERS_WITHOUT_SESSION, path
    if path in ANSWERS_WITHOUT_SESSION:
        return True
    if EXCHANGES.get(path) == method:
        return answer.status_code in (400, 401, 413, 429)
    if path.startswith(CALENDAR) and method == "GET":
        return answer.status_code in (404, 429) and len(answer.content) < 100
    if path.startswith(API):
        is_problem = answer.headers["content-type"] == "application/problem+json"
        return answer.status_code == 401 and is_problem
    if method == "GET" and answer.status_code == 303:
        return answer.headers["location"].startswith("/sign-in?next=") and not answer.content
    return answer.status_code in (400, 401) and len(answer.content) < 100


def test_an_answer_with_something_in_it_is_no_refusal() -> None:
    """The examples that the walk would catch."""
    problem = {"content-type": "application/problem+json"}
    assert not _is_refusal("GET", "/media/x", httpx.Response(200))
    assert not _is_refusal("GET", "/page", httpx.Response(303, headers={"location": "/elsewhere"}))
    assert not _is_refusal("GET", "/page", httpx.Response(404, content=b"Not found"))
    assert not _is_refusal("GET", "/api/v1/me", httpx.Response(404, headers=problem))
    assert not _is_refusal("POST", "/api/v1/token", httpx.Response(200))
    assert not _is_refusal("GET", "/calendar/x", httpx.Response(200))
    assert not _is_refusal("POST", "/calendar/x", httpx.Response(404))
    assert _is_refusal("GET", "/api/v1/me", httpx.Response(401, headers=problem))


def test_websocket_is_refused_at_the_handshake(served: Served) -> None:
    for cookies in ({}, {"procura_session": "x" * 43}, {"procura_session": ""}):
        with pytest.raises(InvalidStatus) as refused, open_window(served.address, cookies):
            pass
        assert refused.value.response.status_code == 403


def test_sign_in_pages_hold_no_way_in_for_large_bodies(served: Served) -> None:
    for path in sorted(ANSWERS_WITHOUT_SESSION | set(EXCHANGES)):
        answer = httpx.post(served.address + path, content=b"x" * 70_000, timeout=20)
        assert answer.status_code == 413, path


RUBBISH = {
    "NUL": "a%00b",
    "half a character": "%ed%a0%80",
    "no UTF-8": "%ff%fe",
    "signs that turn": "%e2%80%ae",
    "long": "x" * 9_000,
}


@pytest.mark.parametrize("rubbish", RUBBISH.values(), ids=RUBBISH)
def test_rubbish_in_forms_and_addresses_is_answered_in_words(served: Served, rubbish: str) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded", "origin": served.address}
    with httpx.Client(base_url=served.address, timeout=20) as client:
        token = re.findall('name="token" value="([^"]+)"', client.get("/sign-in").text)[0]
        for path in (
            "/sign-in",
            "/sign-in/code",
            "/sign-in/enrol",
            f"/sign-in/continue?step={rubbish}",
            f"/reset?link={rubbish}",
        ):
            body = f"token={token}&email={rubbish}&password={rubbish}&code={rubbish}&link={rubbish}&again={rubbish}"
            assert client.post(path, content=body, headers=headers).status_code < 500, path
            assert client.get(path).status_code < 500, path
        for cookie in ("procura_session", "procura_form", "procura_step", "procura_device"):
            answer = client.get("/sign-in", headers={"cookie": f"{cookie}={rubbish}"})
            assert answer.status_code < 500, cookie
            assert client.get("/", headers={"cookie": f"{cookie}={rubbish}"}).status_code < 500, cookie


def test_no_address_that_was_asked_for_is_logged(served: Served) -> None:
    canary = uuid.uuid4().hex
    for path in (
        f"/reset?link={canary}",
        f"/sign-in/continue?step={canary}",
        f"/opportunities?q={canary}",
        f"/calendar/{canary}.ics",
        f"/{canary}",
    ):
        httpx.get(served.address + path, headers=HTML, timeout=20)
    assert served.log.exists()
    assert canary not in served.log.read_text()


@pytest.mark.parametrize("announced", [True, False], ids=["with its size", "in chunks"])
@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/_stcore/upload_file/session/file"), ("POST", "/sign-in"), ("POST", "/api/v1/token"), ("POST", "/opportunities")],
)  # fmt: skip
def test_five_uploads_at_once_are_refused_unread_with_memory_flat(
    served: Served, method: str, path: str, announced: bool
) -> None:
    _upload(served, method, path, announced)  # what is loaded at the first time is no growth
    outcomes, growth = _five_at_once(served, lambda: _upload(served, method, path, announced))
    assert len(outcomes) == 5
    # 0: the line was closed before the answer was read, as happens to who goes on sending what nobody reads.
    assert {status for status, _ in outcomes} <= {0, 400, 401, 413}
    assert max(sent for _, sent in outcomes) < UPLOAD_BYTES / 2, "the server went on reading what it had refused"
    assert growth < MOST_GROWTH_BYTES


def test_memory_that_uploads_take_is_seen(served: Served, home: Settings) -> None:
    """The example beside it: what a signed-in person may upload is held, and this measure shows it."""
    email, password = "uploads@firm.example", "four quiet green lamps"
    add_person(
        open_ledger(), email=email, role=Role.VIEWER, department=Department.LEGAL, password=password, at=clock.now()
    )
    signed = sign_in(open_ledger(), email, password, "10.0.0.1", at=clock.now())
    assert isinstance(signed, SignedIn)
    cookies = {session_cookie(): signed.token}
    with (
        open_window(served.address, cookies) as window,
        httpx.Client(base_url=served.address, cookies=cookies) as client,
    ):
        window.rerun()
        client.get("/_stcore/health")
        xsrf = {"x-xsrftoken": client.cookies["_streamlit_xsrf"]}

        def upload() -> set[int]:
            paths = [f"/_stcore/upload_file/{window.session_id}/{uuid.uuid4()}" for _ in range(4)]
            file = {"file": b"x" * 4_900_000}
            return {client.put(path, files=file, headers=xsrf, timeout=30).status_code for path in paths}

        outcomes, growth = _five_at_once(served, upload)
    assert outcomes == [{204}] * 5
    assert growth > 2 * MOST_GROWTH_BYTES


def _five_at_once(served: Served, upload: Callable[[], T]) -> tuple[list[T], int]:
    """Return what five uploads at once came to, and by how many bytes the app's process grew meanwhile."""
    process = psutil.Process(served.pid)
    before, sizes, is_over = process.memory_info().rss, [0], threading.Event()

    def watch() -> None:
        while not is_over.wait(0.005):
            sizes.append(process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    with ThreadPoolExecutor(5) as pool:
        outcomes = list(pool.map(lambda _: upload(), range(5)))
    is_over.set()
    watcher.join()
    return outcomes, max(sizes) - before


def _upload(served: Served, method: str, path: str, announced: bool) -> tuple[int, int]:
    """Send 20 MB until the server closes; return its answer's status and how many bytes it let come."""
    host, port = served.address.removeprefix("http://").split(":")
    size = f"Content-Length: {UPLOAD_BYTES}" if announced else "Transfer-Encoding: chunked"
    kind = "application/x-www-form-urlencoded" if path == "/sign-in" else "application/json"
    head = f"{method} {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: {kind}\r\n{size}\r\n\r\n"
    block = b"x" * 16_384
    part = block if announced else b"%x\r\n%s\r\n" % (len(block), block)
    sent, answer = 0, b""
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(head.encode())
        # The answer comes before the body is wanted: a client that listens while it sends sees it.
        answer = _listen(connection, 0.5 if announced else 0.0)
        try:
            while sent < UPLOAD_BYTES and not answer:
                connection.sendall(part)
                sent += len(block)
                answer = _listen(connection, 0.0)
            answer = answer or _listen(connection, 20)
            while sent < UPLOAD_BYTES:  # a client that does not care
                connection.sendall(part)
                sent += len(block)
        except OSError:
            pass
    return int(answer.split(b" ", 2)[1]) if answer else 0, sent


def _listen(connection: socket.socket, seconds: float) -> bytes:
    connection.settimeout(seconds or 0.000_1)
    try:
        return connection.recv(65_536)
    except (TimeoutError, BlockingIOError):
        return b""
    except OSError:
        return b""
    finally:
        connection.settimeout(20)
