"""Audit: is the record whole, and what happened to X? State and verification above, search and single records below."""

import streamlit as st

from app import session
from app.page import PageInfo, Section
from app.widgets import audit_filter, audit_records, audit_state, state
from pipelines.administration.audit_log import find_record, known_actions, search_records
from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.ledger.audit_records import PAGE_SIZE, FoundRecords, RecordFilter
from warehouse.ledger.store import open_ledger

PAGE = PageInfo("Audit", Section.TRUST, 1, "Whether the record is whole, and what happened to a thing.")


def render() -> None:
    """Draw the page for the filter that the address names."""
    person = session.person()
    reads_all = access.may(person, Action.READ_AUDIT_LOG)
    st.title("Audit")
    if reads_all:
        audit_state.draw(person)
    else:
        st.caption(f"What you did yourself. The whole log is read by {access.who_may(Action.READ_AUDIT_LOG)}.")
    wanted = audit_filter.current_filter()
    audit_filter.draw(known_actions(open_ledger(), by=person), of_all=reads_all)
    found = search_records(open_ledger(), wanted, by=person)
    place = st.container()
    if not found.rows:
        _say_empty(wanted)
    else:
        st.markdown(_count_words(found, wanted))
        audit_records.draw_table(found, wanted.page)
        audit_records.draw_pages(found, wanted.page)
    with place:
        _draw_chosen(person)


def _draw_chosen(person: Person) -> None:
    chosen = audit_filter.chosen_record()
    if chosen is None:
        return
    record = find_record(open_ledger(), chosen, by=person)
    if record is None:
        st.info(f"There is no record {chosen:,}, or it is not yours to see.")
    else:
        audit_records.draw_record(record)


def _count_words(found: FoundRecords, wanted: RecordFilter) -> str:
    total = f"{found.total:,}{'+' if found.is_capped else ''}"
    if found.total <= PAGE_SIZE:
        return f"**{total}** record{'' if found.total == 1 else 's'}"
    first = (wanted.page - 1) * PAGE_SIZE + 1
    return f"**{total}** records · {first:,} to {first + len(found.rows) - 1:,}, newest first"


def _say_empty(wanted: RecordFilter) -> None:
    if wanted == RecordFilter():
        state.empty(
            "No records yet.", "Each deed leaves one: a decision, a change of a setting, a run that was asked for."
        )
    else:
        state.empty("Nothing matches.", "No record has all of this. Take a condition away, or clear the search.")


if __name__ == "__main__":
    render()
