"""What people do to the points of a checklist beside ticking them: adding, editing, giving them to somebody, removing own ones.

What a template says stays as it says; whose it is, when it is due and what it waits for is the offer's to decide.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from pipelines.submission.checklist import check_is_draft, due_of
from pipelines.submission.checklist_rights import (
    PointOfOffer,
    changed_meanwhile,
    check_is_as_seen,
    named,
    point_event,
    to_edit,
)
from pipelines.submission.look_up import find_for
from pipelines.submission.refusals import refusals
from warehouse.domain.access import Action, Department, Person, Role
from warehouse.domain.checklist import DueBefore, circle
from warehouse.domain.notification import NotificationKind
from warehouse.errors import BadInput, NotFound, WrongState
from warehouse.ledger.notifications import tell
from warehouse.ledger.people import find_person_by_id
from warehouse.ledger.store import Deed, Ledger
from warehouse.ledger.submission_people import people_who_see
from warehouse.ledger.submission_tasks import NewPoint, TaskRow, delete_task, insert_tasks, list_tasks, update_task
from warehouse.ledger.submissions import Submission

LONGEST_TITLE, LONGEST_DETAIL, LONGEST_EVIDENCE = 200, 4_000, 300
MOST_POINTS = 300
Due = DueBefore | datetime | None
"""Before the deadline, with which it moves; a fixed instant; or no time."""


@dataclass(frozen=True)
class PointDraft:
    """A point as a person writes it. `locked` needs a department; `depends_on` are ids of points."""

    title: str
    detail: str = ""
    owner_id: str | None = None
    due: Due = None
    depends_on: Sequence[str] = ()
    is_required: bool = True
    department: Department | None = None
    locked: bool = False
    evidence_wanted: str = ""


def add_point(ledger: Ledger, submission_id: str, draft: PointDraft, *, at: datetime, by: Person) -> str:
    """Add a point by hand; returns its id. Who gets it is told.

    Raises:
        NotPermitted: `by` does not work on the offer.
        BadInput: a text is empty or too long, `locked` lacks a department, an owner does not see the offer.
        WrongState: the offer is no open draft, or has 300 points.
    """
    point_id = str(uuid.uuid4())
    title, detail = _tidy(draft.title, draft.detail)
    evidence = " ".join(draft.evidence_wanted.replace("\x00", "").split())[:LONGEST_EVIDENCE]
    if draft.locked and draft.department is None:
        raise BadInput("A locked point needs a department.", kept="nothing was added.", todo="choose one.")
    with refusals(), ledger.deed(point_event("added", submission_id, point_id, by), by) as deed:
        submission = find_for(deed, submission_id, Action.EDIT_CHECKLIST, by=by)
        check_is_draft(submission)
        deed.execute("select hold_draft(%s::uuid)", [submission_id])
        there = {task.id: task for task in list_tasks(deed, submission_id)}
        if len(there) >= MOST_POINTS:
            raise WrongState(f"This checklist has {len(there)} points.", kept="all of them.", todo="remove own ones.")
        depends_on = _known(draft.depends_on, there)
        _check_owner(deed, submission_id, draft.owner_id, draft.department if draft.locked else None)
        due = _due_columns(submission, draft.due, made_at=at)
        new = NewPoint(
            point_id, title, detail, is_required=draft.is_required, locked=draft.locked, department=draft.department,
            owner_id=draft.owner_id, depends_on=depends_on, evidence_wanted=evidence,
            due_at=due.due_at, due_before_days=due.due_before_days, due_before_minutes=due.due_before_minutes,
        )  # fmt: skip
        insert_tasks(deed, submission_id, [new], at=at)
        deed.note(title_sha256=sha256(title.encode()).hexdigest(), locked=draft.locked, required=draft.is_required)
        _tell_owner(deed, submission, point_id, title, draft.owner_id, version=1, by=by)
    return point_id


def edit_point(
    ledger: Ledger, submission_id: str, point_id: str, draft: PointDraft, *, version: int, at: datetime, by: Person
) -> None:
    """Write a point anew: title and detail where people made it, owner, time and what it waits for of any.

    Raises:
        NotPermitted: `by` does not work on the offer.
        BadInput: a text is empty or too long, an owner does not see the offer, points would wait for each other in a circle.
        WrongState: a template's words or a locked point's order would change, somebody changed it meanwhile, no open draft.
    """
    title, detail = _tidy(draft.title, draft.detail)
    with refusals(), ledger.deed(point_event("edited", submission_id, point_id, by), by) as deed:
        found = to_edit(deed, submission_id, point_id, by=by)
        check_is_as_seen(deed, found, version)
        point, depends_on = found.point, _known(draft.depends_on, found.others)
        _check_words(point, title, detail)
        _check_order(found, depends_on)
        if draft.owner_id != point.owner_id:
            _check_owner(deed, submission_id, draft.owner_id, point.department if point.locked else None)
        values = {
            "title": title, "detail": detail, "owner_id": draft.owner_id, "depends_on": list(depends_on),
            **_due_columns(found.submission, draft.due, made_at=point.created_at)._asdict(),
        }  # fmt: skip
        changed = sorted(name for name, value in values.items() if not _is_same(getattr(point, name), value))
        if not changed:
            deed.nothing_happened()
        deed.note(point=named(point), changed=", ".join(changed))
        if not update_task(deed, point_id, version, values):
            raise changed_meanwhile(deed, found)
        if draft.owner_id != point.owner_id:
            _tell_owner(deed, found.submission, point_id, title, draft.owner_id, version=version + 1, by=by)


def assign(
    ledger: Ledger, submission_id: str, point_id: str, owner_id: str | None, *, version: int, by: Person
) -> None:
    """Give a point to somebody who sees the offer, and tell them; None takes it from everybody.

    Raises:
        NotPermitted: `by` does not work on the offer.
        BadInput: they do not see it, or are not of the department for which it is locked.
        WrongState: somebody changed it meanwhile, or the offer is no open draft.
    """
    with refusals(), ledger.deed(point_event("assigned", submission_id, point_id, by), by) as deed:
        found = to_edit(deed, submission_id, point_id, by=by)
        if found.point.owner_id == owner_id:
            deed.nothing_happened()
        check_is_as_seen(deed, found, version)
        _check_owner(deed, submission_id, owner_id, found.point.department if found.point.locked else None)
        deed.note(point=named(found.point), owner=owner_id)
        if not update_task(deed, point_id, version, {"owner_id": owner_id}):
            raise changed_meanwhile(deed, found)
        _tell_owner(deed, found.submission, point_id, found.point.title, owner_id, version=version + 1, by=by)


def set_due(ledger: Ledger, submission_id: str, point_id: str, due: Due, *, version: int, by: Person) -> None:
    """Say when a point is due: so long before the deadline, at an instant, or at no time.

    Raises:
        NotPermitted: `by` does not work on the offer.
        WrongState: somebody changed it meanwhile, or the offer is no open draft.
    """
    with refusals(), ledger.deed(point_event("due_set", submission_id, point_id, by), by) as deed:
        found = to_edit(deed, submission_id, point_id, by=by)
        check_is_as_seen(deed, found, version)
        columns = _due_columns(found.submission, due, made_at=found.point.created_at)
        if all(getattr(found.point, name) == value for name, value in columns._asdict().items()):
            deed.nothing_happened()
        deed.note(point=named(found.point), due=columns.due_at.isoformat() if columns.due_at else None)
        if not update_task(deed, point_id, version, columns._asdict()):
            raise changed_meanwhile(deed, found)


def remove_point(ledger: Ledger, submission_id: str, point_id: str, *, version: int, by: Person) -> None:
    """Remove a point that people added, or one found in the text that asks for nothing; a template's is waived instead.

    Raises:
        NotPermitted: `by` does not work on the offer.
        WrongState: it is a template's, locked, ticked, another waits for it, or the offer is no open draft.
    """
    with refusals(), ledger.deed(point_event("removed", submission_id, point_id, by), by) as deed:
        found = to_edit(deed, submission_id, point_id, by=by)
        check_is_as_seen(deed, found, version)
        point = found.point
        waiting = next((task for task in found.others.values() if point_id in task.depends_on), None)
        reason = (
            "comes from a template" if point.template_key else "is locked" if point.locked else "is ticked" if point.completed
            else f"is waited for by “{waiting.title}”" if waiting else ""
        )  # fmt: skip
        if reason:
            raise WrongState(f"“{point.title}” {reason}.", kept="the point.", todo="waive it with a reason instead.")
        deed.note(point=named(point), title_sha256=sha256(point.title.encode()).hexdigest())
        if not delete_task(deed, point_id, version):
            raise changed_meanwhile(deed, found)


def _tidy(title: str, detail: str) -> tuple[str, str]:
    name, text = " ".join(title.replace("\x00", "").split()), detail.replace("\x00", "").strip()
    if not 1 <= len(name) <= LONGEST_TITLE:
        raise BadInput(
            "A point needs a title.", kept="everything as it was.", todo=f"write 1 to {LONGEST_TITLE} characters."
        )
    if len(text) > LONGEST_DETAIL:
        raise BadInput(f"The detail has {len(text):,} characters.", todo=f"keep it within {LONGEST_DETAIL:,}.")
    return name, text


def _known(ids: Sequence[str], there: dict[str, TaskRow]) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(ids))
    if any(one not in there for one in wanted):
        raise BadInput(
            "A point it should wait for is not in the checklist any more.", kept="everything as it was.",
            todo="choose again.",
        )  # fmt: skip
    return wanted


def _check_words(point: TaskRow, title: str, detail: str) -> None:
    if (title, detail) != (point.title, point.detail) and (point.template_key or point.locked):
        raise WrongState(
            f"The words of “{point.title}” are {'its template' if point.template_key else 'locked'}'s.",
            kept="the point as it was.",
            todo="add a point of your own.",
        )


def _check_order(found: PointOfOffer, depends_on: tuple[str, ...]) -> None:
    point = found.point
    if set(depends_on) == set(point.depends_on):
        return
    if point.locked:
        raise WrongState(f"What “{point.title}” waits for is locked with it.", kept="its order as it was.")
    graph = {task.id: task.depends_on for task in found.others.values()} | {point.id: depends_on}
    if circle(graph):
        raise BadInput(
            f"“{point.title}” would wait for itself.", kept="its order as it was.", todo="choose points that come before it."
        )  # fmt: skip
    if point.completed and any(not found.others[i].is_done for i in depends_on):
        raise WrongState(
            f"“{point.title}” is ticked, and would wait for an open point.", kept="its order.", todo="open it first."
        )


def _check_owner(deed: Deed, submission_id: str, owner_id: str | None, department: Department | None) -> None:
    if owner_id is None:
        return
    person = find_person_by_id(deed, owner_id)
    if person is None:
        raise NotFound("There is no such person.", kept="everything as it was.", todo="choose somebody else.")
    if all(reader.id != owner_id for reader in people_who_see(deed, submission_id)):
        raise BadInput(
            f"{person.email} does not see this offer.", kept="everything as it was.", todo="share it with them first."
        )
    if department is not None and (person.department is not department or person.role is not Role.CONTRACT_OFFICER):
        raise BadInput(
            f"{person.email} is no contract officer of {department.value}, and the point is locked for them.",
            kept="everything as it was.",
            todo="choose somebody of that department.",
        )


def _tell_owner(
    deed: Deed, submission: Submission, point_id: str, title: str, owner_id: str | None, *, version: int, by: Person
) -> None:
    if owner_id is not None:
        words = f"{by.email} gave you “{title}” of “{submission.label}” ({submission.solicitation_number or submission.title})."
        tell(
            deed, [owner_id], NotificationKind.POINT_ASSIGNED, words, key=f"point:{point_id}:{version}:assigned",
            submission_id=submission.id, opportunity_id=submission.opportunity_id,
        )  # fmt: skip


class DueColumns(NamedTuple):
    """When a point is due as the ledger keeps it: the instant, and how long before the deadline that is."""

    due_at: datetime | None
    due_before_days: int | None
    due_before_minutes: int | None


def _due_columns(submission: Submission, due: Due, *, made_at: datetime) -> DueColumns:
    if isinstance(due, DueBefore):
        return DueColumns(due_of(submission, due, made_at=made_at), due.working_days, due.minutes)
    return DueColumns(due, None, None)


def _is_same(was: object, value: object) -> bool:
    return tuple(was) == tuple(value) if isinstance(was, tuple) and isinstance(value, list) else was == value
