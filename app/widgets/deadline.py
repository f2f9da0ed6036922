"""The one place that writes time: a deadline as the office states it, what that is here, how long is left, when to send.

Not here: how a safe instant is found, what a zone is called (warehouse/domain/deadlines.py).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from zoneinfo import ZoneInfo

import streamlit as st

from warehouse.domain.deadlines import DeadlinePrecision, office_zone, zone_name
from warehouse.ledger.opportunities import OpportunityRow


class Urgency(StrEnum):
    """How a deadline presses; the colour's name is Streamlit's, and the words always say the same."""

    PASSED = "gray"
    RED = "red"  # under 24 hours
    AMBER = "orange"  # under 72 hours
    CALM = "normal"
    NONE = "none"


MARKS = {
    DeadlinePrecision.ASSUMED_ZONE: (
        "zone assumed",
        "The source gave a time without a zone; the office's own was assumed.",
    ),
    DeadlinePrecision.DATE: (
        "day only",
        "The source gave a day without a time; the end of that day at the office is shown.",
    ),
    DeadlinePrecision.UNREADABLE: ("unreadable", "The source's text fits no known form; it is shown as published."),
}


@dataclass(frozen=True)
class Deadline:
    """A deadline in words. Empty texts where there is nothing to say.

    Attributes:
        office: "Fri 10 Apr 2026 14:00 EDT": the instant in the office's zone.
        here: The same instant in the reader's zone, when that differs.
        left: "in 2 d 4 h", "in 5 h 10 min", "passed 3 h ago".
        send_by: "send by Thu 9 Apr 17:00": the safe instant, when it is still ahead.
        mark: A word that something was assumed, and why.
    """

    office: str
    here: str
    left: str
    send_by: str
    mark: str
    mark_help: str
    urgency: Urgency


def describe(
    due_at: datetime | None,
    offset_minutes: int | None,
    precision: DeadlinePrecision,
    safe_at: datetime | None,
    *,
    at: datetime,
    raw: str | None = None,
    here: tzinfo | None = None,
    state: str | None = None,
) -> Deadline:
    """Put a deadline into words.

    Args:
        offset_minutes: The office's offset from UTC; None is read as UTC.
        at: The instant from which "left" counts.
        raw: As published, shown where it could not be read.
        here: The reader's zone.
        state: Where the work is: what the office's zone is called.
    """
    mark, help_text = MARKS.get(precision, ("", ""))
    if due_at is None:
        text = f"as published: {raw}" if raw and precision is DeadlinePrecision.UNREADABLE else "no deadline stated"
        return Deadline(text, "", "", "", mark, help_text, Urgency.NONE)
    office = office_zone(due_at, offset_minutes, state)
    local = due_at.astimezone(here) if here else None
    is_elsewhere = local is not None and local.utcoffset() != due_at.astimezone(office).utcoffset()
    return Deadline(
        office=moment(due_at, office),
        here=f"{local:%a} {local.day} {local:%b %H:%M} here" if local and is_elsewhere else "",
        left=left(due_at, at),
        send_by=_send_by(safe_at, office, at),
        mark=mark,
        mark_help=help_text,
        urgency=urgency(due_at, at),
    )


def moment(instant: datetime, zone: tzinfo) -> str:
    """Write an instant in a zone: "Fri 10 Apr 2026 14:00 EDT"; an office's zone without a name: "UTC+09:00 (as published)"."""
    local = instant.astimezone(zone)
    published = " (as published)" if (local.tzname() or "").startswith(("UTC+", "UTC−")) else ""
    return f"{local:%a} {local.day} {local:%b %Y %H:%M} {zone_name(local)}{published}"


def sortable(instant: datetime, zone: tzinfo) -> str:
    """Write an instant in a zone so that a table's column sorts by it: "2026-04-10 Fri 14:00 EDT"."""
    local = instant.astimezone(zone)
    return f"{local:%Y-%m-%d %a %H:%M} {zone_name(local)}"


def day(instant: datetime | None, zone: tzinfo) -> str:
    """Write the day of an instant in a zone: "10 Apr 2026"; "" for none."""
    local = instant.astimezone(zone) if instant else None
    return f"{local.day} {local:%b %Y}" if local else ""


def left(due_at: datetime, at: datetime) -> str:
    """Write how long is left: "in 2 d 4 h", or how long ago it passed."""
    minutes = int(abs((due_at - at).total_seconds()) // 60)
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days >= 10:
        text = f"{days} d"
    elif days:
        text = f"{days} d {hours} h"
    else:
        text = f"{hours} h {rest} min" if hours else f"{rest} min"
    return f"in {text}" if due_at >= at else f"passed {text} ago"


def urgency(due_at: datetime, at: datetime) -> Urgency:
    """Say how a deadline presses."""
    if due_at < at:
        return Urgency.PASSED
    if due_at - at < timedelta(hours=24):
        return Urgency.RED
    return Urgency.AMBER if due_at - at < timedelta(hours=72) else Urgency.CALM


def coloured(text: str, level: Urgency) -> str:
    """Return Markdown that shows a text in the colour of its urgency."""
    return text if level in (Urgency.CALM, Urgency.NONE) else f":{level.value}[{text}]"


def reader_zone() -> tzinfo:
    """Return the zone of the reader's browser; UTC where it does not say."""
    name = st.context.timezone
    try:
        return ZoneInfo(name) if name else UTC
    except (KeyError, ValueError, OSError):
        return UTC


def office_moment(row: OpportunityRow) -> str:
    """Write when an opportunity is due in the office's zone; "" for none."""
    if row.due_date is None:
        return ""
    return moment(row.due_date, office_zone(row.due_date, row.due_offset_minutes, row.place_state))


def draw(words: Deadline) -> None:
    """Draw a deadline in one line, its mark as a badge with the reason on hover."""
    parts = [
        f"**{coloured(words.left, words.urgency)}**" if words.left else "",
        words.office,
        words.here,
        words.send_by,
    ]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(" · ".join(part for part in parts if part))
        if words.mark:
            st.badge(words.mark, color="gray", help=words.mark_help)


def _send_by(safe_at: datetime | None, office: tzinfo, at: datetime) -> str:
    if safe_at is None or safe_at < at:
        return ""
    local = safe_at.astimezone(office)
    return f"send by {local:%a} {local.day} {local:%b %H:%M}"
