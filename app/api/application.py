"""The interface for programs as an ASGI application, mounted at /api/v1: who asks, what they ask for, how it is said.

Nothing but the exchange of a password or a refresh token answers without an access token in the Authorization header.
Cookies are not looked at, so another site's page can ask for nothing. Not here: hosts, origins and sizes (app/gate.py,
app/body_limit.py).
"""

import functools
import logging
import uuid
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import anyio.to_thread
from pydantic import TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.api.answers import json_bytes, problem, problem_of
from app.api.endpoints import ENDPOINTS, Endpoint
from app.api.openapi import OPENAPI_PATH, PREFIX, describe
from app.body_limit import TooLarge
from app.gate import ask_ledger
from pipelines.administration.tokens import person_of_token
from warehouse import clock
from warehouse.domain.access import Person
from warehouse.errors import BadInput, NotSignedIn, ProcuraError
from warehouse.ledger.store import open_ledger

LOG = logging.getLogger("procura.api")
BEARER = "Bearer "


async def caller(request: Request) -> Person:
    """Return whose access token the Authorization header carries.

    Raises:
        NotSignedIn: there is none, or it or its session has ended.
        StoreUnavailable: the ledger does not answer.
    """
    header = request.headers.get("authorization", "")
    if not header.startswith(BEARER):
        raise NotSignedIn(
            "This needs an access token.", todo=f"get one by POST {PREFIX}/token and send it as Authorization: Bearer …"
        )
    token = header.removeprefix(BEARER).strip()
    return await ask_ledger(lambda: person_of_token(open_ledger(), token, at=clock.now()))


def _route(endpoint: Endpoint) -> Route:
    async def answer(request: Request) -> Response:
        person = await caller(request) if endpoint.needs_token else None
        body = await _body(request, endpoint.takes) if endpoint.takes else None
        found = await run_in_threadpool(endpoint.answer, request, person, body)
        return found if isinstance(found, Response) else json_bytes(_adapters()[type(found)].dump_json(found))

    return Route(endpoint.path, answer, methods=[endpoint.method], name=endpoint.name)


@functools.cache
def _adapters() -> dict[type[Any], TypeAdapter[Any]]:
    """Return what reads and writes each record; making one takes longer than an answer."""
    shapes = [shape for endpoint in ENDPOINTS for shape in (endpoint.takes, endpoint.gives) if shape is not None]
    return {shape: TypeAdapter(shape) for shape in shapes}


async def _body(request: Request, shape: type[Any]) -> Any:
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise BadInput("The body must be JSON.", todo="send it with Content-Type: application/json.")
    try:
        return _adapters()[shape].validate_json(await request.body())
    except ValidationError as error:
        # Only names and reasons: the values may be secrets.
        faults = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'body'}: {e['msg']}" for e in error.errors())
        raise BadInput(f"The body is not as it must be: {faults}.", todo="see docs/api.md.") from None


async def _openapi(request: Request) -> Response:
    await caller(request)
    return json_bytes(await anyio.to_thread.run_sync(describe))


async def _say_error(_: Request, error: ProcuraError) -> Response:
    return problem_of(error)


async def _say_http_error(request: Request, error: HTTPException) -> Response:
    """Say an address or a method that is none of ours, after asking who wants to know."""
    try:
        await caller(request)
    except ProcuraError as refused:
        return problem_of(refused)
    status = HTTPStatus(error.status_code)
    what = f"{request.method} {request.url.path} is nothing here."
    return problem(status, what, f"see {PREFIX}{OPENAPI_PATH}.", headers=error.headers)


async def _say_too_large(_: Request, __: Exception) -> Response:
    return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large.", "send less than 64 kB.")


async def _say_fault(_: Request, error: Exception) -> Response:
    """Say that something went wrong that we do not know: recorded, and only its reference told."""
    reference = uuid.uuid4().hex[:8]
    LOG.error("an answer failed, reference %s", reference, exc_info=error)
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        f"Something went wrong that Procura does not know. Reference {reference}.",
        "tell whoever runs Procura the reference.",
    )


Handler = Callable[[Request, Any], Awaitable[Response]]
HANDLERS: dict[Any, Handler] = {
    ProcuraError: _say_error,
    HTTPException: _say_http_error,
    TooLarge: _say_too_large,
    Exception: _say_fault,
}

api = Starlette(
    routes=[*(_route(endpoint) for endpoint in ENDPOINTS), Route(OPENAPI_PATH, _openapi)],
    exception_handlers=HANDLERS,
)
