"""Signing in and out over plain pages of our own, and the health address. No Streamlit here.

The form carries a token that must equal the one in its own cookie (double submit), beside the gate's check of Origin.
"""

import functools
import hmac
import secrets
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, Template
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from app.gate import COOKIE, SIGN_IN, ask_ledger, safe_next
from pipelines.administration.sign_in import ABSOLUTE_LIMIT, Refused, SignedIn, sign_in, sign_out
from warehouse import clock
from warehouse.errors import StoreUnavailable
from warehouse.ledger.store import open_ledger

FOLDER = Path(__file__).with_name("sign_in_page")
FORM_COOKIE = "procura_form"
FORM_SECONDS = 3600
LONGEST_FIELD = 1_000
STRICT = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'",
    "cache-control": "no-store",
}
WRONG = "The address or the password is not right."
STALE = "This page was open for too long. Please sign in again."


@functools.cache
def _template(name: str) -> Template:
    return Environment(loader=FileSystemLoader(FOLDER), autoescape=True).get_template(name)


def _page(request: Request, *, message: str = "", email: str = "", status: int = 200) -> Response:
    token = request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(32)
    following = safe_next(request.query_params.get("next", "/"))
    html = _template("sign_in.html").render(token=token, next=following, message=message, email=email)
    response = HTMLResponse(html, status, headers=STRICT)
    _set_cookie(response, request, FORM_COOKIE, token, seconds=FORM_SECONDS, path=SIGN_IN)
    return response


async def show_form(request: Request) -> Response:
    """Show the form."""
    message = "You are signed out." if "signed-out" in request.query_params else ""
    return _page(request, message=message)


async def take_form(request: Request) -> Response:
    """Check the form, open a session with a new id and go where the person wanted to."""
    async with request.form(max_files=0, max_fields=5, max_part_size=10_000) as form:
        fields = {name: str(form.get(name, ""))[:LONGEST_FIELD] for name in ("email", "password", "token")}
    if not _equal(fields["token"], request.cookies.get(FORM_COOKIE)):
        return _page(request, message=STALE, email=fields["email"], status=403)
    client = request.client.host if request.client else "unknown"
    try:
        answer = await run_in_threadpool(
            sign_in, open_ledger(), fields["email"], fields["password"], client, at=clock.now()
        )
    except StoreUnavailable:
        return _page(
            request, message="The store does not answer; try again in a moment.", email=fields["email"], status=503
        )
    if isinstance(answer, Refused):
        return _refused(request, answer, fields["email"])
    return await _welcome(request, answer)


def _refused(request: Request, answer: Refused, email: str) -> Response:
    if not answer.wait_seconds:
        return _page(request, message=WRONG, email=email, status=401)
    message = f"Too many tries. Try again in {answer.wait_seconds} s; nothing is locked."
    response = _page(request, message=message, email=email, status=429)
    response.headers["retry-after"] = str(answer.wait_seconds)
    return response


async def _welcome(request: Request, answer: SignedIn) -> Response:
    earlier = request.cookies.get(COOKIE)
    if earlier:  # whoever signs in again leaves no second session behind
        await run_in_threadpool(sign_out, open_ledger(), earlier, at=clock.now())
    response = RedirectResponse(safe_next(request.query_params.get("next", "/")), 303, headers=STRICT)
    _set_cookie(response, request, COOKIE, answer.token, seconds=int(ABSOLUTE_LIMIT.total_seconds()))
    response.delete_cookie(FORM_COOKIE, path=SIGN_IN)
    return response


async def confirm_sign_out(request: Request) -> Response:
    """Ask before signing out: a link alone must not end a session."""
    html = _template("sign_out.html").render(token=sign_out_token(request.cookies[COOKIE]))
    return HTMLResponse(html, headers=STRICT)


async def take_sign_out(request: Request) -> Response:
    """End the session at once."""
    async with request.form(max_files=0, max_fields=2) as form:
        token = str(form.get("token", ""))
    session = request.cookies[COOKIE]
    if not _equal(token, sign_out_token(session)):
        return HTMLResponse("This form is not ours.", 403, headers=STRICT)
    await run_in_threadpool(sign_out, open_ledger(), session, at=clock.now())
    response = RedirectResponse(f"{SIGN_IN}?signed-out", 303, headers=STRICT)
    response.delete_cookie(COOKIE)
    return response


def sign_out_token(session: str) -> str:
    """Return what the sign-out form of a session carries: derived from it, so that nothing need be stored."""
    return hmac.new(session.encode(), b"sign-out", "sha256").hexdigest()


def _equal(given: str, expected: str | None) -> bool:
    return bool(expected) and hmac.compare_digest(given.encode(), str(expected).encode())


def _set_cookie(response: Response, request: Request, name: str, value: str, *, seconds: int, path: str = "/") -> None:
    response.set_cookie(
        name, value, max_age=seconds, path=path, httponly=True, samesite="lax", secure=request.url.scheme == "https"
    )


def _ping() -> None:
    with open_ledger().read() as tx:
        tx.execute("select 1")


async def health(_: Request) -> Response:
    """Answer 200 when the ledger answers, else 503."""
    try:
        await ask_ledger(_ping)
    except StoreUnavailable:
        return JSONResponse({"ok": False, "ledger": "does not answer"}, 503, headers={"retry-after": "3"})
    return JSONResponse({"ok": True})


def _file(name: str) -> Route:
    async def serve(_: Request) -> Response:
        return FileResponse(FOLDER / name)

    return Route(f"/{name}", serve)


ROUTES = [
    Route(SIGN_IN, show_form, methods=["GET"]),
    Route(SIGN_IN, take_form, methods=["POST"]),
    Route("/sign-out", confirm_sign_out, methods=["GET"]),
    Route("/sign-out", take_sign_out, methods=["POST"]),
    Route("/healthz", health),
    _file("sign-in.css"),
    _file("sign-in.svg"),
]
