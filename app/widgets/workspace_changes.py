"""Changes of the notice under an offer: a banner while one is not acknowledged, and all of them as a part."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import streamlit as st

from app import session
from app.widgets import amendments, deadline, names, told
from app.widgets.text import plain
from pipelines.submission.look_up import may_on
from pipelines.submission.notice_changes import acknowledge, read_changes
from warehouse import clock
from warehouse.domain.access import Action, Person
from warehouse.domain.deadlines import office_zone
from warehouse.domain.submission import SubmissionStatus
from warehouse.ledger.notice_changes import FieldChange, NoticeChange, texts_of, titles_of
from warehouse.ledger.store import open_ledger
from warehouse.ledger.submissions import Submission

PLACE = "changes"
MOST_PASSAGES = 4
FIELDS = {
    "is_open": "It can be answered",
    "due_date": "Deadline",
    "set_aside_code": "Set-aside",
    "attachment_urls": "Attachments",
    "title": "Title",
    "description": "Text",
    "opportunity_id": "Entry",
}


def draw_banner(found: Submission, person: Person) -> None:
    """Draw what nobody has acknowledged yet: what changed, what it opened again, and the button for who works on it."""
    opened = [c for c in read_changes(open_ledger(), found.id, by=person) if c.acknowledged_at is None][::-1]
    told.tell(PLACE)
    with st.container():  # always there: what is open below stays open when the banner comes or goes
        if opened and found.closed_at is None:
            _draw_opened(found, opened, person)


def draw(submission: Submission, person: Person) -> None:
    """Draw the part: every change that met this offer, the newest first."""
    st.subheader("Changes of the notice", anchor=False)
    changes = read_changes(open_ledger(), submission.id, by=person)
    if not changes:
        st.caption("The notice has not changed in anything that this offer relies on since the workspace was opened.")
    for change in changes:
        with st.container(border=True):
            _draw(submission, change, person)
            if change.acknowledged_at is None:
                st.caption("Not acknowledged yet.")
            else:
                when = deadline.moment(change.acknowledged_at, deadline.reader_zone())
                st.caption(f"Acknowledged {when}.")


def _draw_opened(found: Submission, opened: Sequence[NoticeChange], person: Person) -> None:
    with st.container(border=True):
        many = f" {len(opened)} times" if len(opened) > 1 else ""
        st.warning(f"**The notice changed{many}** since this offer was written. {_effect(opened)}")
        for change in opened:
            _draw(found, change, person)
        _draw_button(found, opened, person)


def _effect(opened: Sequence[NoticeChange]) -> str:
    points = {point for change in opened for point in change.opened}
    said = []
    if any(change.took_back for change in opened):
        said.append("The package is void, and nothing that was signed counts.")
    if points:
        said.append(f"{len(points)} point{'s are' if len(points) > 1 else ' is'} open again.")
    return " ".join(said)


def _draw(found: Submission, change: NoticeChange, person: Person) -> None:
    st.caption(f"Seen {deadline.moment(change.noticed_at, deadline.reader_zone())}")
    for field in change.fields:
        if field.field == "description":
            _draw_text(found, change, field, person)
        else:
            _draw_field(found, field)
    if change.opened:
        with open_ledger().read(person) as tx:
            titles = titles_of(tx, change)
        st.markdown("Open again: " + " · ".join(plain(title) for title in titles))


def _draw_field(found: Submission, change: FieldChange) -> None:
    name = FIELDS.get(change.field, change.field)
    was, now = _value(found, change.field, change.was), _value(found, change.field, change.now)
    st.markdown(f"**{name}:** :red[~~{plain(was)}~~] → :green[{plain(now)}]")


def _value(found: Submission, field: str, value: Any) -> str:
    if field == "due_date":
        if not value:
            return "none stated"
        due = datetime.fromisoformat(value)
        return deadline.moment(due, office_zone(due, found.due_offset_minutes, found.place_state))
    if field == "set_aside_code":
        return names.set_aside(value, None) or "none, open to all"
    if field == "attachment_urls":
        return ", ".join(value) or "none"
    if field == "is_open":
        return "yes" if value else "no: its source took it back"
    return str(value)


def _draw_text(found: Submission, change: NoticeChange, field: FieldChange, person: Person) -> None:
    st.markdown(f"**Text:** {_characters(field.was)} before, {_characters(field.now)} now")
    with open_ledger().read(person) as tx:
        texts = texts_of(tx, change, found.opportunity_id)
    passages = amendments.text_changes(*texts)[0] if texts else ()
    for passage in passages[:MOST_PASSAGES]:
        gone = f":red[~~{plain(passage.removed)}~~] " if passage.removed else ""
        come = f":green[{plain(passage.added)}] " if passage.added else ""
        st.markdown(f":small[… {plain(passage.before)} {gone}{come}{plain(passage.after)} …]")


def _characters(mark: Mapping[str, Any]) -> str:
    return f"{mark['characters']:,} characters"


def _draw_button(found: Submission, opened: Sequence[NoticeChange], person: Person) -> None:
    if not may_on(found, person, Action.ACKNOWLEDGE_CHANGE):
        st.caption("Who works on this offer acknowledges it.")
        return
    is_draft = found.status is SubmissionStatus.DRAFT
    st.button(
        "I have read this" if len(opened) == 1 else f"I have read these {len(opened)} changes",
        type="primary", disabled=not is_draft, on_click=_acknowledge, args=(found.id, [c.id for c in opened]),
        help=None if is_draft else "Its owner makes it a draft again first.",
    )  # fmt: skip


def _acknowledge(submission_id: str, change_ids: list[str]) -> None:
    told.attempt(
        PLACE, lambda: acknowledge(open_ledger(), submission_id, change_ids, at=clock.now(), by=session.person())
    )
