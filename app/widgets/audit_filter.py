"""Which audit records are shown: the filter as the address has it, and the row of widgets that changes it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import partial

import streamlit as st

from app.address import number
from app.widgets import deadline
from app.widgets.text import plain
from warehouse.ledger.audit_records import RecordFilter

TEXTS = ("actor", "action", "subject")
DAYS = ("since", "until")
LONGEST = 200


def current_filter() -> RecordFilter:
    """Read the filter from the address; what is no value of ours is left out."""
    zone = deadline.reader_zone()
    since, until = _day("since"), _day("until")
    actor, action, subject = (st.query_params.get(name, "").strip()[:LONGEST] for name in TEXTS)
    return RecordFilter(
        actor=actor,
        action=action,
        subject=subject,
        since=_midnight(since, zone),
        until=_midnight(until + timedelta(days=1) if until else None, zone),
        page=number(st.query_params.get("page", ""), 1, 200) or 1,
    )


def chosen_record() -> int | None:
    """Return the record that the address has open."""
    return number(st.query_params.get("record", ""), 1, 999_999)


def write(**values: str) -> None:
    """Write parameters into the address; an empty one leaves it. Another filter begins at its first page."""
    for name, value in ({"page": "", "record": ""} | values).items():
        if value:
            st.query_params[name] = value
        else:
            st.query_params.pop(name, None)


def clear() -> None:
    """Take all of it away."""
    write(**dict.fromkeys((*TEXTS, *DAYS), ""))


def draw(actions: list[str], *, of_all: bool) -> None:
    """Draw the widgets, set from the address."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if of_all:
            _text("actor", "Who", "address or id")
        _action(actions)
        _text("subject", "To what", "id of a thing")
        for name, label in (("since", "From"), ("until", "To")):
            key = f"audit_{name}"
            st.session_state[key] = _day(name)
            st.date_input(label, value=None, key=key, format="YYYY-MM-DD", on_change=_take(key, name), width=140)
        if any(st.query_params.get(name) for name in (*TEXTS, *DAYS)):
            st.button("Clear", on_click=clear)


def _text(name: str, label: str, hint: str) -> None:
    key = f"audit_{name}"
    st.session_state[key] = st.query_params.get(name, "")[:LONGEST]
    st.text_input(label, key=key, placeholder=hint, on_change=_take(key, name), max_chars=LONGEST, width=215)


def _action(actions: list[str]) -> None:
    groups = sorted({f"{action.partition(':')[0]}:*" for action in actions})
    stated = st.query_params.get("action", "")
    choices = sorted({*actions, *groups, *([stated] if stated else [])})
    st.session_state["audit_action"] = stated or None
    st.selectbox(
        "Did what", choices, index=None, key="audit_action", placeholder="anything", format_func=plain,
        on_change=_take("audit_action", "action"), width=215,
    )  # fmt: skip


def _take(key: str, name: str) -> Callable[[], None]:
    def take(key: str, name: str) -> None:
        value = st.session_state[key]
        write(**{name: value.isoformat() if isinstance(value, date) else (value or "").strip()})

    return partial(take, key, name)


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(st.query_params.get(name, ""))
    except ValueError:
        return None


def _midnight(day: date | None, zone: tzinfo) -> datetime | None:
    return datetime.combine(day, time(), zone).astimezone(UTC) if day else None
