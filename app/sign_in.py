"""Signing in with a password and signing out, over plain pages of our own, and the health address. No Streamlit here."""

import hmac

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from app.cookies import delete_cookie, device_cookie, session_cookie, set_cookie, step_cookie
from app.forms import (
    AWAY,
    FOLDER,
    STALE,
    STRICT,
    browser_of,
    client_of,
    equal,
    keep_session,
    leave,
    next_of,
    read_fields,
    show,
    show_plain,
    with_next,
)
from app.gate import CODE, ENROL, SIGN_IN, ask_ledger
from pipelines.administration.sessions import SignedIn, sign_out
from pipelines.administration.sign_in import STEP_LIMIT, Refused, SecondStep, sign_in
from warehouse import clock
from warehouse.errors import StoreUnavailable
from warehouse.ledger.sign_in_steps import Step
from warehouse.ledger.store import open_ledger

WRONG = "The address or the password is not right."
MESSAGES = {
    "signed-out": "You are signed out.",
    "password-set": "Your password is set. Sign in with it now.",
    "again": "This took too long, or was done already. Sign in again.",
}


async def show_form(request: Request) -> Response:
    """Show the form."""
    message = next((text for name, text in MESSAGES.items() if name in request.query_params), "")
    return show(request, "sign_in.html", message=message, email="")


async def take_form(request: Request) -> Response:
    """Check the form; open a session with a new id and go where the person wanted to, or to the second step."""
    fields = await read_fields(request, "email", "password")
    if fields is None:
        return show(request, "sign_in.html", message=STALE, email="", status=403)
    email, note = fields["email"], request.cookies.get(device_cookie())
    try:
        answer = await run_in_threadpool(
            sign_in, open_ledger(), email, fields["password"], client_of(request), at=clock.now(),
            user_agent=browser_of(request), note=note,
        )  # fmt: skip
    except StoreUnavailable:
        return show(request, "sign_in.html", message=AWAY, email=email, status=503)
    if isinstance(answer, Refused):
        return refused(request, answer, "sign_in.html", WRONG, email=email)
    if isinstance(answer, SecondStep):
        return _to_second_step(request, answer)
    return await welcome(request, answer)


def refused(request: Request, answer: Refused, template: str, wrong: str, **values: object) -> Response:
    """Say that it was wrong, or how long to wait."""
    if not answer.wait_seconds:
        return show(request, template, message=wrong, status=401, **values)
    message = f"Too many tries. Try again in {answer.wait_seconds} s; nothing is locked."
    response = show(request, template, message=message, status=429, **values)
    response.headers["retry-after"] = str(answer.wait_seconds)
    return response


def _to_second_step(request: Request, answer: SecondStep) -> Response:
    response = leave(with_next(CODE if answer.step is Step.CODE else ENROL, request))
    set_cookie(response, step_cookie(), answer.token, seconds=int(STEP_LIMIT.total_seconds()))
    return response


async def welcome(request: Request, signed: SignedIn) -> Response:
    """Give the browser its new session and send it where the person wanted to go."""
    await leave_earlier(request)
    response = leave(next_of(request))
    keep_session(response, signed)
    return response


async def leave_earlier(request: Request) -> None:
    """End the session that this browser held: whoever signs in again leaves no second one behind."""
    earlier = request.cookies.get(session_cookie())
    if earlier:
        await run_in_threadpool(sign_out, open_ledger(), earlier, at=clock.now())


async def confirm_sign_out(request: Request) -> Response:
    """Ask before signing out: a link alone must not end a session."""
    return show_plain("sign_out.html", token=sign_out_token(request.cookies[session_cookie()]))


async def take_sign_out(request: Request) -> Response:
    """End the session at once."""
    async with request.form(max_files=0, max_fields=2) as form:
        token = str(form.get("token", ""))
    session = request.cookies[session_cookie()]
    if not equal(token, sign_out_token(session)):
        return HTMLResponse("This form is not ours.", 403, headers=STRICT)
    await run_in_threadpool(sign_out, open_ledger(), session, at=clock.now())
    response = leave(f"{SIGN_IN}?signed-out")
    delete_cookie(response, session_cookie())
    return response


def sign_out_token(session: str) -> str:
    """Return what the sign-out form of a session carries: derived from it, so that nothing need be stored."""
    return hmac.new(session.encode(), b"sign-out", "sha256").hexdigest()


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
