"""Dagster's pages on loopback, behind a check of Host and Origin; read-only unless a key file is given.

Dagster's own server has no sign-in and its GraphQL answers any origin, so a web page of somebody else, or another user of
the machine, could start runs. Here: the guard and the start. With a key, only who opens the address that `up` printed
gets in (a cookie follows), and runs may be started; without one, everybody on this machine may look and nobody may act.
"""

import argparse
import hmac
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import parse_qs, urlencode

from starlette.types import ASGIApp, Receive, Scope, Send

from warehouse import logs

COOKIE = "procura_dagster"
LOOPBACK = "127.0.0.1"


class Guard:
    """Lets through what comes from this server's own pages and nothing else."""

    def __init__(self, app: ASGIApp, port: int, key: str | None) -> None:
        self._app = app
        self._hosts = {f"{name}:{port}" for name in (LOOPBACK, "localhost", "[::1]")}
        self._key = key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, handshake or lifespan event."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        refusal = self._foreign(scope, headers, query)
        if refusal:
            await _refuse(scope, send, 403, refusal)
        elif self._key is None or self._knows_key(headers):
            await self._app(scope, receive, send)
        elif scope["type"] == "http" and self._is_key(query.get("key", [""])[0]):
            await self._let_in(scope, query, send)
        else:
            await _refuse(scope, send, 401, "Open the address that `procura up --dagster-write` printed.")

    def _foreign(self, scope: Scope, headers: dict[str, str], query: dict[str, list[str]]) -> str:
        if headers.get("host") not in self._hosts:
            return "This host name is not served here."  # a foreign name that resolves to loopback (DNS rebinding)
        origin = headers.get("origin")
        if origin is not None and origin.removeprefix("http://") not in self._hosts:
            return "Requests of other web pages are not served."
        is_navigation = headers.get("sec-fetch-mode") == "navigate" and scope.get("method") == "GET"
        if headers.get("sec-fetch-site", "none") not in {"none", "same-origin"} and not is_navigation:
            return "Requests of other web pages are not served."
        if scope.get("method") == "GET" and scope["type"] == "http" and "query" in query:
            return "Questions are asked by POST."  # GraphQL by GET would pass as a picture or a link
        return ""

    def _knows_key(self, headers: dict[str, str]) -> bool:
        cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        return cookie is not None and self._is_key(cookie.value)

    def _is_key(self, text: str) -> bool:
        return self._key is not None and hmac.compare_digest(text.encode(), self._key.encode())

    async def _let_in(self, scope: Scope, query: dict[str, list[str]], send: Send) -> None:
        rest = urlencode({name: values for name, values in query.items() if name != "key"}, doseq=True)
        where = scope["path"] + (f"?{rest}" if rest else "")
        # Never a second slash at the front: it would lead to another host.
        where = "/" + where.lstrip("/")
        cookie = f"{COOKIE}={self._key}; Path=/; HttpOnly; SameSite=Strict"
        headers = [
            (b"location", where.encode()),
            (b"set-cookie", cookie.encode()),
            (b"referrer-policy", b"no-referrer"),
        ]
        await send({"type": "http.response.start", "status": 303, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


async def _refuse(scope: Scope, send: Send, status: int, reason: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 4000 + status, "reason": reason})
        return
    await send(
        {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain; charset=utf-8")]}
    )
    await send({"type": "http.response.body", "body": reason.encode()})


def serve(port: int, key: str | None) -> None:
    """Serve Dagster's pages until the process is ended; DAGSTER_HOME names the instance and its workspace."""
    import dagster as dg
    import uvicorn
    from dagster._core.workspace.context import WorkspaceProcessContext
    from dagster._core.workspace.load_target import WorkspaceFileTarget
    from dagster_webserver.app import create_app_from_workspace_process_context
    from dagster_webserver.version import __version__

    with dg.DagsterInstance.get() as instance:
        instance.optimize_for_webserver(statement_timeout=15_000, pool_recycle=3600, max_overflow=20)
        target = WorkspaceFileTarget([str(Path(instance.root_directory) / "workspace.yaml")])
        with WorkspaceProcessContext(
            instance, version=__version__, read_only=key is None, workspace_load_target=target
        ) as context:
            app = create_app_from_workspace_process_context(context)
            uvicorn.run(
                Guard(app, port, key), host=LOOPBACK, port=port, log_config=None, log_level="warning",
                timeout_graceful_shutdown=3,
            )  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--key-file", type=Path)
    asked = parser.parse_args()
    logs.start("web", takes_output=True)
    serve(asked.port, asked.key_file.read_text().strip() if asked.key_file else None)
