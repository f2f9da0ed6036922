"""How a person hears of things: by kind at once, in the digest or in the Inbox alone; digest times; the own hook."""

from collections.abc import Callable
from zoneinfo import available_timezones

import streamlit as st
from pydantic import SecretStr

from app import session
from app.widgets import told
from app.widgets.text import plain
from pipelines.administration.notifications import (
    Ways,
    read_settings,
    remove_hook,
    save_settings,
    set_hook,
    try_hook,
    ways_out,
)
from warehouse import clock
from warehouse.domain.access import Person
from warehouse.domain.digest import DigestTimes
from warehouse.domain.notification import WORDS, NotificationKind, Pace
from warehouse.ledger.notification_settings import NotificationSettings
from warehouse.ledger.store import open_ledger
from warehouse.settings import current

PACE_WORDS = {Pace.AT_ONCE: "At once", Pace.DIGEST: "In the digest", Pace.NEVER: "Inbox only"}
DAYS = {1: "Mon", 2: "Tue", 3: "Wed", 4: "Thu", 5: "Fri", 6: "Sat", 7: "Sun"}
PLACE, HOOK = "notice_settings", "notice_hook"
ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
)


def draw(person: Person) -> None:
    """Draw the part of the Inbox."""
    now, ways = read_settings(open_ledger(), by=person), ways_out(current())
    told.tell(PLACE)
    _draw_ways(person, now, ways)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _draw_paces(now, has_email=ways.has_email)
    with right:
        _draw_hook(now, is_offline=ways.is_offline)


def _draw_ways(person: Person, now: NotificationSettings, ways: Ways) -> None:
    if ways.is_offline:
        st.info("This installation is offline: every notice is in your Inbox, and none leaves by mail or hook.")
        return
    out = [f"mail to {plain(person.email)}"] if ways.has_email and now.uses_email and not person.is_demo else []
    if now.hook_kind:
        out.append(now.hook_kind.title())
    words = (
        f"Beside your Inbox you hear by {' and '.join(out)}."
        if out
        else "Every notice is in your Inbox; none leaves by mail or hook."
    )
    st.markdown(words)
    if not ways.has_email:
        st.caption("This installation has no mail server: whoever runs it can set PROCURA\\_SMTP\\_URL.")


def _draw_paces(now: NotificationSettings, *, has_email: bool) -> None:
    st.subheader("What, and how soon", anchor=False)
    with st.form("paces"):
        paces = {kind: _draw_pace(kind, now.paces[kind]) for kind in NotificationKind}
        st.markdown("**Digest**")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            hour = st.selectbox("Hour", range(24), index=now.digest.hour, format_func=lambda h: f"{h:02}:00", width=110)
            zones = list(dict.fromkeys([now.digest.zone, *ZONES, *sorted(available_timezones())]))
            zone = st.selectbox("Zone", zones, index=0)
        days = st.pills(
            "Days", list(DAYS), default=list(now.digest.weekdays), format_func=DAYS.__getitem__, selection_mode="multi"
        )
        uses_email = st.checkbox("Send me mail", value=now.uses_email, disabled=not has_email)
        is_sent = st.form_submit_button("Save", type="primary")
    if is_sent:
        chosen = {kind: pace for kind, pace in paces.items() if pace is not None}
        _do(
            lambda by: save_settings(
                open_ledger(),
                chosen,
                DigestTimes(hour, tuple(sorted(days)), zone),
                uses_email=uses_email,
                at=clock.now(),
                by=by,
            ),
            "Saved. What you are told from now on follows it.",
        )
        st.rerun()


def _draw_pace(kind: NotificationKind, now: Pace) -> Pace | None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(WORDS[kind], width=250)
        return st.segmented_control(
            WORDS[kind], list(Pace), default=now, format_func=PACE_WORDS.__getitem__, required=True,
            key=f"pace-{kind.value}", label_visibility="collapsed",
        )  # fmt: skip


def _draw_hook(now: NotificationSettings, *, is_offline: bool) -> None:
    st.subheader("Slack or Teams", anchor=False)
    if now.hook_kind:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":green-badge[set] Messages go to a hook of {now.hook_kind.title()}.")
            st.button("Remove it", on_click=_remove)
    with st.form("hook", clear_on_submit=True):
        st.text_input(
            "Address of another hook" if now.hook_kind else "Address of a hook", type="password", key=HOOK, autocomplete="off",
            placeholder="https://hooks.slack.com/services/…", help="An incoming webhook of Slack, or a workflow of Teams.",
        )  # fmt: skip
        st.caption("It is tried once, sealed, and never shown again. Titles of notices are sent there.")
        st.form_submit_button("Try and save", on_click=_save_hook, disabled=is_offline)


def _save_hook() -> None:
    address = SecretStr(st.session_state.pop(HOOK, ""))

    def save(by: Person) -> None:
        try_hook(address, by=by)
        set_hook(open_ledger(), address, at=clock.now(), by=by)

    _do(save, "The hook took a test message and is saved.")


def _remove() -> None:
    _do(lambda by: remove_hook(open_ledger(), at=clock.now(), by=by), "The hook is removed.")


def _do(deed: Callable[[Person], object], done: str) -> None:
    told.attempt(PLACE, lambda: deed(session.person()), done)
