"""The route of download links: one file or piece of evidence, always an attachment, in pieces, for the session it was made for.

Not here: what a link says and who may (pipelines/submission/download_links.py).
"""

from collections.abc import Iterator
from urllib.parse import quote

from markupsafe import escape
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from app.cookies import session_cookie
from pipelines.administration.sessions import find_person
from pipelines.submission.download_links import PREFIX, Given, redeem
from warehouse import clock, settings
from warehouse.errors import NotFound, NotPermitted, NotSignedIn, ProcuraError
from warehouse.ledger.store import open_ledger
from warehouse.object_store import PIECE_BYTES, open_object_store

# Whatever the bytes are: nothing in them runs, frames or loads, and no cache keeps them.
HEADERS = {
    "content-security-policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
    "accept-ranges": "none",
}
STATUS = {NotPermitted: 403, NotSignedIn: 401, NotFound: 404}
REFUSED = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>No download</title>
<body style="font-family: system-ui, sans-serif; margin: 15vh auto; max-width: 34rem; padding: 0 1rem">
<h1>This file was not downloaded</h1><p role="alert">{what}</p><p>{todo}</p><p><a href="/">Back to Procura</a></p></body></html>"""


async def download(request: Request) -> Response:
    """Give out one file, or say why not."""
    token, cookie = request.path_params["token"], request.cookies.get(session_cookie())
    try:
        file, pieces = await run_in_threadpool(_redeemed, token, cookie)
    except ProcuraError as error:
        return _refusal(error)
    # The type is never the file's own: a browser that ignored `attachment` would still have nothing to draw or run.
    headers = {
        **HEADERS,
        "content-disposition": disposition(file.file_name),
        "content-length": str(file.size_bytes),
        "content-encoding": "identity",  # Streamlit's compression would drop the length, and with it the progress
    }
    return StreamingResponse(pieces, headers=headers, media_type="application/octet-stream")


def disposition(name: str) -> str:
    """Return the header that makes a browser save under a name (RFC 6266, RFC 5987); plain signs for old programs."""
    plain = "".join(s if s.isascii() and s.isprintable() and s not in '"\\%;' else "_" for s in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _redeemed(token: str, cookie: str | None) -> tuple[Given, Iterator[bytes]]:
    at, ledger = clock.now(), open_ledger()
    person = find_person(ledger, cookie, at=at)
    if person is None:
        raise NotSignedIn("This session has ended.", kept="the file.", todo="sign in again.")
    file = redeem(ledger, settings.current(), token, at=at, by=person)
    stream = open_object_store().open(file.storage_path)

    def pieces() -> Iterator[bytes]:
        with stream:
            while piece := stream.read(PIECE_BYTES):
                yield piece

    return file, pieces()


def _refusal(error: ProcuraError) -> Response:
    todo = error.todo[:1].upper() + error.todo[1:]
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 503)
    headers = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'", "cache-control": "no-store"}
    return HTMLResponse(REFUSED.format(what=escape(error.what), todo=escape(todo)), status, headers=headers)


ROUTES = [Route(f"{PREFIX}{{token}}", download, methods=["GET"])]
