"""What a reader must know before reading anything: demo notices, another instant than now, a silent source or witness."""

from datetime import timedelta

import streamlit as st

from app.widgets import names
from app.widgets.deadline import left, moment, reader_zone
from app.widgets.text import plain
from warehouse import clock, settings
from warehouse.audit.witness import faults
from warehouse.domain.access import Action, Person, may
from warehouse.ledger.people import are_notices_demo
from warehouse.ledger.sources import Source, list_sources
from warehouse.ledger.store import open_ledger

STALE_AFTER = timedelta(hours=26)
"""SAM.gov's bulk file comes once a day; two hours for its delays."""


def draw(person: Person) -> None:
    """Draw the banners that apply; most days none does."""
    with open_ledger().read(person) as tx:
        is_demo, sources = are_notices_demo(tx), list_sources(tx)
    if is_demo:
        st.info(
            "**Demo notices.** Procura made these itself, because no source could be read yet. They go with the first real"
            " ones: drop a file into `var/inbox/sam_gov/`, or let the machine reach sam\\.gov."
        )
    _draw_audit(person)
    as_of = settings.current().as_of
    if as_of is not None:
        st.info(
            f"**As of {moment(as_of, reader_zone())}.** Notices, scores and time left are shown as they were at that instant."
        )
        return
    for source in sources:
        if words := stale(source):
            st.warning(words)


def _draw_audit(person: Person) -> None:
    """Tell who reads the audit log that its checkpoints do not come to where they should."""
    if may(person, Action.READ_AUDIT_LOG):
        for words in faults(settings.current()):
            st.error(f"**Audit log.** {plain(words)}")


def stale(source: Source) -> str:
    """Return the sentence about a source that has been silent for too long; "" when it has not."""
    if source.name == "demo" or source.last_success_at is None or not source.is_expected:
        return ""
    now = clock.now()
    if now - source.last_success_at <= STALE_AFTER:
        return ""
    since = left(source.last_success_at, now).removeprefix("passed ")
    return f"**{plain(names.source(source.name))}** last answered {since}: newer notices are not here yet."
