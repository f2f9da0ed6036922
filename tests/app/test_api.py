"""The interface for programs over ASGI: real stores, the real app with its gate, no network."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema
import pytest
from starlette.testclient import TestClient

from app.address import LISTS, NUMBERS
from app.api.endpoints import ENDPOINTS
from app.api.openapi import describe, filter_parameters
from app.cookies import session_cookie
from pipelines.administration.people import add_person
from pipelines.administration.sessions import SignedIn
from pipelines.administration.sign_in import sign_in
from tests.factories_ledger import AT, notice, opportunity, publish
from warehouse import clock
from warehouse import settings as settings_module
from warehouse.domain.access import Department, Role
from warehouse.domain.audit_event import AuditEvent
from warehouse.ledger.store import SYSTEM, close_ledgers, open_ledger
from warehouse.settings import ROOT, Settings

pytestmark = pytest.mark.thorough

EMAIL, PASSWORD = "program@firm.example", "four quiet green lamps"
BASE = "http://127.0.0.1:8501"
BOARD = {
    "opportunity_id", "notice_id", "source", "solicitation_number", "title", "agency", "naics_code", "psc_code",
    "set_aside_code", "response_deadline_at", "safe_deadline_at", "status", "fit_score", "recommendation", "reasons",
    "scorer",
}  # fmt: skip
DOCUMENT = json.loads(describe())


@pytest.fixture(scope="module")
def app(home: Settings) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROCURA_AS_OF", AT.isoformat())
        settings_module.current.cache_clear()
        add_person(
            open_ledger(), email=EMAIL, role=Role.VIEWER, department=Department.CONTRACTS, password=PASSWORD,
            at=clock.now(),
        )  # fmt: skip
        publish(
            opportunity(number, fit_score=100 - number, place_state="NC" if number % 2 else "VA")
            for number in range(70)
        )
        publish([opportunity(500, title="Roof repair", is_open=False, set_aside_code=None, naics_code="238160")])
        from app.main import app

        yield app
    settings_module.current.cache_clear()


@pytest.fixture
def stranger(app: Any) -> TestClient:
    return TestClient(app, base_url=BASE, follow_redirects=False, raise_server_exceptions=False)


def open_session(app: Any) -> dict[str, Any]:
    answer = TestClient(app, base_url=BASE).post("/api/v1/token", json={"email": EMAIL, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture(scope="module")
def shared(app: Any) -> dict[str, Any]:
    """Tokens of a session that no test ends."""
    return open_session(app)


@pytest.fixture
def tokens(app: Any) -> dict[str, Any]:
    """Tokens of a session of the test's own."""
    return open_session(app)


@pytest.fixture
def client(app: Any, shared: dict[str, Any]) -> TestClient:
    headers = {"authorization": f"Bearer {shared['access_token']}"}
    return TestClient(app, base_url=BASE, follow_redirects=False, headers=headers, raise_server_exceptions=False)


def is_problem(answer: httpx.Response, status: int) -> bool:
    assert answer.headers["content-type"] == "application/problem+json"
    jsonschema.validate(answer.json(), _with_definitions("ProblemAnswer"))
    assert answer.headers["cache-control"] == "no-store"
    return answer.status_code == status == answer.json()["status"] and bool(answer.json()["what"])


def _with_definitions(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}


def test_password_gives_a_pair_of_tokens_and_no_cookie(stranger: TestClient) -> None:
    answer = stranger.post("/api/v1/token", json={"email": EMAIL, "password": PASSWORD})
    assert answer.status_code == 200
    assert answer.json()["token_type"] == "Bearer"
    assert answer.json()["expires_in"] == 600
    assert "set-cookie" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"


def test_me_says_who_asks(client: TestClient) -> None:
    found = client.get("/api/v1/me").json()
    assert {k: found[k] for k in ("email", "role", "department", "is_demo")} == {
        "email": EMAIL, "role": "viewer", "department": "contracts", "is_demo": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Bearer x.y.z", "Basic cHJvY3VyYTpwcm9jdXJh", "{token}"]
)
@pytest.mark.parametrize(
    ("method", "path"),
    [(e.method, e.path.replace("{opportunity_id}", "o00000001")) for e in ENDPOINTS if e.needs_token]
    + [("GET", "/openapi.json"), ("GET", "/nothing"), ("GET", "/"), ("GET", "/token"), ("PUT", "/me")],
)
def test_without_a_token_everything_is_401_and_says_where_to_get_one(
    stranger: TestClient, shared: dict[str, Any], method: str, path: str, header: str | None
) -> None:
    headers = {} if header is None else {"authorization": header.format(token=shared["access_token"])}
    answer = stranger.request(method, f"/api/v1{path}", headers=headers)
    assert is_problem(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "/api/v1/token" in answer.json()["todo"]


def test_cookie_of_a_signed_in_browser_opens_nothing_here(app: Any) -> None:
    browser = sign_in(open_ledger(), EMAIL, PASSWORD, "10.0.0.9", at=clock.now())
    assert isinstance(browser, SignedIn)
    client = TestClient(app, base_url=BASE, cookies={session_cookie(): browser.token}, follow_redirects=False)
    assert client.get("/healthz").status_code == 200
    assert is_problem(client.get("/api/v1/me"), 401)
    assert is_problem(client.get("/api/v1/opportunities", headers={"accept": "text/html"}), 401)
    as_bearer = client.get("/api/v1/me", headers={"authorization": f"Bearer {browser.token}"})
    assert is_problem(as_bearer, 401)


def test_token_in_the_address_or_a_cookie_is_not_looked_at(stranger: TestClient, tokens: dict[str, Any]) -> None:
    access = tokens["access_token"]
    assert is_problem(stranger.get("/api/v1/me", params={"access_token": access}), 401)
    stranger.cookies.set("access_token", access)
    stranger.cookies.set(session_cookie(), access)
    assert is_problem(stranger.get("/api/v1/me"), 401)
    stranger.cookies.set(session_cookie(), tokens["refresh_token"])
    assert stranger.get("/", headers={"accept": "text/html"}).status_code == 303


def test_refresh_rotates_and_signing_out_ends_it(stranger: TestClient, tokens: dict[str, Any]) -> None:
    second = stranger.post("/api/v1/token/refresh", json={"refresh_token": tokens["refresh_token"]}).json()
    headers = {"authorization": f"Bearer {second['access_token']}"}
    assert stranger.get("/api/v1/me", headers=headers).status_code == 200
    assert stranger.delete("/api/v1/token", headers=headers).status_code == 204
    assert is_problem(stranger.get("/api/v1/me", headers=headers), 401)
    again = stranger.post("/api/v1/token/refresh", json={"refresh_token": second["refresh_token"]})
    assert is_problem(again, 401)


def test_used_refresh_token_ends_the_session(stranger: TestClient, tokens: dict[str, Any]) -> None:
    second = stranger.post("/api/v1/token/refresh", json={"refresh_token": tokens["refresh_token"]}).json()
    assert is_problem(stranger.post("/api/v1/token/refresh", json={"refresh_token": tokens["refresh_token"]}), 401)
    headers = {"authorization": f"Bearer {second['access_token']}"}
    assert is_problem(stranger.get("/api/v1/me", headers=headers), 401)


def test_wrong_password_is_401_and_too_many_are_429_with_a_pause(app: Any) -> None:
    client = TestClient(app, base_url=BASE, client=("10.8.8.8", 1))
    answers = [client.post("/api/v1/token", json={"email": "x@firm.example", "password": "wrong"}) for _ in range(8)]
    assert is_problem(answers[0], 401)
    assert is_problem(answers[-1], 429)
    assert int(answers[-1].headers["retry-after"]) > 0


WRONG_BODIES = {
    "nothing": "",
    "half a JSON": "{",
    "a list": "[]",
    "a text": '"text"',
    "no fields": "{}",
    "no password": '{"email": "a@b.example"}',
    "a number": '{"email": 1, "password": "x"}',
    "null": '{"email": "a", "password": null}',
    "a field too many": '{"email": "a", "password": "correct horse", "admin": true}',
    "NUL": '{"email": "a\\u0000", "password": "x"}',
    "half a character": '{"email": "\\ud800", "password": "x"}',
    "a long password": json.dumps({"email": "a", "password": "x" * 2000}),
}


@pytest.mark.parametrize("body", WRONG_BODIES.values(), ids=WRONG_BODIES)
def test_wrong_body_is_told_by_name_and_never_repeated(stranger: TestClient, body: str) -> None:
    answer = stranger.post("/api/v1/token", content=body, headers={"content-type": "application/json"})
    assert is_problem(answer, 400)
    assert "correct horse" not in answer.text
    assert "xxxx" not in answer.text


def test_form_of_a_page_cannot_be_sent_here(stranger: TestClient) -> None:
    """What another site's form can send (no JSON) is refused, and its Origin is by the gate."""
    fields = {"email": EMAIL, "password": PASSWORD}
    assert is_problem(stranger.post("/api/v1/token", data=fields), 400)
    text = json.dumps(fields)
    assert is_problem(stranger.post("/api/v1/token", content=text, headers={"content-type": "text/plain"}), 400)
    foreign = stranger.post("/api/v1/token", json=fields, headers={"origin": "https://evil.example"})
    assert foreign.status_code == 403


def test_large_body_is_refused(stranger: TestClient) -> None:
    large = json.dumps({"email": EMAIL, "password": "x" * 70_000})
    assert stranger.post("/api/v1/token", content=large).status_code == 413

    def unannounced() -> Iterator[bytes]:
        for _ in range(100):
            yield b" " * 1_000

    answer = stranger.post("/api/v1/token", content=unannounced(), headers={"content-type": "application/json"})
    assert is_problem(answer, 413)


def test_list_has_the_board_s_names_and_pages_of_fifty(client: TestClient) -> None:
    answer = client.get("/api/v1/opportunities")
    assert answer.status_code == 200
    jsonschema.validate(answer.json(), _with_definitions("OpportunitiesAnswer"))
    rows = answer.json()["opportunities"]
    assert len(rows) == 50
    assert set(rows[0]) >= BOARD
    assert rows[0]["fit_score"] == 100
    assert rows[0]["response_deadline_at"] == "2026-04-20T12:00:00Z"
    assert rows[0]["reasons"][0]["evidence"] == "NAICS 541512"


@pytest.mark.parametrize("sort", ["fit", "due", "safe", "posted"])
@pytest.mark.parametrize("limit", [9, 200])
def test_next_leads_through_all_rows_once(client: TestClient, sort: str, limit: int) -> None:
    address: str | None = f"/api/v1/opportunities?sort={sort}&limit={limit}&agency=DEPT+OF+DEFENSE"
    found: list[str] = []
    while address:
        page = client.get(address).json()
        found += [row["opportunity_id"] for row in page["opportunities"]]
        address = page["next"]
    assert len(found) == len(set(found)) == 70


def test_relevance_ranks_and_leads_on(client: TestClient) -> None:
    first = client.get("/api/v1/opportunities?q=network&sort=relevance&limit=40").json()
    second = client.get(first["next"]).json()
    ids = [row["opportunity_id"] for page in (first, second) for row in page["opportunities"]]
    assert (len(ids), len(set(ids)), second["next"]) == (70, 70, None)


@pytest.mark.parametrize(
    ("query", "count"),
    [("fit=99", 2), ("place=NC&limit=200", 35), ("naics=238", 0), ("naics=238&closed=1", 1), ("set_aside=none&closed=1", 1),
     ("q=roof&closed=1", 1), ("q=W9124-26-R-0007", 1), ("due=0", 0), ("posted=1", 0), ("status=qualified", 0), ("rec=pursue&limit=200", 70),
     ("status=new&status=reviewing&limit=200", 70), ("type=Solicitation&limit=3", 3), ("psc=DA&limit=1", 1)],
)  # fmt: skip
def test_filters_are_those_of_the_page(client: TestClient, query: str, count: int) -> None:
    answer = client.get(f"/api/v1/opportunities?{query}")
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["opportunities"]) == count


@pytest.mark.parametrize(
    "query",
    ["fti=70", "fit=101", "fit=", "fit=x", "status=won", "status=new&status=won", "rec=maybe", "sort=price", "closed=yes",
     "limit=0", "limit=201", "limit=x", "page=2", "view=cards", "agency=", "agency=%00", "q=%00", "after=x", "after=e30", "after=WzFd",
     "after=WyJmaXQiLCIyMDI2LTA0LTEwVDEyOjAwOjAwKzAwOjAwIiwxLG51bGwsMV0", "naics=" + "&naics=".join(map(str, range(100, 150)))],
)  # fmt: skip
def test_parameter_that_is_not_understood_is_told_instead_of_left_out(client: TestClient, query: str) -> None:
    answer = client.get(f"/api/v1/opportunities?{query}")
    assert is_problem(answer, 400)
    assert query.partition("=")[0] in answer.json()["what"]


def test_place_of_one_order_is_refused_in_another(client: TestClient) -> None:
    following = client.get("/api/v1/opportunities?limit=5").json()["next"]
    assert is_problem(client.get(following + "&sort=due"), 400)


def test_one_opportunity_comes_whole_with_its_notices(client: TestClient) -> None:
    row = opportunity(500)
    with open_ledger("procura_pipeline").deed(AuditEvent("opportunities:published", "opportunities", SYSTEM)) as tx:
        notice(tx, row, 2, title="Roof repair, amended")
    answer = client.get("/api/v1/opportunities/o00000500")
    jsonschema.validate(answer.json(), _with_definitions("OpportunityAnswer"))
    assert answer.json()["description"] == "The contractor shall maintain the network."
    assert [n["ordinal"] for n in answer.json()["notices"]] == [1, 2]


@pytest.mark.parametrize("name", ["nothing", "o0", "'; drop table opportunities; --", "x" * 3000])
def test_unknown_opportunity_is_404(client: TestClient, name: str) -> None:
    assert is_problem(client.get(f"/api/v1/opportunities/{name}"), 404)


@pytest.mark.parametrize("name", ["%00", "..%2f..", "%2fetc"])
def test_dangerous_path_is_refused_before_anybody_reads_it(client: TestClient, name: str) -> None:
    assert client.get(f"/api/v1/opportunities/{name}").status_code in (400, 404)


def test_unknown_address_and_method_are_told_to_who_is_signed_in(client: TestClient) -> None:
    assert is_problem(client.get("/api/v1/nothing"), 404)
    answer = client.put("/api/v1/me")
    assert is_problem(answer, 405)
    assert "GET" in answer.headers["allow"]


def test_document_is_the_interface(client: TestClient) -> None:
    answer = client.get("/api/v1/openapi.json")
    assert answer.json() == DOCUMENT
    told = {(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert told == {(e.method, f"/api/v1{e.path}") for e in ENDPOINTS}
    for endpoint in ENDPOINTS:
        operation = DOCUMENT["paths"][f"/api/v1{endpoint.path}"][endpoint.method.lower()]
        assert bool(operation["security"]) is endpoint.needs_token
        assert bool(operation.get("requestBody")) is bool(endpoint.takes)
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_page_for_people_names_every_call_parameter_and_refusal() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    for endpoint in ENDPOINTS:
        assert f"`{endpoint.method} /api/v1{endpoint.path}`" in page
        assert all(str(status.value) in page for status in endpoint.errors)
    assert all(f"`{parameter['name']}" in page for parameter in filter_parameters() if parameter["name"] != "after")


def test_document_tells_every_parameter_that_is_read_and_no_other(client: TestClient) -> None:
    told = {parameter["name"]: parameter["schema"] for parameter in filter_parameters()}
    assert set(told) == {"q", "closed", "sort", "limit", "after", *LISTS, *NUMBERS}
    for name, schema in told.items():
        value = str(schema.get("maximum") or (schema.get("items", schema).get("enum") or ["x"])[-1])
        answer = client.get("/api/v1/opportunities", params={name: value})
        assert answer.status_code == 200 or name == "after", (name, answer.text)


@pytest.mark.thorough
def test_ledger_down_is_503_with_a_pause(
    home: Settings, client: TestClient, stranger: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROCURA_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=1")
    close_ledgers()
    settings_module.current.cache_clear()
    try:
        for answer in (
            client.get("/api/v1/me"),
            client.get("/api/v1/opportunities"),
            stranger.post("/api/v1/token", json={"email": EMAIL, "password": PASSWORD}),
        ):
            assert is_problem(answer, 503)
            assert answer.headers["retry-after"] == "3"
    finally:
        close_ledgers()
        monkeypatch.delenv("PROCURA_DATABASE_URL")
        settings_module.current.cache_clear()
