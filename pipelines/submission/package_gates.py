"""The gates of a package: each says whether one condition holds, what was found, and the one thing to do.

They are asked before a package is sent to approval, at each signature and before a delivery. A new gate is one function
here or in package_gates_files.py, and its name in `GATES`. Pure: what they ask is in the state (package_state.py).
"""

from collections.abc import Callable
from datetime import datetime

from pipelines.submission import package_gates_files as of_files
from pipelines.submission.package_state import PackageState
from warehouse.domain.deadlines import DeadlinePrecision, office_zone, zone_name
from warehouse.domain.executor import faults_of_fields
from warehouse.domain.package import Gate

NOT_EXACT = {
    DeadlinePrecision.ASSUMED_ZONE: "its source names no zone, the office's own was assumed",
    DeadlinePrecision.DATE: "its source names a day only, the end of it is taken",
}


def fields_are_complete(state: PackageState) -> Gate:
    """The way to deliver has been told everything it needs."""
    faults = faults_of_fields(state.submission.executor, state.fields)
    said = "; ".join(f"{label} {fault}" for label, fault in faults.items())
    title = state.executor.title if state.executor else state.submission.executor
    name = "Delivery is described"
    return Gate(name, False, f"{said}.", "Fill it in under Delivery.") if faults else Gate(name, True, f"{title}.")


def the_way_takes_it(state: PackageState) -> Gate:
    """The way to deliver and its portal profile have nothing against it; a profile may still come into use, so it only warns."""
    name = "The way to deliver takes it"
    if not state.against:
        return Gate(name, True, "Nothing speaks against it.")
    said = "; ".join(state.against[:3])
    return Gate(name, True, f"A delivery would stop: {said}.", "Mend it before people sign.", warns=True)


def changes_are_acknowledged(state: PackageState) -> Gate:
    """Somebody has looked at each amendment."""
    opened = [change for change in state.changes if change.acknowledged_at is None]
    name = "Amendments are acknowledged"
    if not opened:
        return Gate(name, True, f"{_count(len(state.changes), 'change')} of the notice met this offer.")
    return Gate(
        name, False, f"{_count(len(opened), 'change')} of the notice not acknowledged.", "Read and acknowledge each."
    )


def answers_the_present_notice(state: PackageState) -> Gate:
    """The offer was written to the version of the notice that stands now."""
    name = "The offer answers the notice as it stands"
    if state.submission.notice_hash == state.submission.opportunity_hash:
        return Gate(name, True, "The notice has not changed since it was last looked at.")
    return Gate(name, False, "The notice has another version by now.", "Read what changed, then acknowledge it.")


def checklist_is_complete(state: PackageState) -> Gate:
    """Every required point is done, or waived with a reason."""
    opened = [p.title for p in state.points if p.is_required and not p.completed and p.waived_reason is None]
    name = "The checklist is complete"
    if not state.points:
        return Gate(name, True, "The checklist has no points.", warns=True)
    if not opened:
        done = sum(p.completed for p in state.points)
        waived = sum(not p.completed and p.waived_reason is not None for p in state.points)
        return Gate(name, True, f"{_count(done, 'point')} done, {waived} waived.")
    named = of_files.some(opened)
    return Gate(
        name, False, f"{_count(len(opened), 'required point')} open: {named}.", "Do them, or waive them with a reason."
    )


def deadline_is_ahead(state: PackageState) -> Gate:
    """The deadline has not passed by the real clock; the safe instant is told."""
    of, name = state.submission, "The deadline is ahead"
    if of.due_date is None:
        return Gate(name, True, "The notice states no deadline that could be read.", warns=True)
    due = _moment(state, of.due_date)
    if of.due_date <= state.at:
        return Gate(name, False, f"It was due {due}: late is late.", "Close this offer, or wait for an amendment.")
    doubt = f"; {NOT_EXACT[of.due_precision]}" if of.due_precision in NOT_EXACT else ""
    if of.safe_deadline_at is None:
        return Gate(name, True, f"Due {due}{doubt}.", warns=bool(doubt))
    safe = _moment(state, of.safe_deadline_at)
    if of.safe_deadline_at <= state.at:
        return Gate(name, True, f"Due {due}{doubt}. The safe instant, {safe}, has passed.", warns=True)
    return Gate(name, True, f"Due {due}{doubt}. Send by {safe} to be safe.", warns=bool(doubt))


def opportunity_is_open(state: PackageState) -> Gate:
    """The source has not closed or cancelled it."""
    name = "The opportunity is open"
    if state.is_open:
        return Gate(name, True, "Its source lists it as open.")
    return Gate(
        name, False, "Its source lists it as closed, cancelled or gone.", "Look at the notice; close this offer."
    )


def opportunity_stands_by_itself(state: PackageState) -> Gate:
    """It has not become part of another opportunity."""
    name = "The opportunity stands by itself"
    if state.merged_into is None:
        return Gate(name, True, "It is part of no other.")
    return Gate(name, False, "It was found to be part of another opportunity.", "Open a workspace for that one.")


GATES: tuple[Callable[[PackageState], Gate], ...] = (
    of_files.has_files,
    of_files.none_is_empty,
    of_files.files_are_scanned,
    of_files.has_no_macros,
    of_files.has_no_password,
    of_files.types_are_allowed,
    of_files.each_file_fits,
    of_files.total_fits,
    of_files.names_are_good,
    of_files.names_differ,
    of_files.volumes_are_there,
    of_files.pages_are_within_limits,
    fields_are_complete,
    the_way_takes_it,
    changes_are_acknowledged,
    answers_the_present_notice,
    checklist_is_complete,
    deadline_is_ahead,
    opportunity_is_open,
    opportunity_stands_by_itself,
)


def ask(state: PackageState) -> list[Gate]:
    """Ask every gate, in their order."""
    return [gate(state) for gate in GATES]


def _moment(state: PackageState, when: datetime) -> str:
    local = when.astimezone(office_zone(when, state.submission.due_offset_minutes, state.submission.place_state))
    return f"{local:%a} {local.day} {local:%b %Y %H:%M} {zone_name(local)}"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
