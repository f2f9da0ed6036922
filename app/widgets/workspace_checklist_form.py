"""Adding a point by hand, editing one, and adding the points that are missing: dialogs that stay open until they are done."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo

import streamlit as st

from app import session
from app.widgets import told
from app.widgets.text import plain
from pipelines.submission.checklist import Checklist, apply_again, colleagues, missing_titles
from pipelines.submission.checklist_points import (
    LONGEST_DETAIL,
    LONGEST_TITLE,
    Due,
    PointDraft,
    add_point,
    edit_point,
)
from warehouse import clock
from warehouse.domain.access import Department, Person
from warehouse.domain.checklist import DueBefore
from warehouse.ledger.store import open_ledger
from warehouse.ledger.submission_tasks import TaskRow
from warehouse.ledger.submissions import Submission

OPENED, PLACE = "point_form", "point_form"
NEW, MISSING = "new", "missing"
BEFORE, AT, NEVER = "Before the deadline", "At a fixed time", "No time"


def open_new() -> None:
    """Open the form of a new point with the next turn of the page."""
    _open(NEW)


def open_missing() -> None:
    """Open what is missing with the next turn of the page."""
    _open(MISSING)


def open_point(point: TaskRow) -> None:
    """Open the form of a point with the next turn of the page; what is saved is a change of the point as it is now."""
    _open(point.id, point.version)


def close() -> None:
    """Close whatever is open."""
    st.session_state.pop(OPENED, None)


def draw_opened(found: Checklist, submission: Submission, person: Person) -> None:
    """Draw the dialog that was opened, if one was."""
    opened, version = st.session_state.get(OPENED, ("", 0))
    if opened == MISSING:
        st.dialog("Missing points", on_dismiss=close)(_draw_missing)(submission, person)
    elif opened == NEW:
        st.dialog("Add a point", width="large", on_dismiss=close)(_draw_form)(None, 0, found, submission, person)
    elif opened:
        point = next((p for p in found.points if p.id == opened), None)
        if point is not None:
            draw = st.dialog("Edit the point", width="large", on_dismiss=close)(_draw_form)
            draw(point, version, found, submission, person)


def _open(what: str, version: int = 0) -> None:
    st.session_state[OPENED] = (what, version)
    told.forget(PLACE)
    for key in [str(k) for k in st.session_state if str(k).startswith("form ")]:
        del st.session_state[key]


def _draw_missing(submission: Submission, person: Person) -> None:
    _end_when_done()
    told.tell(PLACE)
    titles = missing_titles(open_ledger(), submission.id, by=person)
    if not titles:
        st.markdown("Nothing is missing: the checklist has every point of its templates and of the notice's text.")
        return
    st.markdown("\n".join(f"- {plain(title)}" for title in titles))
    label = f"Add {len(titles)} point{'s' if len(titles) > 1 else ''}"
    st.button(label, type="primary", on_click=_apply, args=(submission.id,), key="apply again")


def _draw_form(point: TaskRow | None, version: int, found: Checklist, submission: Submission, person: Person) -> None:
    _end_when_done()
    told.tell(PLACE)
    if point is not None and point.version != version:
        st.warning("Somebody changed this point since you opened it. Close this and open it again to see theirs first.")
    is_ours = point is None or (point.template_key is None and not point.locked)
    st.text_input(
        "Title", point.title if point else "", key="form title", max_chars=LONGEST_TITLE, disabled=not is_ours,
        help=None if is_ours else "The words of a template, or of a locked point, stay as they are.",
    )  # fmt: skip
    st.text_area(
        "Detail",
        point.detail if point else "",
        key="form detail",
        max_chars=LONGEST_DETAIL,
        height=90,
        disabled=not is_ours,
    )
    left, right = st.columns(2)
    with left:
        _draw_owner(point, submission, person)
        if point is None:
            _draw_kind()
    with right:
        _draw_due(point, submission)
    others = {p.id: p.title for p in found.points if point is None or p.id != point.id}
    st.multiselect(
        "Comes after", list(others), [i for i in (point.depends_on if point else ()) if i in others], key="form depends",
        format_func=others.__getitem__, disabled=point is not None and point.locked,
        placeholder="Nothing has to come first",
    )  # fmt: skip
    st.button(
        "Save" if point else "Add point",
        type="primary",
        on_click=_save,
        args=(submission, point, version),
        key="save point",
    )


def _draw_owner(point: TaskRow | None, submission: Submission, person: Person) -> None:
    names: dict[str | None, str] = {None: "nobody yet"}
    names |= {reader.id: reader.email for reader in colleagues(open_ledger(), submission.id, by=person)}
    if point and point.owner_id not in names:
        names[point.owner_id] = f"{point.owner_email} (sees it no more)"
    st.selectbox(
        "Whose it is", list(names), list(names).index(point.owner_id if point else None), key="form owner",
        format_func=names.__getitem__, help="Everybody who sees the offer; they are told.",
    )  # fmt: skip


def _draw_kind() -> None:
    st.selectbox(
        "Department", [None, *Department], key="form department", format_func=lambda d: d.value if d else "any"
    )
    st.checkbox("Only this department ticks it", key="form locked", disabled=st.session_state.get("form department") is None,
                help="It cannot be removed any more, only waived by them.")  # fmt: skip
    st.checkbox("Required before approval", True, key="form required")
    st.text_input("Evidence wanted", key="form evidence", placeholder="What would prove it")


def _draw_due(point: TaskRow | None, submission: Submission) -> None:
    has_deadline = submission.due_date is not None
    kinds = [BEFORE, AT, NEVER] if has_deadline else [AT, NEVER]
    is_relative = point is None or point.due_before_days is not None or point.due_before_minutes is not None
    now = BEFORE if has_deadline and is_relative else AT if point and point.due_at else NEVER
    kind = st.selectbox("Due", kinds, kinds.index(now), key="form due")
    if kind == BEFORE:
        days = point.due_before_days if point else 3
        st.number_input(
            "Working days before",
            0,
            60,
            days or 0,
            key="form days",
            help="At 17:00 of the office; federal holidays are skipped.",
        )
        minutes = (point.due_before_minutes or 0) if point else 0
        st.number_input("and hours before that", 0.0, 240.0, minutes / 60, 0.5, key="form hours", format="%.1f")
    elif kind == AT:
        local = (point.due_at if point and point.due_at else clock.now() + timedelta(days=1)).astimezone(
            _office(submission)
        )
        with st.container(horizontal=True):
            st.date_input("Day", local.date(), key="form day")
            st.time_input("Office's time", time(17) if point is None else local.time(), key="form time")


def _office(submission: Submission) -> tzinfo:
    offset = submission.due_offset_minutes
    return timezone(timedelta(minutes=offset)) if offset else UTC


def _due(submission: Submission) -> Due:
    chosen = st.session_state
    if chosen.get("form due") == BEFORE:
        return DueBefore(int(chosen["form days"]), round(float(chosen["form hours"]) * 60))
    if chosen.get("form due") == AT:
        return datetime.combine(chosen["form day"], chosen["form time"], _office(submission)).astimezone(UTC)
    return None


def _save(submission: Submission, point: TaskRow | None, version: int) -> None:
    chosen = st.session_state
    draft = PointDraft(
        title=point.title if point and "form title" not in chosen else str(chosen["form title"]),
        detail=str(chosen.get("form detail") or ""),
        owner_id=chosen.get("form owner"),
        due=_due(submission),
        depends_on=list(chosen.get("form depends") or ()),
        is_required=bool(chosen.get("form required", True)),
        department=chosen.get("form department"),
        locked=bool(chosen.get("form locked")) and chosen.get("form department") is not None,
        evidence_wanted=str(chosen.get("form evidence") or ""),
    )

    def save(by: Person) -> None:
        if point is None:
            add_point(open_ledger(), submission.id, draft, at=clock.now(), by=by)
        else:
            edit_point(open_ledger(), submission.id, point.id, draft, version=version, at=clock.now(), by=by)

    _do(save)


def _apply(submission_id: str) -> None:
    _do(lambda by: apply_again(open_ledger(), submission_id, at=clock.now(), by=by))


def _do(deed: Callable[[Person], object]) -> None:
    if told.attempt(PLACE, lambda: deed(session.person(acts=True))):  # else what was typed stays in its fields
        close()


def _end_when_done() -> None:
    """Let the page be drawn without the dialog, which runs by itself, once its button has done its deed."""
    if OPENED not in st.session_state:
        st.rerun()
