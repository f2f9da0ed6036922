"""The life of a session: opened, found, its id replaced, ended.

A browser holds a 256-bit random id; only its SHA-256 is stored. The id is replaced now and then on a page load; once the
browser comes back with the new one, the old one is honoured for requests under way and its later use ends the session: two
then hold what one should. Not here: who may sign in (sign_in.py), cookies (app/gate.py).
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from warehouse.domain import access
from warehouse.domain.access import Action, Person, State
from warehouse.domain.audit_event import AuditEvent, Fact
from warehouse.errors import NotFound, NotSignedIn
from warehouse.ledger import sessions
from warehouse.ledger.people import find_person_by_id, read_password
from warehouse.ledger.sessions import FoundSession, NewSession, SessionRow
from warehouse.ledger.sign_in_steps import remove_old_steps
from warehouse.ledger.store import SYSTEM, Deed, Ledger
from warehouse.ledger.throttle import remove_old_counters

IDLE_LIMIT = timedelta(minutes=60)
"""Longer than reading one solicitation, shorter than a lunch in which the desk is left."""
ABSOLUTE_LIMIT = timedelta(hours=12)
"""One working day: who begins in the morning is not thrown out before the evening."""
SEEN_STEP = timedelta(seconds=60)
"""`last_seen_at` is written once a minute, not at each click."""
ROTATE_AFTER = timedelta(minutes=15)
"""How old an id becomes before a page load replaces it."""
COUNTERS_KEPT = timedelta(days=1)
"""Longer than any pause and than the hour after which failures are forgotten (attempts.py)."""
GRACE = timedelta(seconds=30)
"""For requests under way, and for a second tab that loads at the same moment."""
TOKEN_BYTES = 32


@dataclass(frozen=True)
class SignedIn:
    """A new session; `token` goes into the cookie and is kept nowhere else.

    Attributes:
        known_device: What lets this browser past the pauses of its account (devices.py); goes into a cookie of its own.
    """

    person: Person
    token: str = field(repr=False)
    expires_at: datetime
    known_device: str = field(default="", repr=False)


def hashed(text: str) -> bytes:
    """Return the SHA-256 under which an id or a counted subject is kept."""
    return sha256(text.encode()).digest()


def new_token() -> str:
    """Make an id of 256 random bits."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def is_token(text: str | None) -> bool:
    """Say whether a text can be one of our ids at all; keeps oversized ones away from the store."""
    return bool(text) and len(str(text)) <= 4 * TOKEN_BYTES


def open_session(
    ledger: Ledger,
    person: Person,
    password_hash: str,
    *,
    network: str,
    device: str,
    at: datetime,
    facts: dict[str, Fact] | None = None,
) -> SignedIn:
    """Open a session for somebody whose factors were just judged right.

    Args:
        password_hash: What the password was compared with; a reset or a new password meanwhile opens nothing.

    Raises:
        NotSignedIn: the password was replaced or taken away, or the person disabled, in this moment.
    """
    token = new_token()
    with ledger.deed(AuditEvent("session:opened", person.id, person.id, facts or {})) as deed:
        sessions.lock_sessions_of(deed, person.id)
        if find_person_by_id(deed, person.id) is None or read_password(deed, person.id) != password_hash:
            raise NotSignedIn("The account was changed in this moment.", todo="sign in again.")
        expires_at = write_session(deed, hashed(token), person.id, network=network, device=device, at=at)
        sessions.insert_id(deed, hashed(token), hashed(token), at=at)
    with ledger.housekeeping() as tx:
        sessions.remove_old_ids(tx, before=at - ABSOLUTE_LIMIT)
        remove_old_steps(tx, before=at)
        remove_old_counters(tx, before=at - COUNTERS_KEPT)
    return SignedIn(person, token, expires_at)


def write_session(deed: Deed, handle: bytes, profile_id: str, *, network: str, device: str, at: datetime) -> datetime:
    """Write the row of a session that begins now and return when it ends at the latest."""
    expires_at = at + ABSOLUTE_LIMIT
    new = NewSession(handle, profile_id, at, at + IDLE_LIMIT, expires_at, network[:64], device[:64])
    sessions.insert_session(deed, new)
    return expires_at


def find_person(ledger: Ledger, token: str | None, *, at: datetime) -> Person | None:
    """Return whose live session an id opens, or None; notes once a minute that it is in use.

    An id that was replaced, and whose successor is in use, ends the whole session.
    """
    if not token or not is_token(token):
        return None
    with ledger.read() as tx:
        found = sessions.find_session(tx, hashed(token), at=at)
    if found is None:
        return None
    if found.honoured_until is not None and found.honoured_until <= at:
        _end_replayed(ledger, found.person, at)
        return None
    _note_use(ledger, hashed(token), found, at)
    return found.person


def _note_use(ledger: Ledger, id_hash: bytes, found: FoundSession, at: datetime) -> None:
    handle = _handle(found.person)
    is_first, is_due = found.first_used_at is None, at - found.last_seen_at >= SEEN_STEP
    if is_first or is_due:
        with ledger.housekeeping() as tx:
            if is_first:
                sessions.mark_used(tx, id_hash, handle, at=at, honoured_until=at + GRACE)
            if is_due:
                sessions.touch_session(tx, handle, at=at, idle_ends_at=at + IDLE_LIMIT)


def _end_replayed(ledger: Ledger, person: Person, at: datetime) -> None:
    with ledger.deed(AuditEvent("session:replayed", person.id, SYSTEM)) as deed:
        if not sessions.revoke_session(deed, _handle(person), at=at, because="an old id was used again"):
            deed.nothing_happened()


def person_of_session(ledger: Ledger, token: str | None, *, at: datetime) -> Person:
    """Return whose live session an id opens.

    Raises:
        NotSignedIn: unknown, ended, idle for an hour, older than twelve hours, or the person was disabled.
    """
    person = find_person(ledger, token, at=at)
    if person is None:
        raise _ended()
    return person


def person_of_handle(ledger: Ledger, handle: bytes, *, at: datetime, is_use: bool = True) -> Person:
    """Return whose live session this is, for a connection whose id was judged when it was made.

    Args:
        is_use: Whether a person does something; a page that refreshes itself does not keep a session awake.

    Raises:
        NotSignedIn: as in `person_of_session`.
    """
    with ledger.read() as tx:
        found = sessions.find_by_handle(tx, handle, at=at)
    if found is None:
        raise _ended()
    person, last_seen_at = found
    if is_use and at - last_seen_at >= SEEN_STEP:
        with ledger.housekeeping() as tx:
            sessions.touch_session(tx, handle, at=at, idle_ends_at=at + IDLE_LIMIT)
    return person


def renew_id(ledger: Ledger, token: str, *, at: datetime, after: timedelta = ROTATE_AFTER) -> str | None:
    """Return a new id for a live session whose id has become old, or None where it has not.

    The old one stays good until the new one is used: an answer that was lost on its way locks nobody out.

    Args:
        after: How old the id must be.
    """
    with ledger.read() as tx:
        found = sessions.find_session(tx, hashed(token), at=at)
    if found is None or found.honoured_until is not None or at - found.issued_at < after:
        return None
    new = new_token()
    with ledger.housekeeping() as tx:
        is_given = sessions.replace_id(tx, _handle(found.person), hashed(new), at=at, not_since=min(GRACE, after))
    return new if is_given else None


def sign_out(ledger: Ledger, token: str, *, at: datetime) -> None:
    """End the session at once, everywhere; signing out twice is no error."""
    person = find_person(ledger, token, at=at)
    if person is not None:
        _end(ledger, _handle(person), person, at)


def sign_out_person(ledger: Ledger, *, at: datetime, by: Person) -> None:
    """End the session in which a person acts."""
    access.check(by, Action.END_SESSION, State.OWN)
    _end(ledger, _handle(by), by, at)


def _end(ledger: Ledger, handle: bytes, person: Person, at: datetime) -> None:
    with ledger.deed(AuditEvent("session:closed", person.id, person.id)) as deed:
        if not sessions.revoke_session(deed, handle, at=at, because="signed out"):
            deed.nothing_happened()


def list_sessions(ledger: Ledger, *, at: datetime, by: Person, of_all: bool = False) -> list[SessionRow]:
    """Return live sessions, the latest used first: the person's own, or everybody's.

    Raises:
        NotPermitted: `by` may not see the sessions of others.
    """
    access.check(by, Action.END_SESSION, State.OTHERS if of_all else State.OWN)
    with ledger.read(by) as tx:
        return sessions.list_sessions(tx, at=at, profile_id=None if of_all else by.id)


def end_session(ledger: Ledger, handle: bytes, *, at: datetime, by: Person) -> None:
    """End one session from a list of them.

    Raises:
        NotPermitted: it is somebody else's, and `by` is no admin.
        NotFound: there is none.
    """
    with ledger.read(by) as tx:
        owner = sessions.owner_of_session(tx, handle)
    access.check(by, Action.END_SESSION, State.OWN if owner == by.id else State.OTHERS)
    if owner is None:
        raise NotFound("This session is not here any more.", kept="all others.")
    because = "ended by its person" if owner == by.id else "ended by an admin"
    with ledger.deed(AuditEvent("session:ended", owner, by.id, {"because": because}), by) as deed:
        if not sessions.revoke_session(deed, handle, at=at, because=because):
            deed.nothing_happened()


def end_other_sessions(ledger: Ledger, *, at: datetime, by: Person) -> int:
    """End all of a person's sessions but the one in which they act, and say how many there were."""
    access.check(by, Action.END_SESSION, State.OWN)
    ended = 0
    with ledger.deed(AuditEvent("session:others_ended", by.id, by.id), by) as deed:
        ended = sessions.revoke_sessions_of(deed, by.id, at=at, because="ended by its person", but=by.session)
        if not ended:
            deed.nothing_happened()
        deed.note(sessions_ended=ended)
    return ended


def _handle(person: Person) -> bytes:
    if person.session is None:
        raise _ended()
    return person.session


def _ended() -> NotSignedIn:
    return NotSignedIn("This session has ended.", kept="everything you saved.", todo="sign in again.")
