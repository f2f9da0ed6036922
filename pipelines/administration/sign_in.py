"""Signing in and out, and whose session a cookie is.

A session is a 256-bit random id; only its SHA-256 is stored. Not here: cookies and forms (app/sign_in.py), the words on
passwords (passwords.py).
"""

import math
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from pipelines.administration.passwords import matches
from warehouse.domain.access import Person
from warehouse.domain.audit_event import AuditEvent
from warehouse.errors import NotSignedIn
from warehouse.ledger import sessions
from warehouse.ledger.people import find_profile, tidy_email
from warehouse.ledger.store import SYSTEM, Ledger

IDLE_LIMIT = timedelta(minutes=60)
"""Longer than reading one solicitation, shorter than a lunch in which the desk is left."""
ABSOLUTE_LIMIT = timedelta(hours=12)
"""One working day: who begins in the morning is not thrown out before the evening."""
SEEN_STEP = timedelta(seconds=60)
"""`last_seen_at` is written once a minute, not at each click."""

FREE_ATTEMPTS = 5
"""Wrong passwords of one address from one client that cost nothing."""
FREE_ATTEMPTS_OF_CLIENT = 50
"""The same of one client over all addresses: an office behind one address must not block itself by typing errors."""
LONGEST_PAUSE = timedelta(seconds=60)
"""Pauses grow 1, 2, 4 … seconds up to this: a guesser gets 1,440 tries a day, the owner waits a minute at most."""
FORGOTTEN_AFTER = timedelta(hours=1)
TOKEN_BYTES = 32


@dataclass(frozen=True)
class SignedIn:
    """A new session; `token` goes into the cookie and is kept nowhere else."""

    person: Person
    token: str
    expires_at: datetime

    def __repr__(self) -> str:
        """Leave the token out of logs and tracebacks."""
        return f"SignedIn({self.person.email!r})"


@dataclass(frozen=True)
class Refused:
    """No session: a wrong address or password (0 seconds), or too many of them (seconds to wait)."""

    wait_seconds: int = 0


def sign_in(ledger: Ledger, email: str, password: str, client: str, *, at: datetime) -> SignedIn | Refused:
    """Check a password and open a session.

    An unknown or disabled address takes the same time and gives the same answer as a wrong password. Attempts are
    counted before they are judged, an address and its client together, and the client alone.

    Args:
        client: Where the attempt comes from (a network address); kept as SHA-256 only.
        at: This instant, by the real clock.
    """
    subjects = {
        _hash(f"{tidy_email(email)}\n{client}"): FREE_ATTEMPTS,
        _hash(f"client\n{client}"): FREE_ATTEMPTS_OF_CLIENT,
    }
    wait_until = _charge(ledger, subjects, at)
    if wait_until:
        return Refused(max(1, math.ceil((wait_until - at).total_seconds())))
    with ledger.read() as tx:
        found = find_profile(tx, email)
    profile, stored = found if found else (None, None)
    is_right = matches(stored, password)
    if profile is None or profile.is_disabled or not is_right:
        subject = profile.person.id if profile else "unknown address"
        with ledger.deed(AuditEvent("session:refused", subject, SYSTEM)):
            return Refused()
    return _open_session(ledger, profile.person, next(iter(subjects)), at)


def sign_out(ledger: Ledger, token: str, *, at: datetime) -> None:
    """End the session at once, everywhere; signing out twice is no error."""
    try:
        person = person_of_session(ledger, token, at=at)
    except NotSignedIn:
        return
    with ledger.deed(AuditEvent("session:closed", person.id, person.id)) as deed:
        if not sessions.revoke_session(deed, _hash(token), at=at):
            deed.nothing_happened()


def find_person(ledger: Ledger, token: str | None, *, at: datetime) -> Person | None:
    """Return whose live session this is, or None; notes once a minute that it is in use."""
    if not token or len(token) > 4 * TOKEN_BYTES:
        return None
    with ledger.read() as tx:
        found = sessions.find_session(tx, _hash(token), at=at, idle=IDLE_LIMIT)
    if found is None:
        return None
    person, last_seen_at = found
    if at - last_seen_at >= SEEN_STEP:
        with ledger.housekeeping() as tx:
            sessions.touch_session(tx, _hash(token), at=at)
    return person


def person_of_session(ledger: Ledger, token: str | None, *, at: datetime) -> Person:
    """Return whose live session this is.

    Raises:
        NotSignedIn: unknown, signed out, idle for an hour, older than twelve hours, or the person was disabled.
    """
    person = find_person(ledger, token, at=at)
    if person is None:
        raise NotSignedIn("This session has ended.", kept="everything you saved.", todo="sign in again.")
    return person


def _open_session(ledger: Ledger, person: Person, subject: bytes, at: datetime) -> SignedIn:
    token, expires_at = secrets.token_urlsafe(TOKEN_BYTES), at + ABSOLUTE_LIMIT
    with ledger.deed(AuditEvent("session:opened", person.id, person.id)) as deed:
        sessions.insert_session(deed, _hash(token), person.id, at=at, expires_at=expires_at)
    with ledger.housekeeping() as tx:
        sessions.forgive(tx, subject)
        sessions.remove_old_sessions(tx, before=at - ABSOLUTE_LIMIT)
    return SignedIn(person, token, expires_at)


def _charge(ledger: Ledger, subjects: dict[bytes, int], at: datetime) -> datetime | None:
    with ledger.housekeeping() as tx:
        for subject, free in subjects.items():
            wait = sessions.charge_attempt(
                tx, subject, at=at, free=free, longest=LONGEST_PAUSE, forgotten=FORGOTTEN_AFTER
            )
            if wait:
                return wait  # the client's own counter is not charged for what is not even judged
    return None


def _hash(text: str) -> bytes:
    return sha256(text.encode()).digest()
