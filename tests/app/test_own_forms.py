"""The plain pages beside sign-in over ASGI: second step, enrolment, one-time links, hand-over; and what the gate passes on."""

import asyncio
from typing import Any

import httpx
import pyotp
import pytest
from starlette.testclient import TestClient

from app.cookies import device_cookie, session_cookie, step_cookie
from app.gate import HANDLE_HEADER, for_streamlit, visit_of
from pipelines.administration import second_factor
from pipelines.administration.one_time_links import invite_person, reset_password
from pipelines.administration.reauthentication import reauthenticate
from pipelines.administration.sessions import SignedIn, find_person
from pipelines.administration.sign_in import sign_in
from tests.factories_people import PASSWORD, new_person
from warehouse import clock
from warehouse.domain.access import Department, Role
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

BASE = "http://127.0.0.1:8501"
HTML = {"accept": "text/html,*/*"}
NEW = "seven slow silver snails"


@pytest.fixture(scope="module")
def app(home: Settings) -> Any:
    from app.main import app

    return app


@pytest.fixture
def client(app: Any) -> TestClient:
    return TestClient(app, base_url=BASE, follow_redirects=False)


def token_in(answer: httpx.Response) -> str:
    return answer.text.split('name="token" value="')[1].split('"')[0]


def post(client: TestClient, path: str, **fields: str) -> httpx.Response:
    token = token_in(client.get(path))
    return client.post(path, data={"token": token, **fields}, headers={"origin": BASE})


def type_password(client: TestClient, email: str, password: str = PASSWORD) -> httpx.Response:
    return post(client, "/sign-in?next=/sources", email=email, password=password)


def enrolled() -> tuple[str, str]:
    """Return the address of somebody with a second factor, and its seed."""
    ledger, now, email = open_ledger(), clock.now(), new_person().email
    signed = sign_in(ledger, email, PASSWORD, "10.0.0.1", at=now)
    assert isinstance(signed, SignedIn)
    person = find_person(ledger, signed.token, at=now)
    assert person is not None
    seed = second_factor.enrol(ledger, at=now, by=person).seed
    second_factor.confirm_enrolment(ledger, pyotp.TOTP(seed).at(int(now.timestamp()) - 30), at=now, by=person)
    return email, seed


def test_second_step_leads_to_the_page_that_was_asked_for(client: TestClient) -> None:
    email, seed = enrolled()
    answer = type_password(client, email)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in/code?next=%2Fsources")
    assert session_cookie() not in client.cookies
    assert client.get("/sources", headers=HTML).status_code == 303
    assert client.get("/media/x").status_code == 401
    wrong = post(client, "/sign-in/code?next=/sources", code="000000")
    assert (wrong.status_code, session_cookie() in client.cookies) == (401, False)
    answer = post(client, "/sign-in/code?next=/sources", code=pyotp.TOTP(seed).at(int(clock.now().timestamp())))
    assert (answer.status_code, answer.headers["location"]) == (303, "/sources")
    assert session_cookie() in client.cookies
    assert step_cookie() not in client.cookies
    assert device_cookie() in client.cookies


def test_step_s_cookie_opens_nothing_as_a_session(app: Any, client: TestClient) -> None:
    email, _ = enrolled()
    type_password(client, email)
    replay = TestClient(
        app, base_url=BASE, follow_redirects=False, cookies={session_cookie(): client.cookies[step_cookie()]}
    )
    assert replay.get("/", headers=HTML).status_code == 303
    assert replay.get("/media/x").status_code == 401


def test_second_step_without_the_first_leads_back(client: TestClient) -> None:
    assert client.get("/sign-in/code").headers["location"] == "/sign-in"
    assert client.get("/sign-in/enrol").headers["location"].startswith("/sign-in")
    client.cookies.set(step_cookie(), "invented")
    assert post(client, "/sign-in/code", code="000000").headers["location"] == "/sign-in?again"
    assert client.get("/sign-in/continue?step=invented").headers["location"] == "/sign-in?again"


@pytest.mark.parametrize("path", ["/sign-in/code", "/sign-in/enrol", "/reset"])
def test_forms_of_another_site_or_without_their_token_are_refused(client: TestClient, path: str) -> None:
    assert client.post(path, data={}, headers={"origin": "https://evil.example"}).status_code == 403
    answer = client.post(path, data={"code": "1", "token": "invented"}, headers={"origin": BASE})
    assert answer.status_code in (303, 403, 404)
    assert session_cookie() not in client.cookies


def test_reset_sets_a_password_and_opens_no_session(client: TestClient) -> None:
    email = new_person().email
    link = reset_password(open_ledger(), email, at=clock.now())
    form = client.get(link.path)
    assert email in form.text
    assert "default-src 'none'" in form.headers["content-security-policy"]
    differ = post(client, link.path, password=NEW, again="another one entirely")
    assert (differ.status_code, "differ" in differ.text) == (422, True)
    answer = post(client, link.path, password=NEW, again=NEW)
    assert answer.headers["location"] == "/sign-in?password-set"
    assert session_cookie() not in client.cookies
    assert client.get(link.path).status_code == 404
    assert type_password(client, email, NEW).headers["location"] == "/sources"


def test_invitation_welcomes_and_worthless_links_say_what_to_do(client: TestClient) -> None:
    link = invite_person(
        open_ledger(), email="invited@firm.example", role=Role.VIEWER, department=Department.LEGAL, at=clock.now()
    )
    assert "Welcome" in client.get(link.path).text
    for path in ("/reset", "/reset?link=", "/reset?link=invented", "/reset?link=<script>"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "ask an admin" in answer.text.lower()
        assert "<script>" not in answer.text


def test_hand_over_gives_the_new_session_to_the_browser_of_the_earlier_one(app: Any, client: TestClient) -> None:
    email, ledger = new_person().email, open_ledger()
    type_password(client, email)
    earlier = client.cookies[session_cookie()]
    person = find_person(ledger, earlier, at=clock.now())
    assert person is not None
    continuation = reauthenticate(ledger, PASSWORD, at=clock.now(), by=person)
    assert client.get("/account", headers=HTML).headers["location"].startswith("/sign-in?next=")
    thief = TestClient(app, base_url=BASE, follow_redirects=False)
    assert thief.get(continuation.path).headers["location"] == "/sign-in?again"
    answer = client.get(f"{continuation.path}&next=/account")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert client.cookies[session_cookie()] != earlier
    assert client.get("/media/x").status_code != 401
    assert client.get(f"{continuation.path}&next=https://evil.example").headers["location"] == "/sign-in?again"


def age_ids(seconds: int) -> None:
    with open_ledger().housekeeping() as tx:
        tx.execute("update auth_session_ids set issued_at = issued_at - make_interval(secs => %s)", [seconds])


def test_page_load_replaces_an_old_id_and_nothing_else_does(client: TestClient) -> None:
    type_password(client, new_person().email)
    first = client.cookies[session_cookie()]
    client.get("/", headers=HTML)
    assert client.cookies[session_cookie()] == first, "it is young"
    age_ids(20 * 60)
    client.get("/media/x")
    client.get("/static/x")
    assert client.cookies[session_cookie()] == first, "the browser loads no page"
    answer = client.get("/", headers=HTML)
    header = next(h for h in answer.headers.get_list("set-cookie") if h.startswith(session_cookie()))
    assert "httponly" in header.lower()
    assert "samesite=lax" in header.lower()
    assert client.cookies[session_cookie()] != first
    assert client.get("/", headers=HTML).status_code == 200


def test_streamlit_gets_the_handle_of_the_gate_and_neither_the_id_nor_an_invented_handle(client: TestClient) -> None:
    type_password(client, new_person().email)
    token = client.cookies[session_cookie()]
    visit = visit_of(token, is_navigation=False)
    assert visit is not None
    cookies = f"a=1; {session_cookie()} ={token};{session_cookie()}={token}; b=2"
    headers = [(b"host", b"x"), (b"cookie", cookies.encode()), (HANDLE_HEADER.encode(), b"00" * 32)]
    scope = {"type": "websocket", "headers": headers}
    passed = dict(for_streamlit(scope, visit)["headers"])
    assert visit.person.session is not None
    assert passed[HANDLE_HEADER.encode()] == visit.person.session.hex().encode()
    assert passed[b"cookie"] == b"a=1; b=2"
    assert [name for name, _ in for_streamlit(scope, visit)["headers"]].count(HANDLE_HEADER.encode()) == 1
    assert HANDLE_HEADER.encode() not in dict(for_streamlit(scope, None)["headers"])
    assert token.encode() not in b" ".join(value for _, value in for_streamlit(scope, visit)["headers"])


def test_handle_in_a_header_of_the_browser_opens_nothing(app: Any, client: TestClient) -> None:
    type_password(client, new_person().email)
    visit = visit_of(client.cookies[session_cookie()], is_navigation=False)
    assert visit is not None
    assert visit.person.session is not None
    handle = visit.person.session.hex()
    stranger = TestClient(app, base_url=BASE, follow_redirects=False, headers={HANDLE_HEADER: handle})
    assert stranger.get("/", headers=HTML).status_code == 303
    assert stranger.get("/media/x").status_code == 401
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "websocket", "path": "/_stcore/stream", "raw_path": b"/_stcore/stream", "query_string": b"",
        "headers": [(b"host", b"127.0.0.1:8501"), (HANDLE_HEADER.encode(), handle.encode())],
        "subprotocols": ["streamlit"], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8501), "scheme": "ws",
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    assert [m["type"] for m in sent] == ["websocket.close"]
