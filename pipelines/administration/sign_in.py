"""Signing in: a password, then the second factor where there is one, or its enrolment where the firm asks for it.

A right password with a second factor to come opens no session: it makes a step, which opens nothing but the next page and
ends after minutes. Not here: the life of a session (sessions.py), codes (second_factor.py), pauses (attempts.py), cookies
and forms (app/sign_in.py).
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from pipelines.administration import second_factor
from pipelines.administration.attempts import charge, code_counter, forgive, password_counters
from pipelines.administration.devices import make_note, name_device
from pipelines.administration.passwords import matches
from pipelines.administration.second_factor import Enrolment
from pipelines.administration.sessions import SignedIn, hashed, is_token, new_token, open_session
from warehouse.domain.access import Person
from warehouse.domain.audit_event import AuditEvent, Fact
from warehouse.errors import BadInput, NotSignedIn
from warehouse.ledger import sessions, sign_in_steps
from warehouse.ledger.people import Profile, find_profile_and_password, read_password
from warehouse.ledger.second_factors import find_second_factor, is_second_factor_required
from warehouse.ledger.sign_in_steps import Step, StepRow
from warehouse.ledger.store import SYSTEM, Ledger

STEP_LIMIT = timedelta(minutes=10)
"""Long enough to install an authenticator app on a telephone."""
WRONG_CODES_OF_STEP = 5
"""After these the password is asked for again."""


@dataclass(frozen=True)
class SecondStep:
    """The password was right, and more is needed: `token` opens only that.

    Attributes:
        step: `CODE`: a code of the second factor; `ENROL`: the firm asks for one and there is none yet.
    """

    token: str = field(repr=False)
    step: Step
    expires_at: datetime


@dataclass(frozen=True)
class Refused:
    """No session: a wrong address, password or code (0 seconds), or too many of them (seconds to wait)."""

    wait_seconds: int = 0


def sign_in(
    ledger: Ledger,
    email: str,
    password: str,
    client: str,
    *,
    at: datetime,
    user_agent: str = "",
    note: str | None = None,
) -> SignedIn | SecondStep | Refused:
    """Check a password; open a session, or the step that must come first.

    An unknown, invited or disabled address takes the same time and gives the same answer as a wrong password.

    Args:
        client: Where the attempt comes from (a network address).
        at: This instant, by the real clock.
        user_agent: What the browser calls itself; kept in two words.
        note: The known-device note of this browser (devices.py).
    """
    counters = password_counters(email, client, note, at=at)
    wait_seconds = charge(ledger, counters, at=at)
    if wait_seconds:
        return Refused(wait_seconds)
    with ledger.read() as tx:
        found = find_profile_and_password(tx, email)
    profile, stored = found if found else (None, None)
    is_right = matches(stored, password)
    if profile is None or stored is None or profile.is_disabled or not is_right:
        return _refuse(ledger, profile)
    forgive(ledger, counters)
    person = profile.person
    next_step = _next_step(ledger, person)
    if next_step is not None:
        return _begin_step(ledger, person, next_step, at)
    try:
        signed = open_session(ledger, person, stored, network=client, device=name_device(user_agent), at=at)
    except NotSignedIn:  # disabled, or the password replaced, since it was compared
        return Refused()
    return _remember(signed, at)


def enter_code(
    ledger: Ledger, token: str, code: str, client: str, *, at: datetime, user_agent: str = ""
) -> SignedIn | Refused:
    """Take the second step: a code of the authenticator app, or a recovery code.

    Raises:
        NotSignedIn: the step is over; the password must be given again.
    """
    row = _step(ledger, token, Step.CODE, at)
    counter = code_counter(row.person.id)
    wait_seconds = charge(ledger, [counter], at=at)
    if wait_seconds:
        return Refused(wait_seconds)
    how = second_factor.accept_code(ledger, row.person.id, code, at=at)
    if how is None:
        with ledger.housekeeping() as tx:
            sign_in_steps.count_wrong_code(tx, hashed(token))
        return _refuse(ledger, Profile(row.person, False, at), of="second factor")
    forgive(ledger, [counter])
    return _finish(ledger, token, row.person, client=client, user_agent=user_agent, at=at, how=how)


def begin_enrolment(ledger: Ledger, token: str, *, at: datetime) -> Enrolment:
    """Return the seed to be enrolled in a sign-in that asks for it; the same one at each look.

    Raises:
        NotSignedIn: the step is over.
    """
    row = _step(ledger, token, Step.ENROL, at)
    return second_factor.current_or_new_enrolment(ledger, row.person, at=at)


def finish_enrolment(
    ledger: Ledger, token: str, code: str, client: str, *, at: datetime, user_agent: str = ""
) -> tuple[SignedIn, list[str]] | Refused:
    """Confirm the enrolled seed by a code; return the session and the recovery codes, to be shown once.

    Raises:
        NotSignedIn: the step is over.
    """
    row = _step(ledger, token, Step.ENROL, at)
    counter = code_counter(row.person.id)
    wait_seconds = charge(ledger, [counter], at=at)
    if wait_seconds:
        return Refused(wait_seconds)
    try:
        codes = second_factor.confirm(ledger, row.person, code, at=at)
    except BadInput:
        return Refused()
    forgive(ledger, [counter])
    return _finish(ledger, token, row.person, client=client, user_agent=user_agent, at=at, how="enrolled"), codes


def take_over(ledger: Ledger, token: str, earlier: str | None, *, at: datetime) -> SignedIn:
    """Hand the session that was opened inside the app over to the browser that still shows the earlier one's id.

    Raises:
        NotSignedIn: the step is over, or this is another browser.
    """
    row = _step(ledger, token, Step.CONTINUE, at)
    new = new_token()
    with ledger.housekeeping() as tx:
        is_same = is_token(earlier) and sessions.session_of_id(tx, hashed(str(earlier))) == row.earlier_hash
        found = sessions.find_by_handle(tx, row.session_hash or b"", at=at)
        if not is_same or found is None or not sign_in_steps.use_step(tx, hashed(token)):
            raise _over()
        sessions.insert_id(tx, hashed(new), row.session_hash or b"", at=at)
    return _remember(SignedIn(found[0], new, at), at)


def _next_step(ledger: Ledger, person: Person) -> Step | None:
    with ledger.read() as tx:
        if find_second_factor(tx, person.id) is not None:
            return Step.CODE
        return Step.ENROL if is_second_factor_required(tx) else None


def _begin_step(ledger: Ledger, person: Person, step: Step, at: datetime) -> SecondStep:
    token, expires_at = new_token(), at + STEP_LIMIT
    with ledger.housekeeping() as tx:
        sign_in_steps.insert_step(tx, hashed(token), person.id, step, at=at, expires_at=expires_at)
    return SecondStep(token, step, expires_at)


def _step(ledger: Ledger, token: str, step: Step, at: datetime) -> StepRow:
    with ledger.read() as tx:
        row = sign_in_steps.find_step(tx, hashed(token), at=at) if is_token(token) else None
    if row is None or row.step is not step or row.wrong_codes >= WRONG_CODES_OF_STEP:
        raise _over()
    return row


def _finish(
    ledger: Ledger, token: str, person: Person, *, client: str, user_agent: str, at: datetime, how: str
) -> SignedIn:
    with ledger.housekeeping() as tx:
        stored = read_password(tx, person.id)
        if not sign_in_steps.use_step(tx, hashed(token)) or stored is None:
            raise _over()
    device = name_device(user_agent)
    facts: dict[str, Fact] = {"second_factor": how}
    signed = open_session(ledger, person, stored, network=client, device=device, at=at, facts=facts)
    return _remember(signed, at)


def _remember(signed: SignedIn, at: datetime) -> SignedIn:
    return replace(signed, known_device=make_note(signed.person.email, at=at))


def _refuse(ledger: Ledger, profile: Profile | None, of: str = "password") -> Refused:
    subject = profile.person.id if profile else "unknown address"
    with ledger.deed(AuditEvent("session:refused", subject, SYSTEM, {"factor": of})):
        return Refused()


def _over() -> NotSignedIn:
    return NotSignedIn("This sign-in took too long or was used already.", todo="sign in again.")
