"""Who works on an offer: sharing it, ending that, handing it over, one or many at once.

Not here: who may sign it (approvals); whoever shares it may not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pipelines.submission.held import check_is_open, held_for
from pipelines.submission.refusals import refusals
from warehouse.domain import access
from warehouse.domain.access import Action, Person, Role
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.notification import NotificationKind
from warehouse.errors import BadInput, NotFound, ProcuraError
from warehouse.ledger.notifications import tell
from warehouse.ledger.people import find_person_by_id
from warehouse.ledger.store import Deed, Ledger, Transaction
from warehouse.ledger.submission_people import officers
from warehouse.ledger.submissions import Submission

MOST_AT_ONCE = 200


@dataclass(frozen=True)
class HandedOver:
    """What a bulk hand-over did: ids that changed hands, and for each that did not the sentence why."""

    changed: tuple[str, ...]
    left: dict[str, str]


def list_officers(ledger: Ledger, *, by: Person) -> list[Person]:
    """Return everybody who may work on offers, by address.

    Raises:
        NotPermitted: `by` may read no offers.
    """
    access.check(by, Action.READ_SUBMISSIONS)
    with ledger.read(by) as tx:
        return officers(tx)


def share(ledger: Ledger, submission_id: str, person_id: str, *, at: datetime, by: Person) -> None:
    """Let another contract officer work on an offer; they are told.

    Raises:
        NotPermitted: `by` is neither its owner nor an admin.
        NotFound: there is no such person.
        BadInput: they own it, or are no contract officer.
        WrongState: the offer is closed.
    """
    with refusals(), ledger.deed(_event("shared", submission_id, by, person_id), by) as deed:
        found = held_for(deed, submission_id, Action.SHARE_SUBMISSION, by=by)
        check_is_open(found)
        person = _officer(deed, person_id)
        if person.id == found.owner_id:
            raise BadInput(f"{person.email} owns this offer.", kept="nothing was changed.")
        if person.id in found.members:
            deed.nothing_happened()
        _add_member(deed, submission_id, person.id, at=at, by=by)
        _tell(deed, found, person, NotificationKind.SHARED, f"{by.email} shares {_name(found)} with you.", at=at)


def end_sharing(ledger: Ledger, submission_id: str, person_id: str, *, by: Person) -> None:
    """Let somebody no longer work on an offer; who shares one may also leave by themselves.

    Raises:
        NotPermitted: `by` is neither its owner, nor an admin, nor the person.
    """
    # Whoever shares an offer may edit it: that is what is left by leaving.
    action = Action.EDIT_SUBMISSION if person_id == by.id else Action.SHARE_SUBMISSION
    with refusals(), ledger.deed(_event("sharing_ended", submission_id, by, person_id), by) as deed:
        found = held_for(deed, submission_id, action, by=by)
        if person_id not in found.members:
            deed.nothing_happened()
        _remove_member(deed, submission_id, person_id)


def hand_over(ledger: Ledger, submission_id: str, person_id: str, *, at: datetime, by: Person) -> None:
    """Give an offer to another contract officer, who is told; the former owner keeps working on it until sharing ends.

    Raises:
        NotPermitted: `by` is neither its owner nor an admin.
        NotFound: there is no such person.
        BadInput: they are no contract officer.
        WrongState: the offer is closed.
    """
    with refusals(), ledger.deed(_event("handed_over", submission_id, by, person_id), by) as deed:
        found = held_for(deed, submission_id, Action.HAND_OVER_SUBMISSION, by=by)
        check_is_open(found)
        person = _officer(deed, person_id)
        if person.id == found.owner_id:
            deed.nothing_happened()
        deed.note(was=found.owner_id)
        former = find_person_by_id(deed, found.owner_id)
        if former is not None and former.role is Role.CONTRACT_OFFICER and former.id not in found.members:
            _add_member(deed, submission_id, former.id, at=at, by=by)
        _remove_member(deed, submission_id, person.id)
        deed.execute(
            "update submissions set owner_id = %s, version = version + 1 where id = %s", [person.id, submission_id]
        )
        words = f"{by.email} handed {_name(found)} over to you."
        _tell(deed, found, person, NotificationKind.HANDED_OVER, words, at=at)
        if former is not None:
            words = f"{by.email} handed {_name(found)} over to {person.email}."
            _tell(deed, found, former, NotificationKind.HANDED_OVER, words, at=at)


def hand_over_many(
    ledger: Ledger, submission_ids: Sequence[str], person_id: str, *, at: datetime, by: Person
) -> HandedOver:
    """Give several offers to another contract officer; each is a deed of its own, and one that fails stops no other.

    Raises:
        BadInput: none or more than 200 were chosen.
    """
    wanted = list(dict.fromkeys(submission_ids))
    if not 1 <= len(wanted) <= MOST_AT_ONCE:
        raise BadInput(f"{len(wanted)} offers were chosen.", todo=f"choose 1 to {MOST_AT_ONCE} at once.")
    changed, left = [], dict[str, str]()
    for submission_id in wanted:
        try:
            hand_over(ledger, submission_id, person_id, at=at, by=by)
        except ProcuraError as error:
            left[submission_id] = error.what
        else:
            changed.append(submission_id)
    return HandedOver(tuple(changed), left)


def _event(verb: str, submission_id: str, by: Person, person_id: str) -> AuditEvent:
    return AuditEvent(f"submission:{verb}", submission_id, by.id, {"person": person_id}, submission_ref=submission_id)


def _officer(tx: Transaction, person_id: str) -> Person:
    found = tx.row("select id::text as id from profiles where id = as_uuid(%s)", [person_id])
    person = find_person_by_id(tx, found["id"]) if found else None
    if person is None:
        raise NotFound("There is no such person here.", kept="nothing was changed.", todo="choose somebody else.")
    if person.role is not Role.CONTRACT_OFFICER:
        raise BadInput(
            f"{person.email} is no contract officer.", kept="nothing was changed.", todo="choose a contract officer."
        )
    return person


def _add_member(deed: Deed, submission_id: str, person_id: str, *, at: datetime, by: Person) -> None:
    deed.execute("insert into submission_members values (%s, %s, %s, %s)", [submission_id, person_id, by.id, at])


def _remove_member(deed: Deed, submission_id: str, person_id: str) -> None:
    deed.execute(
        "delete from submission_members where submission_id = %s and profile_id = %s", [submission_id, person_id]
    )


def _tell(deed: Deed, found: Submission, person: Person, kind: NotificationKind, words: str, *, at: datetime) -> None:
    tell(
        deed, [person.id], kind, words, key=f"{kind.value}:{found.id}:{person.id}:{at.isoformat()}",
        submission_id=found.id, opportunity_id=found.opportunity_id,
    )  # fmt: skip


def _name(found: Submission) -> str:
    return f"“{found.label}” ({found.solicitation_number or found.title})"
