"""Notes of a workspace: writing one, and the newest first. What people write is shown as text and is never markup."""

import streamlit as st

from app import session
from app.widgets import deadline, told
from app.widgets.text import plain
from pipelines.submission.look_up import may_on
from pipelines.submission.notes import LONGEST_NOTE, Written, add_note, read_notes
from warehouse import clock
from warehouse.domain.access import Action, Person
from warehouse.errors import ProcuraError
from warehouse.ledger.store import open_ledger
from warehouse.ledger.submission_notes import Note
from warehouse.ledger.submissions import Submission

TEXT, PLACE = "note_text", "note"


def draw(submission: Submission, person: Person) -> None:
    """Draw the part."""
    st.subheader("Notes", anchor=False)
    if submission.closed_at is None and may_on(submission, person, Action.NOTE_SUBMISSION):
        st.text_area(
            "Note", key=TEXT, height=90, max_chars=LONGEST_NOTE, label_visibility="collapsed",
            placeholder="What colleagues should know. @name tells a person who may see this offer.",
        )  # fmt: skip
        st.button("Write note", on_click=_write, args=(submission.id,))
    told.tell(PLACE, _say)
    notes = read_notes(open_ledger(), submission.id, by=person)
    if not notes:
        st.caption("No notes yet.")
    for note in notes:
        _draw(note)


def _draw(note: Note) -> None:
    with st.container(border=True, gap="xsmall"):
        when = deadline.moment(note.written_at, deadline.reader_zone())
        told = f" · told {', '.join(plain(email) for email in note.mentions)}" if note.mentions else ""
        st.caption(f"**{plain(note.author_email)}** · {when}{told}")
        st.text(note.body)


def _write(submission_id: str) -> None:
    text = str(st.session_state.get(TEXT) or "")
    try:
        written = add_note(open_ledger(), submission_id, text, at=clock.now(), by=session.person(acts=True))
    except ProcuraError as error:
        told.leave(PLACE, error)  # what was typed stays in its box
    else:
        st.session_state[TEXT] = ""
        told.leave(PLACE, written)


def _say(written: Written) -> None:
    if written.ambiguous:
        st.warning(f"Several people are called {_listed(written.ambiguous)}: nobody was told. Write the whole address.")
    if written.unknown:
        st.warning(f"Nobody who may see this offer is called {_listed(written.unknown)}.")


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"**@{plain(name)}**" for name in names)
