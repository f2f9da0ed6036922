"""Proving the password again before a deed that would let a thief of the session stay: what it opens, and for how long.

Proving it makes a new session in place of the present one; the browser gets its id by a step that is good once, for a
minute, and only with the earlier id (sign_in.take_over).
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pipelines.administration.attempts import charge_or_refuse, forgive, own_password_counter
from pipelines.administration.passwords import matches
from pipelines.administration.sessions import hashed, new_token, write_session
from warehouse.domain import access
from warehouse.domain.access import Action, Person, State
from warehouse.domain.audit_event import AuditEvent
from warehouse.errors import BadInput, NotPermitted, NotSignedIn
from warehouse.ledger import sessions
from warehouse.ledger.people import read_password
from warehouse.ledger.sessions import SessionRow
from warehouse.ledger.sign_in_steps import Step, insert_step
from warehouse.ledger.store import Deed, Ledger

RECENT = timedelta(minutes=10)
"""How long a proven password opens the deeds that ask for it."""
HAND_OVER_LIMIT = timedelta(seconds=60)


@dataclass(frozen=True)
class Continuation:
    """The way on in a new session: the browser must go to `path` now; the present session has ended."""

    token: str = field(repr=False)

    @property
    def path(self) -> str:
        """The address, before `&next=…`."""
        return f"/sign-in/continue?step={self.token}"


def is_recent(ledger: Ledger, *, at: datetime, by: Person) -> bool:
    """Say whether the person proved the password within the last minutes, at sign-in or since."""
    if by.session is None:
        return False
    with ledger.read(by) as tx:
        proven_at = sessions.authenticated_at(tx, by.session)
    return proven_at is not None and at - proven_at < RECENT


def check_recent(ledger: Ledger, *, at: datetime, by: Person) -> None:
    """Refuse where the password was not proven within the last minutes.

    Raises:
        NotPermitted: it was not.
    """
    if not is_recent(ledger, at=at, by=by):
        raise NotPermitted(
            "This asks for your password again.", kept="everything as it was.", todo="prove it on the Account page."
        )


def reauthenticate(ledger: Ledger, password: str, *, at: datetime, by: Person) -> Continuation:
    """Prove the password; the present session ends and a new one takes its place.

    Raises:
        BadInput: the password is not right.
        WrongState: too many tries.
        NotSignedIn: `by` has no session.
    """
    access.check(by, Action.EDIT_ACCOUNT, State.OWN)
    check_password_of(ledger, password, at=at, by=by)
    with ledger.deed(AuditEvent("session:renewed", by.id, by.id), by) as deed:
        return renew_session(deed, at=at, by=by, because="password proven again")


def check_password_of(ledger: Ledger, password: str, *, at: datetime, by: Person) -> None:
    """Refuse where this is not the person's password.

    Raises:
        BadInput, WrongState: it is not, or too many tries.
    """
    counter = own_password_counter(by.id)
    charge_or_refuse(ledger, counter, at=at)
    with ledger.read(by) as tx:
        stored = read_password(tx, by.id)
    if not matches(stored, password):
        raise BadInput("Your present password is not right.", kept="everything as it was.")
    forgive(ledger, [counter])


def renew_session(deed: Deed, *, at: datetime, by: Person, because: str) -> Continuation:
    """End the session in which a person acts and open another from the same place, for `sign_in.take_over`."""
    present = _present(deed, by, at)
    handle, token = secrets.token_bytes(32), new_token()
    sessions.lock_sessions_of(deed, by.id)
    if not sessions.revoke_session(deed, present.handle, at=at, because=because):
        raise NotSignedIn("This session has ended.", kept="everything as it was.", todo="sign in again.")
    write_session(deed, handle, by.id, network=present.network, device=present.device, at=at)
    insert_step(
        deed,
        hashed(token),
        by.id,
        Step.CONTINUE,
        at=at,
        expires_at=at + HAND_OVER_LIMIT,
        session_hash=handle,
        earlier_hash=present.handle,
    )
    return Continuation(token)


def _present(deed: Deed, by: Person, at: datetime) -> SessionRow:
    own = sessions.list_sessions(deed, at=at, profile_id=by.id)
    found = next((row for row in own if row.handle == by.session), None)
    if found is None:
        raise NotSignedIn("This session has ended.", kept="everything as it was.", todo="sign in again.")
    return found
