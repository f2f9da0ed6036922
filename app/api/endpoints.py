"""What the interface offers: each endpoint with its path, what it takes and what it gives. Routes and the OpenAPI document
are made from this list.

Not here: who may ask (application.py, and the use cases), the records themselves (shapes.py).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from app.api.answers import NO_STORE, problem
from app.api.query import next_address, read_question
from app.api.shapes import (
    MeAnswer,
    OpportunitiesAnswer,
    OpportunityAnswer,
    RefreshRequest,
    TokenAnswer,
    TokenRequest,
    to_answer,
    to_shape,
)
from pipelines.administration.sessions import sign_out_person
from pipelines.administration.tokens import CodeNeeded, Tokens, open_tokens, refresh_tokens
from pipelines.qualification.look_up import find_opportunities, find_opportunity
from warehouse import clock
from warehouse.domain.access import Person
from warehouse.errors import NotSignedIn
from warehouse.ledger.store import open_ledger


@dataclass(frozen=True)
class Endpoint:
    """One thing a program can ask for.

    Attributes:
        takes: The record its body must be; None for none.
        gives: The record it answers with; None for an empty answer.
        errors: What it may be refused with, beside 401.
        has_filters: Whether it takes the parameters of the list.
    """

    method: str
    path: str
    name: str
    summary: str
    answer: Callable[..., object]
    gives: type[Any] | None
    takes: type[Any] | None = None
    needs_token: bool = True
    errors: tuple[HTTPStatus, ...] = field(default=(HTTPStatus.SERVICE_UNAVAILABLE,))
    has_filters: bool = False


def sign_in(request: Request, _: None, body: TokenRequest) -> object:
    """Open a session for a program."""
    client = request.client.host if request.client else "unknown"
    program = request.headers.get("user-agent", "")
    answer = open_tokens(
        open_ledger(), body.email, body.password, body.code, client, at=clock.now(), user_agent=program
    )
    if isinstance(answer, Tokens):
        return _to_answer(answer)
    if isinstance(answer, CodeNeeded):
        raise NotSignedIn(
            "The password is right, and a second factor is needed.",
            todo="send its `code` too." if answer.is_enrolled else "set it up once: sign in with a browser.",
        )
    if answer.wait_seconds:
        return problem(
            HTTPStatus.TOO_MANY_REQUESTS,
            "Too many tries; nothing is locked.",
            f"try again in {answer.wait_seconds} s.",
            headers={"retry-after": str(answer.wait_seconds)},
        )
    raise NotSignedIn("The address, the password or the code is not right.", todo="correct it.")


def refresh(_: Request, __: None, body: RefreshRequest) -> object:
    """Exchange a refresh token for the next pair."""
    return _to_answer(refresh_tokens(open_ledger(), body.refresh_token, at=clock.now()))


def sign_out(_: Request, person: Person, __: None) -> object:
    """End the program's session at once."""
    sign_out_person(open_ledger(), at=clock.now(), by=person)
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=NO_STORE)


def me(_: Request, person: Person, __: None) -> object:
    """Say who asks."""
    return MeAnswer(person.id, person.email, person.role, person.department, person.is_demo)


def opportunities(request: Request, person: Person, _: None) -> object:
    """Return one page of the opportunities that match."""
    question = read_question(request.query_params, clock.world_instant())
    found = find_opportunities(
        open_ledger(), question.wanted, at=question.at, limit=question.limit, after=question.after, by=person
    )
    following = next_address(request.url.path, request.query_params, question, found.last) if found.last else None
    return OpportunitiesAnswer(tuple(to_shape(row) for row in found.rows), following)


def opportunity(request: Request, person: Person, _: None) -> object:
    """Return one opportunity whole."""
    return to_answer(find_opportunity(open_ledger(), request.path_params["opportunity_id"], by=person))


def _to_answer(tokens: Tokens) -> TokenAnswer:
    return TokenAnswer(tokens.access_token, tokens.refresh_token, "Bearer", tokens.expires_in_seconds)


BAD, BUSY, MISSING = HTTPStatus.BAD_REQUEST, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.NOT_FOUND
DOWN = HTTPStatus.SERVICE_UNAVAILABLE

ENDPOINTS = (
    Endpoint("POST", "/token", "sign_in", "Open a session for a program.", sign_in, TokenAnswer, TokenRequest,
             needs_token=False, errors=(BAD, BUSY, DOWN)),
    Endpoint("POST", "/token/refresh", "refresh", "Exchange a refresh token, once, for the next pair.", refresh, TokenAnswer,
             RefreshRequest, needs_token=False, errors=(BAD, DOWN)),
    Endpoint("DELETE", "/token", "sign_out", "End the session at once.", sign_out, None),
    Endpoint("GET", "/me", "me", "Say who asks.", me, MeAnswer),
    Endpoint("GET", "/opportunities", "opportunities", "List the opportunities that match, a page at a time.", opportunities,
             OpportunitiesAnswer, errors=(BAD, DOWN), has_filters=True),
    Endpoint("GET", "/opportunities/{opportunity_id}", "opportunity", "Show one opportunity with its notices.", opportunity,
             OpportunityAnswer, errors=(MISSING, DOWN)),
)  # fmt: skip
