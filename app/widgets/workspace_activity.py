"""Activity of a workspace: the audit log's records about this offer, the newest first, in words."""

from collections.abc import Mapping

import streamlit as st

from app.widgets import deadline
from app.widgets.workspace_changes import FIELDS
from pipelines.submission.activity import read_activity
from warehouse.domain.access import Person
from warehouse.domain.audit_event import Fact
from warehouse.ledger.store import SYSTEM, open_ledger
from warehouse.ledger.submission_activity import Happening
from warehouse.ledger.submissions import Submission

WORDS = {
    "submission:opened": "opened the workspace",
    "submission:renamed": "renamed it from “{was}” to “{to}”",
    "submission:valued": "set its value to ${to}",
    "submission:shared": "shared it",
    "submission:sharing_ended": "ended sharing with somebody",
    "submission:handed_over": "handed it over",
    "submission:closed": "closed it",
    "submission:noted": "wrote a note",
    "submission:notice_changed": "met a changed notice: {fields}",
    "submission:changes_acknowledged": "acknowledged changes of the notice",
    "submission:moved": "moved it to the entry that its solicitation goes on under",
}
"""What each action is called; all others are told by their own name: subject and verb are words already."""
SHOWN = 100


def draw(submission: Submission, person: Person) -> None:
    """Draw the part."""
    st.subheader("Activity", anchor=False)
    found = read_activity(open_ledger(), submission.id, by=person, limit=SHOWN)
    zone = deadline.reader_zone()
    rows = [
        {
            "When": deadline.sortable(happening.at, zone),
            "Who": "Procura" if happening.who == SYSTEM else happening.who,
            "Did": words(happening),
            "Record": happening.seq,
        }
        for happening in found
    ]
    st.dataframe(
        rows,
        hide_index=True,
        height="auto" if len(rows) > 10 else "content",
        placeholder="",
        alt="What happened in this workspace, the newest first",
        column_config={
            "When": st.column_config.TextColumn(width=190),
            "Who": st.column_config.TextColumn(width=200),
            "Did": st.column_config.TextColumn(width="large"),
            "Record": st.column_config.NumberColumn(format="localized", width=70, help="Its number in the audit log."),
        },
    )
    if len(found) == SHOWN:
        st.caption(f"The newest {SHOWN}; the page Audit has all of them, for who may read it.")


def words(happening: Happening) -> str:
    """Say what somebody did."""
    template = WORDS.get(happening.action)
    if template is None:
        subject, _, verb = happening.action.partition(":")
        said = f"{verb} {subject}".replace("_", " ")
        return f"{said}: {name_in(happening.facts)}" if name_in(happening.facts) else said
    facts = {**MISSING, **happening.facts}
    facts["fields"] = ", ".join(FIELDS.get(name, name).lower() for name in str(facts["fields"]).split(", "))
    return template.format_map(facts)


MISSING: Mapping[str, Fact] = {"was": "", "to": "", "fields": ""}
NAMES = ("title", "file_name", "name", "step", "label")
"""Facts that name what a deed was done to, the first one found counts."""


def name_in(facts: Mapping[str, Fact]) -> str:
    """Return how the thing is called that a deed was done to; "" where the log does not say."""
    return next((str(facts[name]) for name in NAMES if facts.get(name)), "")
