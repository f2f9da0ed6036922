"""What a person does with their own account: the password. Not here: sessions (sessions.py), the second factor."""

from datetime import datetime

from pipelines.administration.passwords import check_password, hash_password
from pipelines.administration.reauthentication import Continuation, check_password_of, renew_session
from warehouse.domain import access
from warehouse.domain.access import Action, Person, State
from warehouse.domain.audit_event import AuditEvent
from warehouse.errors import BadInput
from warehouse.ledger import sessions
from warehouse.ledger.people import write_password
from warehouse.ledger.store import Ledger


def change_password(ledger: Ledger, present: str, new: str, *, at: datetime, by: Person) -> Continuation:
    """Replace a person's own password; all their sessions end, and a new one takes the place of the present.

    Raises:
        BadInput: the present password is not right, or the new one not good enough.
        WrongState: too many tries.
        NotSignedIn: the session has ended.
    """
    access.check(by, Action.EDIT_ACCOUNT, State.OWN)
    check_password(new, by.email)
    check_password_of(ledger, present, at=at, by=by)
    if new == present:
        raise BadInput("The new password is the present one.", kept="your password as it was.", todo="take another.")
    stored = hash_password(new)
    with ledger.deed(AuditEvent("person:password_changed", by.id, by.id), by) as deed:
        write_password(deed, by.id, stored, at=at)
        others = sessions.revoke_sessions_of(deed, by.id, at=at, because="password changed", but=by.session)
        deed.note(sessions_ended=others + 1)
        return renew_session(deed, at=at, by=by, because="password changed")
