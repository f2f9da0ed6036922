"""Audit records as a table, and one of them whole: its facts, its exact bytes, its place in the chain."""

import json

import streamlit as st

from app.widgets import audit_filter, deadline
from app.widgets.filters import is_phone
from app.widgets.text import plain
from warehouse.ledger.audit_records import PAGE_SIZE, AuditRecord, FoundRecords

MOST_BYTES = 20_000


def draw_table(found: FoundRecords, page: int) -> None:
    """Draw one page; a chosen row goes into the address."""
    zone = deadline.reader_zone()
    rows = [
        {
            "Record": row.seq,
            "When": deadline.sortable(row.at, zone),
            "Who": row.actor_email or row.actor,
            "Did what": row.action,
            "To what": row.subject,
        }
        for row in found.rows
    ]
    if is_phone():
        rows = [{"Did what": row["Did what"], "When": str(row["When"])[:20], "Record": row["Record"]} for row in rows]
    answer = st.dataframe(
        rows,
        key=f"audit_page_{page}",
        on_select="rerun",
        selection_mode="single-row",
        hide_index=True,
        height="auto" if len(rows) > 10 else "content",
        column_config={
            "Record": st.column_config.NumberColumn(format="localized", width=70),
            "When": st.column_config.TextColumn(width=190),
            "Who": st.column_config.TextColumn(width=220),
        },
        alt="Audit records, newest first",
    )
    chosen = [index for index in answer["selection"]["rows"] if index < len(found.rows)]
    wanted = str(found.rows[chosen[0]].seq) if chosen else ""
    if wanted and wanted != st.session_state.get("audit_chosen"):
        st.query_params["record"] = wanted
    st.session_state["audit_chosen"] = wanted


def draw_pages(found: FoundRecords, page: int) -> None:
    """Draw the numbers of the pages; where there is but one, none."""
    pages = -(-found.total // PAGE_SIZE)
    if pages <= 1:
        return
    key = f"audit_pages_{min(page, pages)}_of_{pages}"

    def turn() -> None:
        audit_filter.write(page=str(st.session_state[key]))

    with st.container(horizontal_alignment="center"):
        st.pagination(pages, default=min(page, pages), key=key, on_change=turn)
    if found.is_capped:
        st.caption(f"Only the newest {found.total:,} can be paged through; narrow the search.", text_alignment="center")


def draw_record(record: AuditRecord) -> None:
    """Draw one record whole."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(f"#### Record {record.seq:,}: {plain(record.action)}")
            st.button("Close", on_click=audit_filter.write, key="audit_close")
        st.markdown(
            f"{plain(record.actor_email or record.actor)} · {deadline.moment(record.at, deadline.reader_zone())}"
            f" · to {plain(record.subject)}"
            + (f" · submission {plain(record.submission_ref)}" if record.submission_ref else "")
        )
        facts = _facts(record.body)
        if facts:
            st.markdown("  \n".join(f"{plain(name)}: **{plain(_shown(value))}**" for name, value in facts.items()))
        st.caption("The exact bytes that were signed")
        st.code(record.body[:MOST_BYTES].decode("utf-8", "backslashreplace"), language=None, wrap_lines=True)
        st.caption(f"Confirmation hash (HMAC-SHA256, key {plain(record.key_id)}) over the hash before and these bytes")
        st.code(
            f"hash before   {record.previous_hash.hex() or '(the first record)'}\n"
            f"confirmation  {record.confirmation_hash.hex()}",
            language=None,
            wrap_lines=True,
        )
        st.button(
            f"All records of {plain(record.subject[:40])}",
            on_click=_show_history,
            args=(record.subject,),
            key="audit_history",
        )


def _show_history(subject: str) -> None:
    audit_filter.write(**{name: "" for name in (*audit_filter.TEXTS, *audit_filter.DAYS)} | {"subject": subject})


def _facts(body: bytes) -> dict[str, object]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    facts = told.get("facts") if isinstance(told, dict) else None
    return facts if isinstance(facts, dict) else {}


def _shown(value: object) -> str:
    if value is None:
        return "none"
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
