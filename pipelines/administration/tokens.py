"""Tokens for programs: a short-lived access token (JWT) that points to a session, and a refresh token that rotates.

A program's session is a row like a browser's. The access token's `jti` is the session's handle, and each call looks the
row up, so that what ends a session ends its tokens at once. A refresh token is an id that leads to the session and is good
for one use: whoever comes with a used one ends the session, because then two hold it. Its hash is made differently from a
cookie's, so neither is taken for the other. Not here: HTTP (app/api), the keys (token_keys.py), passwords (sign_in.py).
"""

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pipelines.administration.sessions import IDLE_LIMIT, hashed, new_token, person_of_handle
from pipelines.administration.sign_in import Refused, SecondStep, enter_code, sign_in
from pipelines.administration.token_keys import ACCESS_LIFE, token_keys
from warehouse.domain.access import Person
from warehouse.domain.audit_event import AuditEvent
from warehouse.errors import NotSignedIn
from warehouse.ledger import program_ids, sessions
from warehouse.ledger.sign_in_steps import Step
from warehouse.ledger.store import SYSTEM, Ledger
from warehouse.settings import Settings, current

ISSUER, AUDIENCE = "procura", "procura-api"
ALGORITHM = "EdDSA"
CLAIMS = ["iss", "aud", "sub", "jti", "iat", "exp"]
PROGRAM = "Program"
LONGEST_TOKEN = 2_000


@dataclass(frozen=True)
class Tokens:
    """What a program gets; both texts are kept nowhere else."""

    person: Person
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in_seconds: int


@dataclass(frozen=True)
class CodeNeeded:
    """The password was right, and a second factor is needed: its code, or first its enrolment in a browser."""

    is_enrolled: bool


def open_tokens(
    ledger: Ledger, email: str, password: str, code: str, client: str, *, at: datetime, user_agent: str = ""
) -> Tokens | CodeNeeded | Refused:
    """Sign in as the sign-in page does, in one step, and open a session for a program.

    Args:
        code: Of the second factor; empty where there is none.
        client: Where the attempt comes from (a network address).
        at: This instant, by the real clock.
        user_agent: What the program calls itself; the list of sessions shows it as a program's.
    """
    name = f"{PROGRAM}-{user_agent.partition('/')[0]}"
    answer = sign_in(ledger, email, password, client, at=at, user_agent=name)
    if isinstance(answer, SecondStep):
        if not code or answer.step is not Step.CODE:
            return CodeNeeded(is_enrolled=answer.step is Step.CODE)
        answer = enter_code(ledger, answer.token, code, client, at=at, user_agent=name)
    if isinstance(answer, Refused):
        return answer
    handle = hashed(answer.token)  # the id of a new session is its handle's origin, and nobody ever sees this one
    return _give(ledger, answer.person, handle, handle, at) or Refused()


def refresh_tokens(ledger: Ledger, refresh_token: str, *, at: datetime) -> Tokens:
    """Exchange a refresh token for the next pair.

    Raises:
        NotSignedIn: the session has ended, or this token was used before, which ends the session.
    """
    used = _refresh_hash(refresh_token)
    with ledger.read() as tx:
        found = sessions.find_session(tx, used, at=at)
    if found is None or found.person.session is None:
        raise _ended()
    person, handle = found.person, found.person.session
    tokens = _give(ledger, person, handle, used, at)
    if tokens is None:
        with ledger.deed(AuditEvent("session:replayed", person.id, SYSTEM)) as deed:
            if not sessions.revoke_session(deed, handle, at=at, because="a refresh token was used again"):
                deed.nothing_happened()
        raise _ended()
    return tokens


def person_of_token(ledger: Ledger, access_token: str, *, at: datetime) -> Person:
    """Return who calls: the signature, the claims and, always, the session's row are asked.

    Raises:
        NotSignedIn: it is no token of ours, or it or its session has ended.
    """
    subject, handle = _verify(access_token, current(), at)
    person = person_of_handle(ledger, handle, at=at)
    if person.id != subject:
        raise _ended()
    return person


def _give(ledger: Ledger, person: Person, handle: bytes, used: bytes, at: datetime) -> Tokens | None:
    """Use up the id that leads to a session and give the next one; None where it was used up before."""
    following = new_token()
    with ledger.housekeeping() as tx:
        if not program_ids.use_up(tx, used, at=at):
            return None
        sessions.insert_id(tx, _refresh_hash(following), handle, at=at)
        sessions.touch_session(tx, handle, at=at, idle_ends_at=at + IDLE_LIMIT)
    return _tokens(person, handle, following, at)


def _tokens(person: Person, handle: bytes, refresh_token: str, at: datetime) -> Tokens:
    import jwt

    keys = token_keys(current(), at=at)
    issued = int(at.timestamp())
    seconds = int(ACCESS_LIFE.total_seconds())
    claims = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": person.id, "jti": base64.urlsafe_b64encode(handle).decode(),
        "iat": issued, "exp": issued + seconds,
    }  # fmt: skip
    access = jwt.encode(claims, keys.by_id[keys.current], algorithm=ALGORITHM, headers={"kid": keys.current})
    return Tokens(person, access, refresh_token, seconds)


def _verify(text: str, settings: Settings, at: datetime) -> tuple[str, bytes]:
    """Return the subject and the session's handle of a token that one of our keys signed and that is valid at `at`."""
    import jwt

    if len(text) > LONGEST_TOKEN:
        raise _ended()
    try:
        key = token_keys(settings, at=at).by_id[str(jwt.get_unverified_header(text).get("kid"))]
        # Both instants are compared by us: the library would read the clock itself.
        claims = jwt.decode(
            text, key.public_key(), algorithms=[ALGORITHM], audience=AUDIENCE, issuer=ISSUER,
            options={"require": CLAIMS, "verify_exp": False, "verify_iat": False},
        )  # fmt: skip
        issued, ends = (datetime.fromtimestamp(int(claims[name]), UTC) for name in ("iat", "exp"))
        handle = base64.b64decode(str(claims["jti"]), altchars=b"-_", validate=True)
    except (jwt.InvalidTokenError, KeyError, ValueError, TypeError, OverflowError):
        raise _ended() from None
    if not (issued - ACCESS_LIFE <= at < ends <= issued + ACCESS_LIFE):
        raise _ended()
    return str(claims["sub"]), handle


def _refresh_hash(token: str) -> bytes:
    return hashed(f"refresh token\n{token[:LONGEST_TOKEN]}")


def _ended() -> NotSignedIn:
    return NotSignedIn(
        "This token is not valid, or its session has ended.",
        kept="everything you saved.",
        todo="refresh it, or sign in again by POST /api/v1/token.",
    )
