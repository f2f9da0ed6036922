"""How the interface answers: JSON, and every error as problem+json (RFC 9457) with what happened and what to do."""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import JSONResponse, Response

from warehouse.errors import (
    BadInput,
    NotFound,
    NotPermitted,
    NotSignedIn,
    ProcuraError,
    StoreUnavailable,
    WrongState,
)

NO_STORE = {"cache-control": "no-store"}
RETRY_AFTER_SECONDS = 3
STATUS: Mapping[type[ProcuraError], HTTPStatus] = {
    BadInput: HTTPStatus.BAD_REQUEST,
    NotSignedIn: HTTPStatus.UNAUTHORIZED,
    NotPermitted: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    WrongState: HTTPStatus.CONFLICT,
    StoreUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""What an error of ours is in HTTP; any other is a fault of ours."""


class Problem(JSONResponse):
    """An error's answer."""

    media_type = "application/problem+json"


def problem(status: HTTPStatus, what: str, todo: str = "", *, headers: Mapping[str, str] | None = None) -> Response:
    """Say what happened and what to do."""
    body = {"type": "about:blank", "title": status.phrase, "status": status.value, "what": what, "todo": todo}
    return Problem(body, status.value, headers={**NO_STORE, **(headers or {})})


def problem_of(error: ProcuraError) -> Response:
    """Say an error of ours."""
    status = next((s for kind, s in STATUS.items() if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)
    headers = {}
    if status is HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers["retry-after"] = str(RETRY_AFTER_SECONDS)
    return problem(status, error.what, error.todo, headers=headers)


def json_bytes(body: bytes) -> Response:
    """Answer with JSON that is written already."""
    return Response(body, media_type="application/json", headers=NO_STORE)
