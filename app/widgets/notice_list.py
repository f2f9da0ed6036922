"""The notices of the Inbox: what is unread first, by day, narrowed by the address, each with the way to its thing."""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import groupby

import streamlit as st

from app import session
from app.address import members, number
from app.widgets import deadline, state
from app.widgets.filters import is_phone
from app.widgets.text import plain
from pipelines.administration.notifications import mark_read, read_inbox
from warehouse import clock
from warehouse.domain.access import Person
from warehouse.domain.notification import WORDS, NotificationKind
from warehouse.ledger.notifications import Notification
from warehouse.ledger.store import open_ledger

ROWS, MOST_ROWS = 30, 300
URGENT = {
    NotificationKind.REJECTED: "red", NotificationKind.VOIDED: "red", NotificationKind.FILE_REFUSED: "red",
    NotificationKind.NOTICE_CHANGED: "orange", NotificationKind.POINT_OVERDUE: "orange",
    NotificationKind.DEADLINE: "orange", NotificationKind.SAFE_INSTANT: "red",
    NotificationKind.WAITING_FOR_YOU: "blue", NotificationKind.APPROVED: "green",
    NotificationKind.DELIVERED: "green", NotificationKind.DELIVERY_FAILED: "red", NotificationKind.DELIVERY_NEEDS_YOU: "red",
    NotificationKind.RECEIPT_TO_CONFIRM: "blue",
}  # fmt: skip
SHORT = {
    NotificationKind.MENTIONED: "mentioned", NotificationKind.SHARED: "shared", NotificationKind.HANDED_OVER: "handed over",
    NotificationKind.WAITING_FOR_YOU: "to sign", NotificationKind.APPROVED: "approved",
    NotificationKind.REJECTED: "rejected", NotificationKind.VOIDED: "voided", NotificationKind.NOTICE_CHANGED: "notice changed",
    NotificationKind.POINT_ASSIGNED: "point", NotificationKind.POINT_OVERDUE: "overdue", NotificationKind.DEADLINE: "deadline",
    NotificationKind.SAFE_INSTANT: "safe instant", NotificationKind.SAVED_SEARCH: "search", NotificationKind.FILE_REFUSED: "file",
    NotificationKind.DELIVERED: "delivered", NotificationKind.DELIVERY_FAILED: "delivery failed",
    NotificationKind.DELIVERY_NEEDS_YOU: "needs you", NotificationKind.RECEIPT_TO_CONFIRM: "receipt",
}  # fmt: skip


def draw(person: Person) -> None:
    """Draw filter and list."""
    kinds = members(NotificationKind, st.query_params.get_all("kind"))
    is_unread_only = st.query_params.get("unread") == "1"
    limit = number(st.query_params.get("rows", ""), ROWS, MOST_ROWS) or ROWS
    found = read_inbox(open_ledger(), kinds=kinds, is_unread_only=is_unread_only, limit=limit + 1, by=person)
    if found or kinds or is_unread_only:
        _draw_filter(kinds, is_unread_only)
    if not found:
        _say_empty(is_narrowed=bool(kinds) or is_unread_only)
        return
    shown = found[:limit]
    unread = [notice for notice in shown if notice.read_at is None]
    _draw_days(unread)
    if unread and len(unread) < len(shown):
        st.divider()
        st.caption("Read")
    _draw_days([notice for notice in shown if notice.read_at is not None])
    if len(found) > limit and limit < MOST_ROWS:
        st.button("Show more", on_click=_write, kwargs={"rows": str(min(limit + ROWS, MOST_ROWS))})


def _draw_filter(kinds: Sequence[NotificationKind], is_unread_only: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.session_state["inbox_kinds"] = list(kinds)
        st.multiselect(
            "Kinds", list(NotificationKind), format_func=WORDS.__getitem__, key="inbox_kinds", placeholder="Every kind",
            on_change=lambda: _write(kind=[kind.value for kind in st.session_state["inbox_kinds"]]),
        )  # fmt: skip
        st.session_state["inbox_unread"] = is_unread_only
        st.toggle(
            "Unread only", key="inbox_unread",
            on_change=lambda: _write(unread="1" if st.session_state["inbox_unread"] else ""),
        )  # fmt: skip
        st.button(
            "Mark all as read", on_click=_mark, args=(None,), help="Yours alone; nobody else sees what you have read."
        )


def _draw_days(notices: Sequence[Notification]) -> None:
    zone, now = deadline.reader_zone(), clock.now()
    for day, found in groupby(notices, key=lambda notice: notice.at.astimezone(zone).date()):
        days = (now.astimezone(zone).date() - day).days
        name = {0: "Today", 1: "Yesterday"}.get(days, f"{day:%A} {day.day} {day:%b %Y}")
        st.markdown(f"**{name}**")
        with st.container(border=True, gap="xsmall"):
            for notice in found:
                _draw_notice(notice, notice.at.astimezone(zone))


def _draw_notice(notice: Notification, at: datetime) -> None:
    badge = f":{URGENT.get(notice.kind, 'gray')}-badge[{SHORT[notice.kind]}]"
    text = plain(notice.text)
    about = f" · {plain(_short(notice.title))}" if notice.title and notice.title[:40] not in notice.text else ""
    by = f" · {plain(notice.actor_email)}" if notice.actor_email else ""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(width="stretch", gap="xxsmall"):
            st.markdown(f"{badge} {f'**{text}**' if notice.read_at is None else text}")
            st.caption(f"{at:%H:%M}{by}{about}")
        if way := _way(notice):
            way()
        if notice.read_at is None:
            st.button("Mark read", key=f"read-{notice.id}", on_click=_mark, args=([notice.id],), type="tertiary")


def _short(title: str) -> str:
    longest = 40 if is_phone() else 100
    return title if len(title) <= longest else title[: longest - 1].rstrip() + "…"


def _way(notice: Notification) -> Callable[[], object] | None:
    page, parameters = None, {}
    if notice.submission_id:
        page, parameters = "workspace", {"id": notice.submission_id}
    elif notice.search_id:
        page, parameters = "inbox", {"part": "searches"}
    elif notice.opportunity_id:
        page, parameters = "opportunity", {"id": notice.opportunity_id}
    if page is None:
        return None
    return lambda: st.page_link(f"pages/{page}.py", label="Open", query_params=parameters)


def _say_empty(*, is_narrowed: bool) -> None:
    if is_narrowed:
        state.empty("Nothing here.", "No notice is like this. Take the filter away to see all of them.")
        st.button("Show all", on_click=_write, kwargs={"kind": "", "unread": ""})
    else:
        state.empty(
            "Nothing yet.",
            "Here comes what concerns you: when you are mentioned, when a package waits for your signature, when a notice"
            " changes, when a deadline comes, and what your saved searches find.",
            page="opportunities",
            label="Save a search",
        )


def _write(**values: str | list[str]) -> None:
    for name, value in values.items():
        if value:
            st.query_params[name] = value
        else:
            st.query_params.pop(name, None)


def _mark(ids: list[str] | None) -> None:
    mark_read(open_ledger(), ids, at=clock.now(), by=session.person())
