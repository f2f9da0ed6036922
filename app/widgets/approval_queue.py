"""The queue of signatures: what I may sign now, what waits for others and why not for me, what I decided lately."""

from collections.abc import Sequence

import streamlit as st

from app.widgets import deadline, filters, money, names, state, submission_names
from app.widgets.text import plain
from pipelines.submission.approval_queue import QueueItem, my_decisions, my_queue
from warehouse import clock
from warehouse.domain.access import Person, Role
from warehouse.domain.submission import ApprovalStatus
from warehouse.ledger.store import open_ledger


def draw(person: Person) -> None:
    """Draw both halves of the queue."""
    found = my_queue(open_ledger(), by=person)
    mine = [item for item in found if not item.why_not]
    others = [item for item in found if item.why_not]
    if person.role is Role.CONTRACT_OFFICER:
        _draw_mine(mine, person)
    if others:
        st.subheader("Waiting for others", anchor=False)
        for item in others:
            _draw_card(item)
    elif not mine and person.role is not Role.CONTRACT_OFFICER:
        state.empty("Nothing waits for a signature.", "Packages appear here as soon as somebody sends one to approval.")


def _draw_mine(mine: Sequence[QueueItem], person: Person) -> None:
    st.subheader(f"For you to sign: {len(mine)}" if mine else "For you to sign", anchor=False)
    if not mine:
        state.empty(
            "Nothing waits for you.",
            f"Packages for {person.department.value} that you did not work on appear here, and in your Inbox.",
        )
    for item in mine:
        _draw_card(item)


def _draw_card(item: QueueItem) -> None:
    of, step, at = item.submission, item.step, clock.now()
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{plain(of.title)}**")
            st.markdown(f":orange-badge[{plain(step.name)}]" if step else ":green-badge[all signed, being frozen]")
        facts = (of.label, of.solicitation_number, names.office(of.agency), money.short(of.value_usd),
                 f"of {submission_names.short(of.owner_email)}",
                 f"sent {deadline.moment(of.state_changed_at, deadline.reader_zone())}")  # fmt: skip
        st.caption(" · ".join(plain(fact) for fact in facts if fact))
        words = deadline.describe(
            of.due_date, of.due_offset_minutes, of.due_precision, of.safe_deadline_at, at=at, state=of.place_state
        )
        deadline.draw(words)
        if item.why_not:
            st.caption(f"Not yours to sign: {plain(item.why_not)}")
        label = "Look at it →" if item.why_not else "Look and sign →"
        st.page_link("pages/approval.py", label=label, query_params={"offer": of.id})


def draw_decided(person: Person) -> None:
    """Draw what the person signed or rejected, the latest first; nothing while there is none."""
    decided = my_decisions(open_ledger(), by=person)
    if not decided:
        return
    st.subheader("What you decided", anchor=False)
    zone = deadline.reader_zone()
    rows = [
        {
            "When": deadline.sortable(step.decided_at, zone) if step.decided_at else "",
            "Offer": offer.title,
            "Step": step.name,
            "Decision": "rejected" if step.status is ApprovalStatus.REJECTED else "signed",
            "Stands": "no longer counts" if step.voided_at else "counts",
            "SHA-256": step.manifest_hash[:16] + "…",
            "Open": f"approval?offer={offer.id}",
        }
        for offer, step in decided
    ]
    if filters.is_phone():
        rows = [{key: row[key] for key in ("Offer", "Decision", "Open")} for row in rows]
    st.dataframe(
        rows, hide_index=True, height="auto" if len(rows) > 10 else "content", placeholder="", alt="What you signed or rejected",
        column_config={"Open": st.column_config.LinkColumn(display_text="look")},
    )  # fmt: skip
