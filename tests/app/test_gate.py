"""The gate over ASGI: real stores, real app, no network."""

import asyncio
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from app.cookies import session_cookie
from app.gate import HEADERS, safe_next
from app.sign_in import sign_out_token
from pipelines.administration.people import add_person
from warehouse import clock
from warehouse import settings as settings_module
from warehouse.domain.access import Department, Role
from warehouse.ledger.store import close_ledgers, open_ledger
from warehouse.settings import Settings

COOKIE = session_cookie()
EMAIL, PASSWORD = "gate@firm.example", "four quiet green lamps"
HTML = {"accept": "text/html,*/*"}
BASE = "http://127.0.0.1:8501"


@pytest.fixture(scope="module")
def app(home: Settings) -> Any:
    add_person(
        open_ledger(), email=EMAIL, role=Role.VIEWER, department=Department.CONTRACTS, password=PASSWORD, at=clock.now()
    )
    from app.main import app

    return app


@pytest.fixture
def client(app: Any) -> TestClient:
    return TestClient(app, base_url=BASE, follow_redirects=False)


def sign_in(client: TestClient, *, following: str = "/", password: str = PASSWORD) -> httpx.Response:
    form = client.get("/sign-in", params={"next": following})
    token = form.text.split('name="token" value="')[1].split('"')[0]
    fields = {"email": EMAIL, "password": password, "token": token}
    return client.post("/sign-in", params={"next": following}, data=fields, headers={"origin": BASE})


def websocket_refusal(app: Any, headers: dict[str, str]) -> int:
    """Shake hands for a websocket by hand and return the code with which it is closed before it is accepted."""
    scope = {
        "type": "websocket", "path": "/_stcore/stream", "raw_path": b"/_stcore/stream", "query_string": b"",
        "headers": [(k.encode(), v.encode()) for k, v in {"host": "127.0.0.1:8501", **headers}.items()],
        "subprotocols": ["streamlit"], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8501), "scheme": "ws",
    }  # fmt: skip
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    assert [m["type"] for m in sent] == ["websocket.close"], "refused at the handshake: never accepted"
    return int(sent[0]["code"])


@pytest.mark.parametrize("path", ["/", "/opportunities?q=roof&fit=70", "/opportunity?id=o1", "/nothing"])
def test_page_without_session_leads_to_sign_in_and_back(client: TestClient, path: str) -> None:
    answer = client.get(path, headers=HTML)
    assert answer.status_code == 303
    assert httpx.URL(answer.headers["location"]).params["next"] == path


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/_stcore/upload_file/s/f"),
        ("POST", "/_stcore/upload_file/s/f"),
        ("GET", "/media/abc.csv"),
        ("GET", "/_stcore/host-config"),
        ("GET", "/static/js/index.js"),
        ("POST", "/sign-out"),
        ("DELETE", "/"),
        ("GET", "/_stcore/metrics"),
    ],
)
def test_everything_else_without_session_is_401(client: TestClient, method: str, path: str) -> None:
    assert client.request(method, path, headers={"origin": BASE}).status_code == 401


def test_websocket_without_session_is_refused_at_the_handshake(app: Any) -> None:
    assert websocket_refusal(app, {}) == 1008
    assert websocket_refusal(app, {"cookie": f"{COOKIE}=invented"}) == 1008


def test_only_sign_in_and_health_are_open(client: TestClient) -> None:
    for path in ("/sign-in", "/sign-in.css", "/sign-in.svg", "/healthz"):
        assert client.get(path).status_code == 200


def test_answers_carry_security_headers(client: TestClient) -> None:
    for path in ("/sign-in", "/healthz", "/static/x"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == HEADERS["referrer-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]


def test_signing_in_opens_the_page_that_was_asked_for(client: TestClient) -> None:
    answer = sign_in(client, following="/opportunities?q=roof&fit=70")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/opportunities?q=roof&fit=70"
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith(COOKIE))
    assert "httponly" in cookie.lower()
    assert "samesite=lax" in cookie.lower()
    assert client.get("/sign-in.css").status_code == 200


def test_cookie_is_secure_and_of_this_host_on_https(app: Any, home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROCURA_TRUSTED_PROXIES", "127.0.0.1")
    settings_module.current.cache_clear()
    try:
        client = TestClient(app, base_url="https://127.0.0.1", follow_redirects=False)
        form = client.get("/sign-in")
        token = form.text.split('name="token" value="')[1].split('"')[0]
        answer = client.post("/sign-in", data={"email": EMAIL, "password": PASSWORD, "token": token})
        set_cookies = answer.headers.get_list("set-cookie")
        assert "secure" in next(c for c in set_cookies if c.startswith(f"__Host-{COOKIE}")).lower()
        assert all("secure" in c.lower() for c in set_cookies)
    finally:
        monkeypatch.undo()
        settings_module.current.cache_clear()


@pytest.mark.parametrize(
    "following",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "/sign-out",
        "/a\r\nset-cookie: x=1",
        "",
    ],
)
def test_nobody_is_led_to_another_site(following: str) -> None:
    assert safe_next(following) == "/"


def test_wrong_password_is_said_politely_and_keeps_the_address(client: TestClient) -> None:
    answer = sign_in(client, password="not the right one")
    assert answer.status_code == 401
    assert "not right" in answer.text
    assert f'value="{EMAIL}"' in answer.text
    assert COOKIE not in answer.headers.get("set-cookie", "")


@pytest.mark.thorough
def test_twenty_wrong_passwords_are_answered_in_words(app: Any) -> None:
    client = TestClient(app, base_url=BASE, follow_redirects=False, client=("10.9.9.9", 1))
    answers = [sign_in(client, password="not the right one") for _ in range(20)]
    assert {a.status_code for a in answers} <= {401, 429}
    last = answers[-1]
    assert last.status_code == 429
    assert f"Try again in {last.headers['retry-after']} s" in last.text


def test_form_without_its_token_is_refused(client: TestClient) -> None:
    client.get("/sign-in")
    for token in ("", "invented"):
        answer = client.post("/sign-in", data={"email": EMAIL, "password": PASSWORD, "token": token})
        assert answer.status_code == 403
        assert COOKIE not in answer.cookies


def test_form_of_another_site_is_refused(client: TestClient) -> None:
    assert client.post("/sign-in", data={}, headers={"origin": "https://evil.example"}).status_code == 403
    assert client.post("/sign-in", data={}, headers={"origin": "null"}).status_code == 403


def test_input_is_escaped_on_the_sign_in_page(client: TestClient) -> None:
    form = client.get("/sign-in", params={"next": '/"><script>alert(1)</script>'})
    assert "<script>" not in form.text
    token = form.text.split('name="token" value="')[1].split('"')[0]
    answer = client.post("/sign-in", data={"email": '"><script>alert(1)</script>', "password": "x", "token": token})
    assert "<script>" not in answer.text


def test_foreign_host_names_are_refused(app: Any) -> None:
    for host in ("http://evil.example", "http://127.0.0.1.evil.example"):
        client = TestClient(app, base_url=host)
        assert client.get("/sign-in").status_code == 421
    assert websocket_refusal(app, {"host": "evil.example"}) == 1008


def test_websocket_of_another_site_is_refused_even_with_a_session(app: Any, client: TestClient) -> None:
    sign_in(client)
    cookie = f"{COOKIE}={client.cookies[COOKIE]}"
    assert websocket_refusal(app, {"cookie": cookie, "origin": "https://evil.example"}) == 1008


def test_signing_out_needs_a_post_with_the_session_s_token_and_ends_it_everywhere(app: Any, client: TestClient) -> None:
    sign_in(client)
    session = client.cookies[COOKIE]
    assert client.get("/sign-out").status_code == 200
    assert client.post("/sign-out", data={"token": "x"}, headers={"origin": BASE}).status_code == 403
    answer = client.post("/sign-out", data={"token": sign_out_token(session)}, headers={"origin": BASE})
    assert answer.status_code == 303
    replay = TestClient(app, base_url=BASE, follow_redirects=False, cookies={COOKIE: session})
    assert replay.get("/", headers=HTML).status_code == 303
    assert replay.get("/media/x").status_code == 401
    assert websocket_refusal(app, {"cookie": f"{COOKIE}={session}"}) == 1008


def test_signing_in_again_leaves_no_second_session(app: Any, client: TestClient) -> None:
    sign_in(client)
    first = client.cookies[COOKIE]
    sign_in(client)
    assert client.cookies[COOKIE] != first
    replay = TestClient(app, base_url=BASE, follow_redirects=False, cookies={COOKIE: first})
    assert replay.get("/", headers=HTML).status_code == 303


@pytest.mark.thorough
def test_ledger_down_is_said_kindly(
    app: Any, client: TestClient, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROCURA_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=1")
    from warehouse import settings

    close_ledgers()
    settings.current.cache_clear()
    try:
        client.cookies.set(COOKIE, "x" * 43)
        answer = client.get("/", headers=HTML)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")
        assert "kept" in answer.text
        assert client.get("/healthz").status_code == 503
        assert websocket_refusal(app, {"cookie": f"{COOKIE}={'x' * 43}"}) == 1013
    finally:
        close_ledgers()
        monkeypatch.delenv("PROCURA_DATABASE_URL")
        settings.current.cache_clear()
