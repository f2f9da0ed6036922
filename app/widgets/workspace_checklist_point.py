"""One point of a checklist in a dialog: what asks for it, what proves it, what it waits for, and what can be done with it.

The point that is open is remembered, so that the dialog stays while colleagues change things. Not here: editing its words
(workspace_checklist_form.py).
"""

from collections.abc import Callable
from typing import Any

import streamlit as st

from app import session
from app.widgets import deadline, told, workspace_checklist_form
from app.widgets.text import plain, readable
from pipelines.submission.checklist import Checklist
from pipelines.submission.checklist_points import remove_point
from pipelines.submission.checklist_rights import may_tick
from pipelines.submission.checklist_ticks import LONGEST_REASON, set_evidence, take_up, waive
from pipelines.submission.files import upload_file
from pipelines.submission.look_up import may_on
from warehouse import clock
from warehouse.domain.access import Action, Person
from warehouse.domain.submission import SubmissionStatus
from warehouse.domain.submission_file import FileKind, ScanStatus
from warehouse.ledger.store import open_ledger
from warehouse.ledger.submission_files import FileRow, list_files
from warehouse.ledger.submission_tasks import TaskRow
from warehouse.ledger.submissions import Submission

CHOSEN, PLACE, REASON, ROUND, IS_DONE = "point_chosen", "point", "point_reason", "point_upload", "point_done"
AROUND = 240
"""Characters of the notice shown before and behind a quote."""
NO_FILE = ""


def choose(point_id: str) -> None:
    """Open a point with the next turn of the page."""
    workspace_checklist_form.close()
    st.session_state[CHOSEN] = point_id
    told.forget(PLACE)
    for key in (REASON, IS_DONE):
        st.session_state.pop(key, None)


def draw_opened(found: Checklist, submission: Submission, person: Person) -> None:
    """Draw the dialog of the point that was opened, if one was."""
    point = next((p for p in found.points if p.id == st.session_state.get(CHOSEN)), None)
    if point is not None:
        st.dialog("Point of the checklist", width="large", on_dismiss=close)(_draw)(point, found, submission, person)


def close() -> None:
    """Close the dialog."""
    st.session_state.pop(CHOSEN, None)


def _draw(point: TaskRow, found: Checklist, submission: Submission, person: Person) -> None:
    # A dialog runs by itself with the point it was given: after a deed the page draws it anew, or without it.
    if st.session_state.pop(IS_DONE, False) or st.session_state.get(CHOSEN) != point.id:
        st.rerun()
    told.tell(PLACE)
    st.markdown(f"**{plain(point.title)}**" + ("" if point.is_required else " :gray-badge[optional]"))
    if point.detail:
        st.text(point.detail)
    st.caption(" · ".join(_facts(point)))
    _draw_quote(point, found, submission)
    _draw_order(point, found)
    if point.waived_reason:
        st.info(f"Waived: {plain(point.waived_reason)}")
    can_tick = may_tick(submission, point, person)
    _draw_evidence(point, submission, person, can_change=can_tick)
    if can_tick:
        _draw_waiving(point, submission)
    elif point.locked and point.department and submission.status is SubmissionStatus.DRAFT:
        st.caption(f"Only a contract officer of {point.department.value} ticks, waives or proves this point.")
    if may_on(submission, person, Action.EDIT_CHECKLIST) and _is_draft(submission):
        _draw_editing(point, submission)


def _facts(point: TaskRow) -> list[str]:
    origin = (
        f"template {plain(point.template_key.partition('/')[0])}" if point.template_key
        else "found in the notice" if point.quote is not None else "added by hand"
    )  # fmt: skip
    facts = [origin]
    if point.department:
        facts.append(f"{point.department.value}{' only' if point.locked else ''}")
    facts.append(plain(point.owner_email) if point.owner_email else "nobody's yet")
    if point.due_at:
        facts.append(f"due {deadline.moment(point.due_at, deadline.reader_zone())}{_before(point)}")
    if point.relies_on:
        facts.append(
            "opens again when the notice changes its " + ", ".join(sorted(_change(r) for r in point.relies_on))
        )
    return facts


def _change(reliance: str) -> str:
    return reliance.replace("_", "-")


def _before(point: TaskRow) -> str:
    days, minutes = point.due_before_days or 0, point.due_before_minutes or 0
    parts = [f"{days} working day{'s' if days > 1 else ''}"] if days else []
    if minutes:
        parts.append(f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min")
    return f" ({' and '.join(parts)} before the deadline)" if parts else ""


def _draw_quote(point: TaskRow, found: Checklist, submission: Submission) -> None:
    if point.quote is None:
        return
    before, quote, after = in_context(point, found.texts)
    with st.container(border=True):
        st.markdown(f"{plain(before)} :orange-background[{plain(quote)}] {plain(after)}")
        if not before and not after and point.quote not in found.texts.get(point.quote_field or "", ""):
            st.caption("The notice does not say this any more; these are its words as they were.")
    st.page_link("pages/opportunity.py", label="The whole notice →", query_params={"id": submission.opportunity_id})


def in_context(point: TaskRow, texts: Any) -> tuple[str, str, str]:
    """Return the notice's words before a quote, the quote, and the words behind; only the quote where it is gone."""
    stored, quote, start = texts.get(point.quote_field or "", ""), point.quote or "", point.quote_start or 0
    if stored[start : start + len(quote)] != quote:
        start = stored.find(quote)  # the text before it has changed
    if start < 0:
        return "", readable(quote), ""
    before, after = stored[max(0, start - AROUND) : start], stored[start + len(quote) :][:AROUND]
    # Cut at words, and never within markup.
    before = before.partition(" ")[2] if start > AROUND else before
    after = after.rpartition(" ")[0] if len(after) == AROUND else after
    return (
        readable(before.rpartition("<")[2] if before.count("<") != before.count(">") else before),
        readable(quote),
        readable(after),
    )


def _draw_order(point: TaskRow, found: Checklist) -> None:
    first = [p for p in found.points if p.id in point.depends_on]
    later = [p for p in found.points if point.id in p.depends_on]
    lines = [f"{'✓' if p.is_done else '○'} {plain(p.title)}" for p in first]
    if lines:
        st.markdown("**Comes after**  \n" + "  \n".join(lines))
    if later:
        st.caption("Before " + ", ".join(plain(p.title) for p in later))


def _draw_evidence(point: TaskRow, submission: Submission, person: Person, *, can_change: bool) -> None:
    st.markdown("**Evidence**" + (f" · {plain(point.evidence_wanted)}" if point.evidence_wanted else ""))
    if not can_change:
        st.caption(plain(point.evidence_name) if point.evidence_name else "None attached.")
        return
    with open_ledger().read(person) as tx:
        files = [f for f in list_files(tx, submission.id) if f.scan_status is not ScanStatus.REFUSED]
    ids: dict[str, str] = {NO_FILE: "No file", **{f.id: f.file_name for f in files}}
    if point.evidence_file_id and point.evidence_file_id not in ids:
        ids[point.evidence_file_id] = f"{point.evidence_name or 'a file'} (an earlier version, or removed)"
    key = f"evidence {point.id}"
    st.session_state[key] = point.evidence_file_id or NO_FILE
    st.selectbox(
        "File that proves it", list(ids), key=key, format_func=ids.__getitem__,
        on_change=_attach, args=(submission.id, point, key),
    )  # fmt: skip
    given = st.file_uploader(
        "Or upload it: evidence never leaves the firm", key=f"upload {point.id} {st.session_state.get(ROUND, 0)}"
    )
    if given is not None:
        st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1
        _do(lambda by: _upload(submission.id, point, given, by))
        st.rerun(scope="fragment")


def _attach(submission_id: str, point: TaskRow, key: str) -> None:
    file_id = st.session_state.get(key) or None
    _do(lambda by: set_evidence(
        open_ledger(), submission_id, point.id, file_id, version=point.version, at=clock.now(), by=by
    ))  # fmt: skip


def _upload(submission_id: str, point: TaskRow, given: Any, by: Person) -> FileRow:
    kept = upload_file(open_ledger(), submission_id, given, given.name, kind=FileKind.EVIDENCE, at=clock.now(), by=by)
    set_evidence(open_ledger(), submission_id, point.id, kept.id, version=point.version, at=clock.now(), by=by)
    return kept


def _draw_waiving(point: TaskRow, submission: Submission) -> None:
    if point.waived_reason is not None:
        st.button("Take it up again", on_click=_take_up, args=(submission.id, point), key="take up point")
    elif not point.completed:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.text_input("Why it does not apply", key=REASON, max_chars=LONGEST_REASON)
            st.button(
                "Waive", on_click=_waive, args=(submission.id, point), key="waive point", help="It then counts as done."
            )


def _waive(submission_id: str, point: TaskRow) -> None:
    reason = str(st.session_state.get(REASON) or "")
    if _do(lambda by: waive(
        open_ledger(), submission_id, point.id, reason, version=point.version, at=clock.now(), by=by
    )):  # fmt: skip
        close()


def _take_up(submission_id: str, point: TaskRow) -> None:
    _do(lambda by: take_up(open_ledger(), submission_id, point.id, version=point.version, at=clock.now(), by=by))


def _draw_editing(point: TaskRow, submission: Submission) -> None:
    with st.container(horizontal=True):
        st.button("Edit owner, time and order", on_click=_edit, args=(point,), key="edit point")
        if point.is_own and not point.locked and not point.completed:
            st.button(
                "Remove this point", on_click=_remove, args=(submission.id, point), key="remove point",
                help="It disappears from the list; the log keeps that it was there.",
            )  # fmt: skip


def _edit(point: TaskRow) -> None:
    close()
    workspace_checklist_form.open_point(point)


def _remove(submission_id: str, point: TaskRow) -> None:
    if _do(lambda by: remove_point(open_ledger(), submission_id, point.id, version=point.version, by=by)):
        close()


def _is_draft(submission: Submission) -> bool:
    return submission.status is SubmissionStatus.DRAFT and submission.closed_at is None


def _do(deed: Callable[[Person], object]) -> bool:
    """Do what a button asks for; what could not be done is said with the next drawing."""
    is_done = told.attempt(PLACE, lambda: deed(session.person(acts=True)))
    st.session_state[IS_DONE] = is_done
    return is_done
