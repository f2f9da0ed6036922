"""Ticking, opening, waiving and proving the points of a checklist.

A point is ticked only after those it depends on. Opened again, it opens what was ticked on its basis, for that has lost it;
where such a tick is another department's, it is refused until they open theirs.
"""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from pipelines.submission.checklist_rights import (
    PointOfOffer,
    changed_meanwhile,
    check_is_as_seen,
    may_tick,
    named,
    point_event,
    to_tick,
)
from pipelines.submission.refusals import refusals
from warehouse.domain.access import Person
from warehouse.domain.audit_event import Fact
from warehouse.domain.checklist import all_after
from warehouse.domain.notification import NotificationKind
from warehouse.domain.submission_file import ScanStatus
from warehouse.errors import BadInput, NotPermitted, WrongState
from warehouse.ledger.notifications import tell
from warehouse.ledger.store import Deed, Ledger
from warehouse.ledger.submission_files import read_file
from warehouse.ledger.submission_tasks import TaskRow, update_task

LONGEST_REASON = 1_000
OPEN: Mapping[str, Any] = {"completed": False, "completed_at": None, "completed_by": None}


def tick(ledger: Ledger, submission_id: str, point_id: str, *, version: int, at: datetime, by: Person) -> None:
    """Say that a point is done; where somebody said so meanwhile, nothing happens.

    Args:
        version: The point's version that `by` has seen.

    Raises:
        NotPermitted: `by` does not work on the offer, or the point is locked for another department.
        WrongState: something comes first, it is waived, somebody changed it meanwhile, or the offer is no open draft.
    """
    with refusals(), ledger.deed(point_event("ticked", submission_id, point_id, by), by) as deed:
        found = to_tick(deed, submission_id, point_id, by=by)
        if found.point.completed:
            deed.nothing_happened()
        check_is_as_seen(deed, found, version)
        _check_nothing_comes_first(found)
        if found.point.waived_reason is not None:
            raise WrongState(
                f"“{found.point.title}” is waived.", kept="the reason.", todo="take it up again, then tick it."
            )
        deed.note(point=named(found.point))
        _write(deed, found, {"completed": True, "completed_at": at, "completed_by": by.id})


def untick(
    ledger: Ledger, submission_id: str, point_id: str, *, version: int, at: datetime, by: Person
) -> tuple[str, ...]:
    """Open a point again, and with it what was ticked on its basis; returns the titles of those.

    Raises:
        NotPermitted: `by` may not open it, or not one that was ticked on its basis.
        WrongState: somebody changed it meanwhile, or the offer is no open draft.
    """
    opened: tuple[TaskRow, ...] = ()
    with refusals(), ledger.deed(point_event("opened", submission_id, point_id, by), by) as deed:
        found = to_tick(deed, submission_id, point_id, by=by)
        if not found.point.completed:
            deed.nothing_happened()
        check_is_as_seen(deed, found, version)
        opened = ticked_upon(found.point, found.others)
        _check_may_open(found, opened, by)
        deed.note(point=named(found.point), with_it=len(opened))
        _write(deed, found, OPEN)
        for other in opened:
            _write(deed, PointOfOffer(found.submission, other, found.others), OPEN)
            also: dict[str, Fact] = {"point": named(other), "because": point_id}
            deed.also(point_event("opened", submission_id, other.id, by, also))
            people = [other.completed_by or "", other.owner_id or ""]
            words = f"{by.email} opened “{found.point.title}” again, and with it “{other.title}”, which was ticked on its basis."
            tell(
                deed, [p for p in people if p], NotificationKind.POINT_ASSIGNED, words,
                key=f"point:{other.id}:{other.version + 1}:opened", submission_id=submission_id,
            )  # fmt: skip
    return tuple(other.title for other in opened)


def ticked_upon(point: TaskRow, others: Mapping[str, TaskRow]) -> tuple[TaskRow, ...]:
    """Return the ticked points that depend on a point, directly or through others."""
    after = all_after(point.id, {task.id: task.depends_on for task in others.values()})
    return tuple(task for task in others.values() if task.id in after and task.completed and task.id != point.id)


def waive(
    ledger: Ledger, submission_id: str, point_id: str, reason: str, *, version: int, at: datetime, by: Person
) -> None:
    """Say why a point does not apply: it counts as done. The reason is shown; the audit log keeps its SHA-256.

    Raises:
        NotPermitted: as for `tick`.
        BadInput: no reason, or one of more than 1,000 characters.
        WrongState: it is ticked, somebody changed it meanwhile, or the offer is no open draft.
    """
    why = reason.replace("\x00", "").strip()
    if not 1 <= len(why) <= LONGEST_REASON:
        raise BadInput(
            "A point is waived with a reason.",
            kept="the point is open.",
            todo=f"say why it does not apply, in 1 to {LONGEST_REASON:,} characters.",
        )
    facts: dict[str, Fact] = {"reason_sha256": sha256(why.encode()).hexdigest(), "characters": len(why)}
    with refusals(), ledger.deed(point_event("waived", submission_id, point_id, by, facts), by) as deed:
        found = to_tick(deed, submission_id, point_id, by=by)
        check_is_as_seen(deed, found, version)
        if found.point.completed:
            raise WrongState(
                f"“{found.point.title}” is ticked.", kept="the tick.", todo="open it again before you waive it."
            )
        deed.note(point=named(found.point), required=found.point.is_required)
        _write(deed, found, {"waived_reason": why})


def take_up(ledger: Ledger, submission_id: str, point_id: str, *, version: int, at: datetime, by: Person) -> None:
    """Take a waived point up again: it applies after all.

    Raises:
        NotPermitted, WrongState: as for `untick`; what was ticked on its basis is opened first.
    """
    with refusals(), ledger.deed(point_event("taken_up", submission_id, point_id, by), by) as deed:
        found = to_tick(deed, submission_id, point_id, by=by)
        if found.point.waived_reason is None:
            deed.nothing_happened()
        check_is_as_seen(deed, found, version)
        if upon := ticked_upon(found.point, found.others):
            raise WrongState(
                f"“{upon[0].title}” was ticked on its basis.", kept="the reason.", todo="open that point first."
            )
        deed.note(point=named(found.point))
        _write(deed, found, {"waived_reason": None})


def set_evidence(
    ledger: Ledger, submission_id: str, point_id: str, file_id: str | None, *, version: int, at: datetime, by: Person
) -> None:
    """Attach a file of the same offer that proves a point, or take it away with None.

    Raises:
        NotPermitted: as for `tick`.
        BadInput: the file is of another offer, was removed, or its scan refused it.
        WrongState: somebody changed the point meanwhile, or the offer is no open draft.
    """
    with refusals(), ledger.deed(point_event("evidence_set", submission_id, point_id, by), by) as deed:
        found = to_tick(deed, submission_id, point_id, by=by)
        check_is_as_seen(deed, found, version)
        if found.point.evidence_file_id == file_id:
            deed.nothing_happened()
        if file_id is not None:
            deed.note(sha256=_usable(deed, submission_id, file_id))
        deed.note(point=named(found.point), file=file_id)
        _write(deed, found, {"evidence_file_id": file_id})


def _usable(deed: Deed, submission_id: str, file_id: str) -> str:
    file = read_file(deed, file_id)
    why = (
        "is not among the files of this offer" if file is None or file.submission_id != submission_id
        else "was removed" if file.removed_at is not None
        else "was refused by its scan" if file.scan_status is ScanStatus.REFUSED
        else ""
    )  # fmt: skip
    if file is None or why:
        raise BadInput(
            f"{file.file_name if file else 'This file'} {why}.",
            kept="the evidence as it was.",
            todo="upload another file.",
        )
    return file.sha256


def _check_nothing_comes_first(found: PointOfOffer) -> None:
    waits = [found.others[i].title for i in found.point.depends_on if i in found.others and not found.others[i].is_done]
    if waits:
        raise WrongState(
            f"“{found.point.title}” waits for “{waits[0]}”{f' and {len(waits) - 1} more' if waits[1:] else ''}.",
            kept="the point is open.",
            todo="finish what it waits for, or waive that with a reason.",
        )


def _check_may_open(found: PointOfOffer, opened: tuple[TaskRow, ...], by: Person) -> None:
    for other in opened:
        if not may_tick(found.submission, other, by):
            raise NotPermitted(
                f"{other.completer_email} ticked “{other.title}” on the basis of this point.",
                kept="both ticks.",
                todo="ask them to open theirs first.",
            )


def _write(deed: Deed, found: PointOfOffer, values: Mapping[str, Any]) -> None:
    if not update_task(deed, found.point.id, found.point.version, values):
        raise changed_meanwhile(deed, found)
