"""Exactly what is signed: the package's number and hash, every file with its own, the fields; and the gates asked again."""

from typing import Any

import streamlit as st

from app.widgets import approval_files, deadline, money
from app.widgets.text import plain
from pipelines.submission.approval_queue import gates_now
from warehouse import clock
from warehouse.domain.access import Person
from warehouse.domain.executor import EXECUTORS
from warehouse.domain.submission import SubmissionStatus
from warehouse.ledger.package_manifests import Manifest
from warehouse.ledger.store import open_ledger
from warehouse.ledger.submissions import Submission


def draw(manifest: Manifest, found: Submission, person: Person) -> None:
    """Draw a package as it was sent; every file can be looked at and downloaded."""
    st.subheader(f"Package {manifest.number}: exactly this is signed", anchor=False)
    st.caption(f"Sent {deadline.moment(manifest.made_at, deadline.reader_zone())} · SHA-256 over all of it:")
    st.code(manifest.hash, language=None, wrap_lines=True)
    approval_files.draw(manifest, person)
    _draw_facts(manifest.body, found)


def _draw_facts(body: Any, found: Submission) -> None:
    kind = EXECUTORS.get(body["executor"])
    facts = [
        ("Value", money.exact(found.value_usd) if body["value_usd"] is not None else "not stated"),
        (
            "Deadline",
            deadline.moment(found.due_date, deadline.reader_zone())
            if found.due_date and body["deadline"]
            else "not stated",
        ),
        ("Delivery", kind.title if kind else body["executor"]),
        *((field.label, body["fields"].get(field.name, "")) for field in (kind.fields if kind else ())),
        (
            "Notice",
            f"version {(body['notice_hash'] or 'unknown')[:12]}, {len(body['acknowledged_changes'])} changes acknowledged",
        ),
    ]
    st.markdown("  \n".join(f":gray[{plain(name)}:] {plain(value)}" for name, value in facts if value))


def draw_gates(found: Submission, person: Person) -> None:
    """Draw what the gates say at this moment: they let the package through when it was sent."""
    if found.status is not SubmissionStatus.PENDING_APPROVAL:
        return
    gates = gates_now(open_ledger(), found, at=clock.now(), by=person)
    closed = [gate for gate in gates if not gate.passed]
    st.subheader("Gates, asked again just now", anchor=False)
    for gate in closed:
        st.warning(f"**{plain(gate.name)}:** no. {plain(gate.reason)}")
    with st.expander(f"{len(gates) - len(closed)} of {len(gates)} say yes", expanded=False):
        for gate in gates:
            if gate.passed:
                st.markdown(f":green[:material/check:] {plain(gate.name)} · :small[{plain(gate.reason)}]")
