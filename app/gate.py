"""The gate: nothing behind it is reached without a session, from a foreign host name or from a foreign page.

A plain ASGI middleware for http and websocket. Not here: the sign-in page itself (sign_in.py), the check of the session
at each rerun of a page (session.py).
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import anyio
import anyio.to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from pipelines.administration.sign_in import find_person
from warehouse import clock, settings
from warehouse.errors import StoreUnavailable
from warehouse.ledger.store import open_ledger

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
T = TypeVar("T")
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE = "procura_session"
SIGN_IN = "/sign-in"
OPEN = frozenset({SIGN_IN, "/sign-in.css", "/sign-in.svg", "/healthz", "/_stcore/health"})
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
PATIENCE_SECONDS = 3
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

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


class Gate:
    """Answer for everything without a session; pass on the rest with security headers added."""

    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Judge one request or one websocket handshake."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        refusal = refuse_strangers(scope)
        if refusal is None and scope["path"] not in OPEN:
            refusal = await self._refuse_without_session(scope)
        if refusal is None:
            await self.app(scope, receive, send if scope["type"] == "websocket" else with_headers(send))
        elif scope["type"] == "websocket":
            await refuse_websocket(refusal, receive, send)
        else:
            await refusal(scope, receive, with_headers(send))

    async def _refuse_without_session(self, scope: Scope) -> Response | None:
        token = HTTPConnection(scope).cookies.get(COOKIE)
        try:
            person = await ask_ledger(lambda: find_person(open_ledger(), token, at=clock.now())) if token else None
        except StoreUnavailable:
            return HTMLResponse(UNAVAILABLE, 503, headers={"Retry-After": "3", "cache-control": "no-store"})
        if person is not None:
            return None
        if (
            scope["type"] == "http"
            and scope["method"] == "GET"
            and "text/html" in Headers(scope=scope).get("accept", "")
        ):
            return RedirectResponse(f"{SIGN_IN}?next={quote(own_path(scope), safe='')}", 303)
        return PlainTextResponse("Sign in first.", 401)


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


def with_headers(send: Send) -> Send:
    """Add the security headers to an answer, where it has not set its own."""

    async def add(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            if "text/html" in headers.get("content-type", ""):
                headers.setdefault("cache-control", "no-store")
        await send(message)

    return add
