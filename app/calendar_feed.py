"""The route of calendars: a secret address that a calendar program reads, without a cookie or a sign-in.

The address is the whole proof; so the answer is for nobody's cache, and the access log is off (served.py). Not here: what
it holds and who may have it (pipelines/administration/calendar_feeds.py).
"""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app.forms import client_of
from pipelines.administration.calendar_feeds import PATH, read_calendar
from warehouse import clock
from warehouse.errors import NotFound, StoreUnavailable, WrongState
from warehouse.ledger.store import open_ledger

ENDING = ".ics"
PRIVATE = {"cache-control": "private, no-store", "referrer-policy": "no-referrer", "x-robots-tag": "noindex"}


async def show_calendar(request: Request) -> Response:
    """Answer with the calendar of an address; unknown, revoked and of a disabled account are all HTTP 404."""
    token = request.path_params["name"].removesuffix(ENDING)
    try:
        body = await run_in_threadpool(read_calendar, open_ledger(), token, client_of(request), at=clock.now())
    except NotFound as error:
        return PlainTextResponse(error.what, 404, headers=PRIVATE)
    except WrongState as error:
        return PlainTextResponse(error.what, 429, headers={**PRIVATE, "retry-after": "60"})
    except StoreUnavailable:
        return PlainTextResponse(
            "The store does not answer; try again in a moment.", 503, headers={**PRIVATE, "retry-after": "30"}
        )
    named = {**PRIVATE, "content-disposition": 'inline; filename="procura.ics"'}
    return Response(body, media_type="text/calendar; charset=utf-8", headers=named)


ROUTES = [Route(f"{PATH}{{name}}", show_calendar, methods=["GET"])]
