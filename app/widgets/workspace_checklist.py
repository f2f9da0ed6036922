"""The checklist of a workspace: what is done, what is next, whose it is. A tick is saved at once.

Not here: one point whole (workspace_checklist_point.py), adding and editing (workspace_checklist_form.py).
"""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from app import session
from app.widgets import deadline, told, workspace_checklist_form, workspace_checklist_point
from app.widgets.filters import is_phone
from app.widgets.text import label, plain
from pipelines.submission.checklist import Checklist, read_checklist
from pipelines.submission.checklist_rights import may_tick
from pipelines.submission.checklist_ticks import tick, untick
from pipelines.submission.look_up import may_on
from warehouse import clock
from warehouse.domain.access import Action, Person
from warehouse.domain.submission import SubmissionStatus
from warehouse.errors import ProcuraError
from warehouse.ledger.store import open_ledger
from warehouse.ledger.submission_tasks import TaskRow
from warehouse.ledger.submissions import Submission

SHORT = 40
PLACE, SHOWN = "checklist", "checklist_shown"
ALL, OPEN, MINE, LATE = "All", "Open", "Mine", "Late"
MANY, LIST_HEIGHT = 14, 720
"""On a wide screen a longer list scrolls by itself: what stands below the checklist stays in sight."""


def draw(submission: Submission, person: Person) -> None:
    """Draw the part."""
    at = clock.now()
    found = read_checklist(open_ledger(), submission.id, at=at, by=person)
    st.subheader("Checklist", anchor=False)
    told.tell(PLACE, _say_opened)
    # A place of its own, also when it is empty: what comes below keeps its place, and the keyboard its focus.
    with st.container():
        for fault in found.faults:
            st.warning(f"A template of the firm is not used. {plain(fault)}")
        _draw_progress(found)
    _draw_bar(found, submission, person, at)
    shown = _shown(found.points, person, at)
    rests = _rests(found.points, submission, person)
    with st.container():
        if not found.points:
            st.caption(
                "No points yet." + (" Add one, or look for missing ones." if _may_edit(submission, person) else "")
            )
        elif not shown:
            st.caption("None of the points is so.")
        if rests:
            st.caption(rests)
    is_long = len(shown) > MANY and not is_phone()
    with st.container(gap="xsmall", height=LIST_HEIGHT if is_long else "content"):
        by_id = {point.id: point for point in found.points}
        for point in shown:
            _draw_row(point, submission, person, _facts(point, by_id, at), tells_why=not rests)
    workspace_checklist_point.draw_opened(found, submission, person)
    workspace_checklist_form.draw_opened(found, submission, person)


def _draw_progress(found: Checklist) -> None:
    count = found.progress
    if not count.total:
        return
    words = [f"{count.done} of {count.total} done"]
    if count.waived:
        words.append(f"{count.waived} of them waived")
    words.append(f"{count.required_open} required open" if count.required_open else "nothing required is open")
    if count.overdue:
        words.append(f"{count.overdue} late")
    st.progress(count.done / count.total, " · ".join(words))


def _draw_bar(found: Checklist, submission: Submission, person: Person, at: datetime) -> None:
    counts = {
        name: len(_of(found.points, name, person, at)) for name in (ALL, OPEN, MINE, LATE)
    }  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        if found.points:
            st.segmented_control(
                "Show", list(counts), default=ALL, key=SHOWN, required=True, label_visibility="collapsed",
                format_func=lambda name: f"{name} {counts[name]}",
            )  # fmt: skip
        if _may_edit(submission, person):
            with st.container(horizontal=True, width="content"):
                st.button("Add point", on_click=workspace_checklist_form.open_new, key="add point")
                st.button(
                    "Look for missing", on_click=workspace_checklist_form.open_missing, key="look for missing",
                    help="Adds what templates and the notice's text ask for now. Nothing is taken away.",
                )  # fmt: skip


def _shown(points: Sequence[TaskRow], person: Person, at: datetime) -> list[TaskRow]:
    return _of(points, st.session_state.get(SHOWN) or ALL, person, at)


def _of(points: Sequence[TaskRow], name: str, person: Person, at: datetime) -> list[TaskRow]:
    if name == MINE:
        return [p for p in points if p.owner_id == person.id]
    if name == OPEN:
        return [p for p in points if not p.is_done]
    if name == LATE:
        return [p for p in points if not p.is_done and p.due_at is not None and p.due_at < at]
    return list(points)


def _may_edit(submission: Submission, person: Person) -> bool:
    is_open = submission.status is SubmissionStatus.DRAFT and submission.closed_at is None
    return is_open and may_on(submission, person, Action.EDIT_CHECKLIST)


def _draw_row(point: TaskRow, submission: Submission, person: Person, facts: Sequence[str], *, tells_why: bool) -> None:
    key = f"tick {point.id}"
    # The ledger is the truth, also where a click was refused or a colleague was faster.
    st.session_state[key] = point.is_done
    can_tick = may_tick(submission, point, person) and point.waived_reason is None
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="top", gap="small"):
        with st.container(gap=None, width="stretch"):
            st.checkbox(
                label(point.title), key=key, disabled=not can_tick, help=_why_not(point, submission, person) if tells_why else None,
                on_change=_toggle, args=(submission.id, point.id, point.version, key), width="stretch",
            )  # fmt: skip
            st.caption(" · ".join(facts))
        st.button(
            "Open", key=f"open {point.id}", type="tertiary", on_click=workspace_checklist_point.choose,
            args=(point.id,), width="content",
        )  # fmt: skip


def _rests(points: Sequence[TaskRow], submission: Submission, person: Person) -> str | None:
    """Say once, for all points, why none of them can be ticked."""
    if not points:
        return None
    if submission.status is not SubmissionStatus.DRAFT or submission.closed_at is not None:
        return "The checklist rests: the offer is no open draft."
    if not any(may_tick(submission, point, person) for point in points):
        return "Who works on the offer ticks these points."
    return None


def _why_not(point: TaskRow, submission: Submission, person: Person) -> str | None:
    """Say why this box cannot be ticked, for who wonders."""
    if point.waived_reason is not None:
        return "Waived; open it to take it up again."
    if may_tick(submission, point, person):
        return None
    if point.locked and point.department:
        return f"Only a contract officer of {point.department.value} ticks this."
    return "Who works on the offer ticks this" + (
        f", or a contract officer of {point.department.value}." if point.department else "."
    )


def _facts(point: TaskRow, by_id: dict[str, TaskRow], at: datetime) -> list[str]:
    facts = [*_outcome(point)]
    if not point.is_done:
        facts.append(due_words(point, at))
    if not point.is_required:
        facts.append(":gray-badge[optional]")
    if point.department:
        lock = ":material/lock: only " if point.locked else ""
        facts.append(f"{lock}{point.department.value}")
    if point.owner_email and not point.is_done:
        facts.append(plain(point.owner_email))
    if point.evidence_name:
        gone = " (removed)" if point.evidence_status == "removed" else ""
        facts.append(f":material/attach_file: {plain(point.evidence_name)}{gone}")
    if point.quote is not None:
        facts.append(":material/format_quote: asked for in the notice")
    waits = [by_id[i] for i in point.depends_on if i in by_id and not by_id[i].is_done]
    if waits and not point.is_done:
        more = f" and {len(waits) - 1} more" if waits[1:] else ""
        facts.append(f"waits for {plain(_short(waits[0].title))}{more}")
    return [fact for fact in facts if fact]


def _short(title: str) -> str:
    """Cut a long title at a word, so that a row stays in its line."""
    return title if len(title) <= SHORT else title[:SHORT].rpartition(" ")[0] + " …"


def _outcome(point: TaskRow) -> list[str]:
    if point.completed and point.completed_at:
        when = deadline.moment(point.completed_at, deadline.reader_zone())
        return [f"ticked by {plain(point.completer_email or 'somebody')}, {when}"]
    return [f"waived: {plain(point.waived_reason)}"] if point.waived_reason else []


def due_words(point: TaskRow, at: datetime) -> str:
    """Return Markdown that says when a point is due, in the colour of its urgency; "" for no time."""
    if point.due_at is None:
        return ""
    local = point.due_at.astimezone(deadline.reader_zone())
    level = deadline.urgency(point.due_at, at)
    words = f"due {local:%a} {local.day} {local:%b %H:%M}, {deadline.left(point.due_at, at)}"
    if point.due_at < at:
        return f":red-badge[late] :red[{words}]"
    return deadline.coloured(words, level)


def _toggle(submission_id: str, point_id: str, version: int, key: str) -> None:
    at, wants = clock.now(), bool(st.session_state.get(key))
    try:
        by = session.person(acts=True)
        if wants:
            tick(open_ledger(), submission_id, point_id, version=version, at=at, by=by)
        else:
            told.leave(PLACE, untick(open_ledger(), submission_id, point_id, version=version, at=at, by=by))
    except ProcuraError as error:
        told.leave(PLACE, error)


def _say_opened(titles: tuple[str, ...]) -> None:
    """Say what the last click did beside."""
    if titles:
        st.info("Opened with it, for it was ticked on its basis: " + ", ".join(plain(title) for title in titles) + ".")
