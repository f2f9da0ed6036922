"""What a one-time link opens: a form that sets a password, and nothing else. Signing in comes after it."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.forms import AWAY, STALE, keep_note, leave, read_fields, sentence, show
from app.gate import RESET, SIGN_IN
from pipelines.administration.one_time_links import LinkKind, find_link, use_link
from warehouse import clock
from warehouse.errors import BadInput, NotFound, StoreUnavailable
from warehouse.ledger.store import open_ledger

DIFFERENT = "The two passwords differ."


async def show_reset(request: Request) -> Response:
    """Show the form of a link that can still be used."""
    return await _form(request, request.query_params.get("link", ""))


async def take_reset(request: Request) -> Response:
    """Set the password and lead to the sign-in page."""
    link = request.query_params.get("link", "")
    fields = await read_fields(request, "password", "again")
    if fields is None:
        return await _form(request, link, message=STALE, status=403)
    if fields["password"] != fields["again"]:
        return await _form(request, link, message=DIFFERENT, status=422)
    try:
        used = await run_in_threadpool(use_link, open_ledger(), link, fields["password"], at=clock.now())
    except BadInput as error:
        return await _form(request, link, message=sentence(error), status=422)
    except NotFound as error:
        return show(request, "worthless_link.html", message=sentence(error), status=404)
    except StoreUnavailable:
        return show(request, "worthless_link.html", message=AWAY, status=503)
    response = leave(f"{SIGN_IN}?password-set")
    keep_note(response, used.known_device)
    return response


async def _form(request: Request, link: str, *, message: str = "", status: int = 200) -> Response:
    try:
        found = await run_in_threadpool(find_link, open_ledger(), link, at=clock.now())
    except NotFound as error:
        return show(request, "worthless_link.html", message=sentence(error), status=404)
    except StoreUnavailable:
        return show(request, "worthless_link.html", message=AWAY, status=503)
    is_new = found.kind == LinkKind.INVITATION
    return show(
        request, "reset.html", message=message, status=status, link=link, email=found.person.email, is_new=is_new
    )


ROUTES = [Route(RESET, show_reset, methods=["GET"]), Route(RESET, take_reset, methods=["POST"])]
