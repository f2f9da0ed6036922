"""The pages between the password and the session: a code, the enrolment of a second factor, the hand-over of a session
that was opened inside the app.
"""

from typing import Any

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.cookies import session_cookie, step_cookie
from app.forms import (
    AWAY,
    STALE,
    browser_of,
    client_of,
    keep_session,
    leave,
    next_of,
    read_fields,
    sentence,
    show,
    show_plain,
)
from app.gate import CODE, CONTINUE, ENROL, SIGN_IN
from app.sign_in import leave_earlier, refused, welcome
from pipelines.administration.second_factor import Enrolment
from pipelines.administration.sign_in import Refused, begin_enrolment, enter_code, finish_enrolment, take_over
from warehouse import clock
from warehouse.errors import NotSignedIn, ProcuraError, StoreUnavailable
from warehouse.ledger.store import open_ledger

WRONG_CODE = "This code is not right, or was used already. Wait for the next one."
AGAIN = f"{SIGN_IN}?again"


async def show_code(request: Request) -> Response:
    """Ask for a code; without a step there is nothing to ask."""
    return show(request, "code.html") if request.cookies.get(step_cookie()) else leave(SIGN_IN)


async def take_code(request: Request) -> Response:
    """Check the code and open the session."""
    fields = await read_fields(request, "code")
    if fields is None:
        return show(request, "code.html", message=STALE, status=403)
    try:
        answer = await run_in_threadpool(
            enter_code, open_ledger(), _step(request), fields["code"], client_of(request), at=clock.now(),
            user_agent=browser_of(request),
        )  # fmt: skip
    except NotSignedIn:
        return leave(AGAIN)
    except StoreUnavailable:
        return show(request, "code.html", message=AWAY, status=503)
    if isinstance(answer, Refused):
        return refused(request, answer, "code.html", WRONG_CODE)
    return await welcome(request, answer)


async def show_enrolment(request: Request) -> Response:
    """Show the seed as a code for the camera and as text."""
    try:
        return show(request, "enrol.html", **await _enrolment(request))
    except NotSignedIn:
        return leave(AGAIN)
    except ProcuraError as error:
        return show(request, "sign_in.html", message=sentence(error), email="", status=503)


async def take_enrolment(request: Request) -> Response:
    """Confirm the seed by a code; open the session and show the recovery codes once."""
    fields = await read_fields(request, "code")
    try:
        shown = await _enrolment(request)
        if fields is None:
            return show(request, "enrol.html", message=STALE, status=403, **shown)
        answer = await run_in_threadpool(
            finish_enrolment, open_ledger(), _step(request), fields["code"], client_of(request), at=clock.now(),
            user_agent=browser_of(request),
        )  # fmt: skip
    except NotSignedIn:
        return leave(AGAIN)
    except ProcuraError as error:
        return show(request, "sign_in.html", message=sentence(error), email="", status=503)
    if isinstance(answer, Refused):
        return refused(request, answer, "enrol.html", WRONG_CODE, **shown)
    signed, codes = answer
    await leave_earlier(request)
    response = show_plain("recovery_codes.html", codes=codes, next=next_of(request))
    keep_session(response, signed)
    return response


async def hand_over(request: Request) -> Response:
    """Give the browser the session that took the place of the one it held."""
    step, earlier = request.query_params.get("step", ""), request.cookies.get(session_cookie())
    try:
        signed = await run_in_threadpool(take_over, open_ledger(), step, earlier, at=clock.now())
    except NotSignedIn:
        return leave(AGAIN)
    response = leave(next_of(request))
    keep_session(response, signed)
    return response


async def _enrolment(request: Request) -> dict[str, Any]:
    found: Enrolment = await run_in_threadpool(begin_enrolment, open_ledger(), _step(request), at=clock.now())
    groups = " ".join(found.seed[i : i + 4] for i in range(0, len(found.seed), 4))
    return {"picture": Markup(found.as_svg()), "seed": groups}  # noqa: S704 - made by us, of squares only


def _step(request: Request) -> str:
    return request.cookies.get(step_cookie(), "")


ROUTES = [
    Route(CODE, show_code, methods=["GET"]),
    Route(CODE, take_code, methods=["POST"]),
    Route(ENROL, show_enrolment, methods=["GET"]),
    Route(ENROL, take_enrolment, methods=["POST"]),
    Route(CONTINUE, hand_over, methods=["GET"]),
]
