"""The gate: nothing behind it is reached without a session, from a foreign host name or from a foreign page.

A plain ASGI middleware for http and websocket. It judges the id in the cookie and tells what lies behind only the
session's handle: the id itself never reaches Streamlit. Not here: the sign-in page itself (sign_in.py), the check of the
session at each rerun of a page (session.py).
"""

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import anyio
import anyio.to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from app.cookies import cookie_header, session_cookie
from pipelines.administration.sessions import ABSOLUTE_LIMIT, find_person, renew_id
from warehouse import clock, settings
from warehouse.domain.access import Person
from warehouse.errors import StoreUnavailable
from warehouse.ledger.store import open_ledger

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
T = TypeVar("T")
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

SIGN_IN, CODE, ENROL, CONTINUE, RESET = "/sign-in", "/sign-in/code", "/sign-in/enrol", "/sign-in/continue", "/reset"
OPEN = frozenset({SIGN_IN, CODE, ENROL, CONTINUE, RESET, "/sign-in.css", "/sign-in.svg", "/healthz", "/_stcore/health"})
HANDLE_HEADER = "x-procura-session"
"""How the gate tells Streamlit whose connection this is; whatever a browser sends under this name is dropped."""
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
PATIENCE_SECONDS = 3
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
API = "/api/v1/"
"""Programs show a bearer token there, which app/api asks for itself; no cookie is looked at."""
CALENDAR = "/calendar/"
"""Calendar programs know no sign-in: the address is the proof, and app/calendar_feed.py judges it. No cookie is looked at."""
HSTS = "max-age=31536000"
"""A browser that has been here over https comes back only so, for a year."""

HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
    # Streamlit's page needs inline script and style, and its charts compile expressions; nothing may come from or go to
    # another host, whatever the text of a notice contains.
    "content-security-policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline';"
        " img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:;"
        " object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    ),
}
UNAVAILABLE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><meta http-equiv="refresh" content="3"><title>One moment</title>
<body style="font-family: system-ui, sans-serif; margin: 15vh auto; max-width: 30rem; padding: 0 1rem">
<h1>One moment</h1><p>The store does not answer yet. Everything you saved is kept. This page tries again by itself.</p>
<p>If it stays like this, ask whoever runs Procura for the output of <code>procura status</code>.</p></body></html>"""


@dataclass(frozen=True)
class Visit:
    """Whose request this is, and the id that the browser must hold from now on where it was replaced."""

    person: Person
    new_id: str | None = field(default=None, repr=False)


class Gate:
    """Answer for everything without a session; pass on the rest with security headers added."""

    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Judge one request or one websocket handshake."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        answer: Response | Visit | None = refuse_strangers(scope)
        if answer is None and scope["path"] not in OPEN and not is_api(scope) and not is_calendar(scope):
            answer = await self._judge_session(scope)
        if isinstance(answer, Response):
            if scope["type"] == "websocket":
                await refuse_websocket(answer, receive, send)
            else:
                await answer(scope, receive, with_headers(send))
        elif scope["type"] == "websocket":
            await self.app(for_streamlit(scope, answer), receive, send)
        else:
            new_id = answer.new_id if answer else None
            await self.app(scope, receive, with_headers(send, new_id))

    async def _judge_session(self, scope: Scope) -> Response | Visit:
        token = HTTPConnection(scope).cookies.get(session_cookie())
        try:
            visit = await ask_ledger(lambda: visit_of(token, is_navigation=is_navigation(scope))) if token else None
        except StoreUnavailable:
            return HTMLResponse(UNAVAILABLE, 503, headers={"Retry-After": "3", "cache-control": "no-store"})
        if visit is not None:
            return visit
        if is_navigation(scope):
            return RedirectResponse(f"{SIGN_IN}?next={quote(own_path(scope), safe='')}", 303)
        return PlainTextResponse("Sign in first.", 401)


def visit_of(token: str, *, is_navigation: bool) -> Visit | None:
    """Return whose live session an id opens; None where it opens none.

    A page load is what may replace the id: only there the browser surely takes the new one before it asks for more.
    """
    ledger, at = open_ledger(), clock.now()
    person = find_person(ledger, token, at=at)
    if person is None:
        return None
    return Visit(person, renew_id(ledger, token, at=at) if is_navigation else None)


def is_api(scope: Scope) -> bool:
    """Say whether a program asks for JSON."""
    return scope["type"] == "http" and str(scope["path"]).startswith(API)


def is_calendar(scope: Scope) -> bool:
    """Say whether a calendar program reads a calendar."""
    return scope["type"] == "http" and scope["method"] in ("GET", "HEAD") and str(scope["path"]).startswith(CALENDAR)


def is_navigation(scope: Scope) -> bool:
    """Say whether a browser loads a page, as against what the page then asks for."""
    return (
        scope["type"] == "http" and scope["method"] == "GET" and "text/html" in Headers(scope=scope).get("accept", "")
    )


def for_streamlit(scope: Scope, visit: Visit | None) -> Scope:
    """Return the handshake as Streamlit may keep it: the session's handle in a header of ours, and not its id."""
    name, kept = session_cookie(), []
    for key, value in scope["headers"]:
        if key == b"cookie":
            parts = [part.strip() for part in value.split(b";")]
            others = [part for part in parts if part.partition(b"=")[0].strip() != name.encode()]
            kept.append((key, b"; ".join(others)))
        elif key.lower() != HANDLE_HEADER.encode():
            kept.append((key, value))
    if visit is not None and visit.person.session is not None:
        kept.append((HANDLE_HEADER.encode(), visit.person.session.hex().encode()))
    return {**scope, "headers": kept}


async def ask_ledger(question: Callable[[], T]) -> T:
    """Run a question to the ledger in a thread, with the patience of somebody who waits for a page.

    Raises:
        StoreUnavailable: the ledger does not answer, or not within three seconds.
    """
    with anyio.move_on_after(PATIENCE_SECONDS):
        return await anyio.to_thread.run_sync(question, abandon_on_cancel=True)
    raise StoreUnavailable("the ledger does not answer in time.", kept="everything you saved.", todo="try again.")


async def refuse_websocket(refusal: Response, receive: Receive, send: Send) -> None:
    """Refuse before accepting: the server answers the handshake with HTTP 403 (code 1013: the ledger is down, try again)."""
    await receive()
    await send({"type": "websocket.close", "code": 1013 if refusal.status_code == 503 else 1008})


def refuse_strangers(scope: Scope) -> Response | None:
    """Refuse a host name that is not ours (DNS rebinding) and a page of another origin (forgery)."""
    headers = Headers(scope=scope)
    host = host_name(f"//{headers.get('host', '')}")
    if host not in allowed_hosts():
        return PlainTextResponse("This host name is not one of ours: set PROCURA_ALLOWED_HOSTS.", 421)
    origin = headers.get("origin")
    is_writing = scope["type"] == "websocket" or scope["method"] not in SAFE_METHODS
    if is_writing and origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower():
        return PlainTextResponse("This request comes from another site.", 403)
    return None


def host_name(address: str) -> str:
    """Return the lower-case host of an address; "" where there is none."""
    try:
        return (urlsplit(address).hostname or "").rstrip(".")
    except ValueError:
        return ""


def allowed_hosts() -> frozenset[str]:
    """Return the names under which the app may be reached."""
    named = settings.current().allowed_hosts.split(",")
    return LOOPBACK | {name.strip().lower() for name in named if name.strip()}


def own_path(scope: Scope) -> str:
    """Return path and query of a request, to come back to after signing in."""
    query = scope.get("query_string", b"").decode("latin-1")
    return str(scope["path"]) + (f"?{query}" if query else "")


def safe_next(wanted: str) -> str:
    """Return a place to go to after signing in: a path of ours, never another host."""
    wanted = wanted.strip()
    parts = urlsplit(wanted)
    is_own = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme
    has_odd_signs = any(ord(sign) < 32 or sign == "\\" for sign in wanted)
    return wanted if is_own and not has_odd_signs and parts.path not in OPEN | {"/sign-out"} else "/"


def with_headers(send: Send, new_id: str | None = None) -> Send:
    """Add the security headers to an answer, where it has not set its own, and the session's new id."""

    async def add(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            if settings.current().is_https:
                only_over_https(headers)
            if "text/html" in headers.get("content-type", ""):
                headers.setdefault("cache-control", "no-store")
            if new_id is not None:
                seconds = int(ABSOLUTE_LIMIT.total_seconds())
                headers.append("set-cookie", cookie_header(session_cookie(), new_id, seconds=seconds))
        await send(message)

    return add


def only_over_https(headers: MutableHeaders) -> None:
    """Tell the browser to come back over https only, and to keep every cookie to it: Streamlit's own too."""
    headers["strict-transport-security"] = HSTS
    cookies = headers.getlist("set-cookie")
    del headers["set-cookie"]
    for cookie in cookies:
        is_secure = "secure" in (part.strip().lower() for part in cookie.split(";"))
        headers.append("set-cookie", cookie if is_secure else f"{cookie}; Secure")
