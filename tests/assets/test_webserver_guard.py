"""The guard before Dagster's pages: own pages pass, other origins, foreign host names and strangers do not."""

import asyncio
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from assets.webserver import COOKIE, Guard

KEY = "k" * 32


async def _page(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"page {request.url.path}?{request.url.query}")


def _app() -> ASGIApp:
    return Starlette(routes=[Route("/{path:path}", _page, methods=["GET", "POST"])])


def _ask(method: str, address: str, key: str | None = None, **headers: str) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=Guard(_app(), 3000, key))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:3000") as client:
            return await client.request(method, address, headers=headers)

    return asyncio.run(ask())


@pytest.mark.parametrize("host", ["127.0.0.1:3000", "localhost:3000", "[::1]:3000"])
def test_own_host_names_are_served(host: str) -> None:
    assert _ask("GET", "/runs", host=host).status_code == 200


@pytest.mark.parametrize("host", ["evil.example:3000", "127.0.0.1:8501", "127.0.0.1", "127.0.0.1:3000.evil.example"])
def test_foreign_host_name_that_resolves_here_is_refused(host: str) -> None:
    assert _ask("GET", "/runs", host=host).status_code == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:8501", "https://127.0.0.1:3000", "null"])
def test_request_of_another_page_is_refused(origin: str) -> None:
    assert _ask("POST", "/graphql", origin=origin).status_code == 403


def test_request_of_own_page_passes() -> None:
    headers = {"origin": "http://127.0.0.1:3000", "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors"}
    assert _ask("POST", "/graphql", **headers).status_code == 200


def test_picture_in_a_foreign_page_is_refused_although_it_has_no_origin() -> None:
    assert _ask("GET", "/graphql", **{"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}).status_code == 403


def test_link_to_a_page_may_be_followed_but_asks_nothing() -> None:
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert _ask("GET", "/runs", **link).status_code == 200
    assert _ask("GET", "/graphql?query={version}", **link).status_code == 403


def test_question_by_get_is_refused_even_without_a_browser() -> None:
    assert _ask("GET", "/graphql?query={version}").status_code == 403


def test_with_a_key_nobody_enters_without_it() -> None:
    assert _ask("GET", "/runs", key=KEY).status_code == 401
    assert _ask("POST", "/graphql", key=KEY).status_code == 401
    assert _ask("GET", "/runs?key=wrong", key=KEY).status_code == 401
    assert _ask("GET", "/runs", key=KEY, cookie=f"{COOKIE}=wrong").status_code == 401


def test_key_in_the_address_becomes_a_cookie_and_leaves_the_address() -> None:
    answer = _ask("GET", f"/runs?key={KEY}&view=all", key=KEY)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/runs?view=all"
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "SameSite=Strict" in answer.headers["set-cookie"]
    assert _ask("POST", "/graphql", key=KEY, cookie=f"{COOKIE}={KEY}").status_code == 200


def test_key_does_not_open_for_another_origin() -> None:
    assert _ask("POST", "/graphql", key=KEY, cookie=f"{COOKIE}={KEY}", origin="http://evil.example").status_code == 403


def test_way_in_never_leads_to_another_host() -> None:
    sent = _raw_scope("http", f"key={KEY}".encode(), [(b"host", b"127.0.0.1:3000")], path="//evil.example/runs")
    assert (b"location", b"/evil.example/runs") in sent[0]["headers"]


def test_websocket_of_another_origin_is_closed_before_it_opens() -> None:
    headers = [(b"host", b"127.0.0.1:3000"), (b"origin", b"http://evil.example")]
    sent = _raw_scope("websocket", b"", headers, path="/graphql")
    assert [message["type"] for message in sent] == ["websocket.close"]


def _raw_scope(kind: str, query: bytes, headers: list[tuple[bytes, bytes]], path: str) -> list[dict[str, Any]]:
    """Send what no tidy client sends; return what the guard answered."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": f"{kind}.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": kind, "method": "GET", "path": path, "query_string": query, "headers": headers}
    asyncio.run(Guard(_app(), 3000, KEY)(scope, receive, send))
    return sent
