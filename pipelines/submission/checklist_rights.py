"""Finding a point for a deed: who may do what to it, and what is said when somebody was faster.

A point that is locked is its department's alone; any other is theirs who work on the offer, and its department's if it has one.
"""

from dataclasses import dataclass

from pipelines.submission.checklist import check_is_draft
from pipelines.submission.look_up import find_for, stands
from warehouse.domain import access
from warehouse.domain.access import Action, Person, State
from warehouse.domain.audit_event import AuditEvent, Fact
from warehouse.domain.submission import SubmissionStatus
from warehouse.errors import NotFound, NotPermitted, ProcuraError, WrongState
from warehouse.ledger.store import Deed
from warehouse.ledger.submission_tasks import TaskRow, last_deed, list_tasks
from warehouse.ledger.submissions import Submission

DID = {
    "point:ticked": "ticked it",
    "point:opened": "opened it again",
    "point:waived": "waived it",
    "point:taken_up": "took it up again",
    "point:edited": "edited it",
    "point:assigned": "gave it to somebody",
    "point:due_set": "set its time",
    "point:evidence_set": "changed its evidence",
}


@dataclass(frozen=True)
class PointOfOffer:
    """A point within a deed, with its offer and all points of the same checklist by id."""

    submission: Submission
    point: TaskRow
    others: dict[str, TaskRow]


def standing_to(submission: Submission, point: TaskRow, by: Person) -> State:
    """Say how a person stands to a point, as the table of rights asks it."""
    found = stands(submission, by)
    return State.DEPARTMENT if found is State.OTHERS and point.department is by.department else found


def may_tick(submission: Submission, point: TaskRow, by: Person) -> bool:
    """Say whether to show the box: the right, and whose the point is."""
    is_open = submission.status is SubmissionStatus.DRAFT and submission.closed_at is None
    return (
        is_open
        and access.may(by, Action.TICK_POINT, standing_to(submission, point, by))
        and not (point.locked and point.department is not by.department)
    )


def check_may_tick(submission: Submission, point: TaskRow, by: Person) -> None:
    """Refuse whoever may not tick, open, waive or prove a point.

    Raises:
        NotPermitted: they do not work on the offer, or the point is locked for another department.
    """
    access.check(by, Action.TICK_POINT, standing_to(submission, point, by))
    if point.locked and point.department is not by.department:
        who = point.department.value if point.department else ""
        raise NotPermitted(
            f"“{point.title}” is for {who}: only a contract officer of {who} ticks or waives it.",
            kept="the point as it was.",
            todo=f"ask {point.owner_email or f'somebody of {who}'}.",
        )


def to_tick(deed: Deed, submission_id: str, point_id: str, *, by: Person) -> PointOfOffer:
    """Return a point that `by` may tick, of an offer that is held as a draft until the deed ends.

    Raises:
        NotFound: there is no such offer or point that `by` may see.
        NotPermitted: see `check_may_tick`.
        WrongState: approval has started, or the offer is closed.
    """
    submission = find_for(deed, submission_id, Action.READ_SUBMISSIONS, by=by)
    check_may_tick(submission, _point(deed, submission, point_id).point, by)
    return _held(deed, submission, point_id)


def to_edit(deed: Deed, submission_id: str, point_id: str, *, by: Person) -> PointOfOffer:
    """Return a point of a checklist that `by` may edit, of an offer that is held as a draft until the deed ends.

    Raises:
        NotFound, NotPermitted, WrongState: as above; only who works on the offer edits its checklist.
    """
    submission = find_for(deed, submission_id, Action.EDIT_CHECKLIST, by=by)
    return _held(deed, submission, point_id)


def check_is_as_seen(deed: Deed, found: PointOfOffer, version: int) -> None:
    """Refuse a change made upon an earlier version of a point.

    Raises:
        WrongState: somebody changed it meanwhile.
    """
    if found.point.version != version:
        raise changed_meanwhile(deed, found)


def changed_meanwhile(deed: Deed, found: PointOfOffer) -> ProcuraError:
    """Return the refusal of a change made upon an earlier version: who did what last."""
    last = last_deed(deed, found.submission.id, found.point.id)
    who = f" Last, {last[0] or 'the product'} {DID.get(last[1], 'changed it')}." if last else ""
    return WrongState(
        f"“{found.point.title}” was changed since you opened it.{who}",
        kept="that change; yours was not saved.",
        todo="look at it as it is now, then repeat yours if it is still right.",
    )


def point_event(
    verb: str, submission_id: str, point_id: str, by: Person, facts: dict[str, Fact] | None = None
) -> AuditEvent:
    """Return the record of a deed on a point."""
    return AuditEvent(f"point:{verb}", point_id, by.id, facts or {}, submission_ref=submission_id)


def named(point: TaskRow) -> str:
    """Say in the audit log which point it was; what people typed themselves is not repeated there."""
    return point.title if point.template_key or point.quote is not None else "added by hand"


def _held(deed: Deed, submission: Submission, point_id: str) -> PointOfOffer:
    check_is_draft(submission)
    # The offer's row before those of its points, as whoever moves an offer does it: two deeds then never wait for each other.
    deed.execute("select hold_draft(%s::uuid)", [submission.id])
    return _point(deed, submission, point_id)


def _point(deed: Deed, submission: Submission, point_id: str) -> PointOfOffer:
    others = {task.id: task for task in list_tasks(deed, submission.id)}
    if point_id not in others:
        raise NotFound(
            "This point is not in the checklist any more.", kept="the others.", todo="look at the list as it is now."
        )
    return PointOfOffer(submission, others[point_id], others)
