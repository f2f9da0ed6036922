"""The checklist of an offer: made from templates and from the notice's own words, shown, and completed when either grew.

Its chapters: what people do to its points (checklist_points.py), ticking and waiving (checklist_ticks.py), templates
(checklist_templates.py), points in the text (points_in_text.py).
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

import holidays

from pipelines.submission.checklist_templates import Fault, load_templates
from pipelines.submission.look_up import find_for
from pipelines.submission.points_in_text import FoundPoint, points_in
from pipelines.submission.refusals import refusals
from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.checklist import Chosen, DueBefore, Progress, choose, due_at, progress
from warehouse.domain.submission import SubmissionStatus
from warehouse.errors import NotFound, WrongState
from warehouse.ledger.store import Deed, Ledger, Transaction
from warehouse.ledger.submission_people import Reader, people_who_see
from warehouse.ledger.submission_tasks import (
    NewPoint,
    NoticeOfOffer,
    TaskRow,
    insert_tasks,
    list_tasks,
    missing,
    read_notice,
)
from warehouse.ledger.submissions import Submission, read_submission
from warehouse.settings import current


@dataclass(frozen=True)
class Checklist:
    """A checklist as a page shows it.

    Attributes:
        faults: Of a firm's own templates, which are therefore not used.
        texts: The notice's texts by field as they are now: a quote may no longer stand in them.
    """

    points: tuple[TaskRow, ...]
    progress: Progress
    faults: tuple[Fault, ...]
    texts: Mapping[str, str]


def read_checklist(ledger: Ledger, submission_id: str, *, at: datetime, by: Person) -> Checklist:
    """Return the points of an offer with their progress at an instant.

    Raises:
        NotPermitted: `by` may read no offers.
        NotFound: there is none of this id that `by` may see.
    """
    access.check(by, Action.READ_SUBMISSIONS)
    with ledger.read(by) as tx:
        submission = read_submission(tx, submission_id)
        if submission is None:
            raise NotFound("There is no such offer, or it is not yours to see.", todo="ask its owner to share it.")
        points = tuple(list_tasks(tx, submission_id))
        texts = read_notice(tx, submission.opportunity_id).texts
    return Checklist(points, progress(points, at=at), load_templates(current()).faults, texts)


def make_checklist(deed: Deed, submission: Submission, *, at: datetime, by: Person) -> int:
    """Give a new offer its points, within the deed that opens it; returns how many."""
    chosen, found = _wanted(read_notice(deed, submission.opportunity_id))
    points = _new_points(submission, [], chosen, found, at=at)
    insert_tasks(deed, submission.id, points, at=at)
    facts = {"points": len(points), "in_text": len(found)}
    deed.also(AuditEvent("checklist:made", submission.id, by.id, facts, submission_ref=submission.id))
    return len(points)


def missing_titles(ledger: Ledger, submission_id: str, *, by: Person) -> list[str]:
    """Return what `apply_again` would add now, so that a page can say it before.

    Raises:
        NotPermitted: `by` may read no offers.
    """
    access.check(by, Action.READ_SUBMISSIONS)
    with ledger.read(by) as tx:
        submission = read_submission(tx, submission_id)
        if submission is None:
            return []
        chosen, found = _missing(tx, submission, list_tasks(tx, submission_id))
    return [one.point.title for one in chosen] + [one.title for one in found]


def colleagues(ledger: Ledger, submission_id: str, *, by: Person) -> list[Reader]:
    """Return everybody who sees an offer and may therefore be given its points, by address.

    Raises:
        NotPermitted: `by` may read no offers.
    """
    access.check(by, Action.READ_SUBMISSIONS)
    with ledger.read(by) as tx:
        return people_who_see(tx, submission_id) if read_submission(tx, submission_id) else []


def apply_again(ledger: Ledger, submission_id: str, *, at: datetime, by: Person) -> int:
    """Add what templates and text ask for and the checklist has not got; what people did stays. Returns how many came.

    Raises:
        NotPermitted: `by` does not work on the offer.
        WrongState: it is no open draft.
    """
    event = AuditEvent("checklist:applied_again", submission_id, by.id, submission_ref=submission_id)
    count = 0
    with refusals(), ledger.deed(event, by) as deed:
        # Two people who ask at once would add the same points twice.
        deed.execute("select from submissions where id = as_uuid(%s) for update", [submission_id])
        submission = find_for(deed, submission_id, Action.EDIT_CHECKLIST, by=by)
        check_is_draft(submission)
        there = list_tasks(deed, submission_id)
        points = _new_points(submission, there, *_missing(deed, submission, there), at=at)
        if not points:
            deed.nothing_happened()
        insert_tasks(deed, submission_id, points, at=at)
        deed.note(points=len(points))
        count = len(points)
    return count


def check_is_draft(submission: Submission) -> None:
    """Refuse a change of a checklist that rests.

    Raises:
        WrongState: approval has started, or the offer is closed.
    """
    if submission.closed_at is not None:
        raise WrongState("This offer is closed: its checklist is read only.", kept="everything as it was.")
    if submission.status is not SubmissionStatus.DRAFT:
        raise WrongState(
            f"The offer is {submission.status.value.replace('_', ' ')}: its checklist rests until it is a draft again.",
            kept="everything as it was.",
            todo="ask its owner to take it back.",
        )


def due_of(submission: Submission, due: DueBefore | None, *, made_at: datetime) -> datetime | None:
    """Return when a point of an offer is due, over federal holidays and in the office's zone; None for no time."""
    if due is None:
        return None
    offset = submission.due_offset_minutes
    office = timezone(timedelta(minutes=offset)) if offset else UTC
    federal = holidays.country_holidays("US")
    return due_at(due, deadline_at=submission.due_date, office=office, made_at=made_at, holidays=federal)


def _wanted(notice: NoticeOfOffer) -> tuple[tuple[Chosen, ...], tuple[FoundPoint, ...]]:
    return choose(load_templates(current()).templates, notice.facts), points_in(notice.texts)


def _missing(
    tx: Transaction, submission: Submission, there: Sequence[TaskRow]
) -> tuple[tuple[Chosen, ...], tuple[FoundPoint, ...]]:
    chosen, found = _wanted(read_notice(tx, submission.opportunity_id))
    # A point in the text is the same one while it asks for the same, wherever it stands.
    titles = {task.title for task in there if task.quote is not None}
    return missing(there, chosen), tuple(one for one in found if one.title not in titles)


def _new_points(
    submission: Submission,
    there: Iterable[TaskRow],
    chosen: Sequence[Chosen],
    found: Sequence[FoundPoint],
    *,
    at: datetime,
) -> list[NewPoint]:
    """Build the points to be written, what is due first, first; a point depends on those that are there or come with it."""
    ids = {one.template_key: str(uuid.uuid4()) for one in chosen}
    known = {task.template_key.partition("/")[2]: task.id for task in there if task.template_key}
    known |= {key.partition("/")[2]: point_id for key, point_id in ids.items()}
    points = [_of_template(submission, one, ids[one.template_key], known, at=at) for one in chosen]
    points += [_of_text(submission, one, at=at) for one in found]
    far = datetime.max.replace(tzinfo=UTC)
    return sorted(points, key=lambda point: point.due_at or far)


def _of_template(
    submission: Submission, one: Chosen, point_id: str, known: Mapping[str, str], *, at: datetime
) -> NewPoint:
    point = one.point
    return NewPoint(
        id=point_id,
        title=point.title,
        detail=point.detail,
        template_key=one.template_key,
        is_required=point.is_required,
        locked=point.locked,
        department=point.department,
        due_at=due_of(submission, point.due, made_at=at),
        due_before_days=point.due.working_days if point.due else None,
        due_before_minutes=point.due.minutes if point.due else None,
        depends_on=tuple(known[key.partition("/")[2]] for key in one.depends_on),
        relies_on=one.relies_on,
        evidence_wanted=point.evidence,
    )


def _of_text(submission: Submission, one: FoundPoint, *, at: datetime) -> NewPoint:
    return NewPoint(
        id=str(uuid.uuid4()),
        title=one.title,
        detail=one.detail,
        is_required=one.is_required,
        due_at=due_of(submission, one.due, made_at=at),
        due_before_days=one.due.working_days,
        due_before_minutes=one.due.minutes,
        relies_on=one.relies_on,
        quote=one.quote,
        quote_field=one.field,
        quote_start=one.start,
    )
