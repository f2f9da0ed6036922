"""Standing in: an officer who will be away names another of the department, from one day to another.

It gives no right that the department does not give: the signature says in whose place it was given, and the stand-in is
told what waits. Not here: signing (approvals.py).
"""

from datetime import UTC, date, datetime

from pipelines.submission.approval_refusals import approval_refusals
from warehouse.domain import access
from warehouse.domain.access import Action, Person, Role, State
from warehouse.domain.approval import Delegation
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.notification import NotificationKind
from warehouse.errors import BadInput, NotFound
from warehouse.ledger import approval_rules, people
from warehouse.ledger.notifications import tell
from warehouse.ledger.store import Ledger

LONGEST_DAYS = 366


def list_delegations(ledger: Ledger, *, at: datetime, by: Person, of_all: bool = False) -> list[Delegation]:
    """Return delegations that hold today or later: those that name `by`, or everybody's."""
    access.check(by, Action.READ_APPROVAL_STEPS)
    with ledger.read(by) as tx:
        return approval_rules.list_delegations(
            tx, since=at.astimezone(UTC).date(), profile_id=None if of_all else by.id
        )


def list_stand_ins(ledger: Ledger, *, by: Person) -> list[Person]:
    """Return the other officers of the own department, by address."""
    access.check(by, Action.DELEGATE_APPROVAL, State.OWN)
    with ledger.read(by) as tx:
        rows = tx.rows(
            "select id, email, role, department, is_demo from profiles where role = %s and department = %s and not is_disabled"
            " and id::text <> %s order by email",
            [Role.CONTRACT_OFFICER.value, by.department.value, by.id],
        )
    return [people.to_person(row) for row in rows]


def delegate(ledger: Ledger, to_id: str, *, starts_on: date, ends_on: date, at: datetime, by: Person) -> None:
    """Let another officer of the department stand in, days of UTC, both included.

    Raises:
        NotPermitted: `by` is no contract officer.
        BadInput: no officer of the department, oneself, days that have passed or are too many, or one of the two is
            away or stands in already in these days.
    """
    access.check(by, Action.DELEGATE_APPROVAL, State.OWN)
    if to_id == by.id or not 0 <= (ends_on - starts_on).days <= LONGEST_DAYS:
        raise BadInput(
            "Another officer stands in, from a day to a later one within a year.", kept="nothing was changed."
        )
    if to_id not in {person.id for person in list_stand_ins(ledger, by=by)}:
        raise BadInput("Only another officer of your department stands in.", kept="nothing was changed.")
    facts = {
        "to": to_id,
        "department": by.department.value,
        "from": starts_on.isoformat(),
        "until": ends_on.isoformat(),
    }
    with approval_refusals(), ledger.deed(AuditEvent("approval:delegated", by.id, by.id, facts), by) as deed:
        made = approval_rules.insert_delegation(
            deed, by.id, to_id, by.department, starts_on=starts_on, ends_on=ends_on, at=at
        )
        deed.note(id=made)
        tell(deed, [to_id], NotificationKind.WAITING_FOR_YOU,
             f"You stand in for {by.email} from {starts_on.isoformat()} to {ends_on.isoformat()}.",
             key=f"delegation:{made}")  # fmt: skip


def revoke(ledger: Ledger, delegation_id: str, *, at: datetime, by: Person) -> None:
    """End an own delegation now.

    Raises:
        NotPermitted: `by` is no contract officer.
        NotFound: there is none of this id that is the person's own and not ended.
    """
    access.check(by, Action.DELEGATE_APPROVAL, State.OWN)
    with approval_refusals(), ledger.deed(AuditEvent("approval:delegation_revoked", delegation_id, by.id), by) as deed:
        if not approval_rules.revoke_delegation(deed, delegation_id, at=at):
            raise NotFound("This is not in force any more.", kept="everything as it was.", todo="reload the page.")
