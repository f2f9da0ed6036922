"""Legal holds: set by one person, lifted by another. What is held never goes in a purge (retention.py)."""

import uuid
from datetime import datetime

from warehouse.domain import access
from warehouse.domain.access import Action, Person, State
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.retention import Hold, HoldKind, tidy_subject
from warehouse.errors import BadInput, NotFound, NotPermitted, WrongState
from warehouse.ledger import holds
from warehouse.ledger.store import SYSTEM, Ledger

LONGEST_REASON = 2_000


def set_hold(
    ledger: Ledger, *, kind: HoldKind, subject: str, reason: str, at: datetime, by: Person | None = None
) -> Hold:
    """Hold what is named, from now on.

    Args:
        by: Who sets it; None is the operator at the machine's own command line.

    Raises:
        NotPermitted: `by` may not set holds.
        BadInput: it names nothing, or gives no reason.
        WrongState: an active hold names the same already.
    """
    if by is not None:
        access.check(by, Action.SET_HOLD)
    who = by.id if by else SYSTEM
    hold = Hold(str(uuid.uuid4()), kind, tidy_subject(kind, subject), _reason(reason), who, at)
    facts = {"kind": kind.value, "held": hold.subject, "reason": hold.reason}
    with ledger.deed(AuditEvent("hold:set", hold.id, who, facts), by) as deed:
        if not holds.insert_hold(deed, hold):
            raise WrongState(f"{kind.value} {hold.subject!r} is held already.", kept="the hold that is there.")
    return hold


def lift_hold(ledger: Ledger, hold_id: str, *, reason: str, at: datetime, by: Person | None = None) -> Hold:
    """Lift a hold that somebody else has set; what it held may go in the next purge.

    Raises:
        NotFound: there is no such hold.
        NotPermitted: `by` may not lift holds, or has set this one.
        WrongState: it is lifted already.
    """
    if by is not None:
        access.check(by, Action.LIFT_HOLD, State.OTHERS)
    who = by.id if by else SYSTEM
    with ledger.read(by) as tx:
        hold = holds.find_hold(tx, hold_id)
    if hold is None:
        raise NotFound(f"there is no hold {hold_id}.", todo="`procura hold list` names them.")
    if not hold.is_active:
        raise WrongState("this hold is lifted already.", kept="it as it was.")
    if hold.set_by == who:
        raise NotPermitted(
            "who set a hold does not lift it.", kept="the hold.", todo="ask another admin or officer of legal."
        )
    facts = {"kind": hold.kind.value, "held": hold.subject, "set_by": hold.set_by, "reason": _reason(reason)}
    with ledger.deed(AuditEvent("hold:lifted", hold.id, who, facts), by) as deed:
        if not holds.lift_hold(deed, hold.id, by=who, at=at, reason=_reason(reason)):
            raise WrongState("this hold was lifted meanwhile.", kept="it as it was.")
        lifted = holds.find_hold(deed, hold.id)
    assert lifted is not None  # noqa: S101 - it was just written
    return lifted


def list_holds(ledger: Ledger, *, by: Person | None = None, with_lifted: bool = False) -> list[Hold]:
    """Return the holds, the newest first.

    Raises:
        NotPermitted: `by` may not see records of retention.
    """
    if by is not None:
        access.check(by, Action.READ_RETENTION)
    with ledger.read(by) as tx:
        return holds.list_holds(tx, with_lifted=with_lifted)


def _reason(text: str) -> str:
    tidy = " ".join(text.split())
    if not tidy or len(tidy) > LONGEST_REASON:
        raise BadInput(
            "a hold is set and lifted for a reason of at most 2,000 characters.",
            kept="nothing was changed.",
            todo="write one.",
        )
    return tidy
