"""Deadlines as instants with the office's zone, and the safe instant before them.

Pure: holidays are an argument. What a source published stays beside the instant; an assumed zone is marked.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from enum import StrEnum
from zoneinfo import ZoneInfo

from warehouse.domain.codes import STATE_ZONES

SAFE_TIME = time(17)
"""FAR 15.208(a): an offer is due by 16:30 where no time is stated; by 17:00 the day before is what careful firms hold."""

FIFTY_STATES = (
    "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Anchorage", "Pacific/Honolulu",
)  # fmt: skip
"""Zones of which no two have the same offset on the same day."""


class DeadlinePrecision(StrEnum):
    """How exactly a source stated the deadline."""

    INSTANT = "instant"  # date, time and offset
    ASSUMED_ZONE = "assumed_zone"  # date and time; the office's zone was assumed
    DATE = "date"  # only a date: end of that day in the office's zone
    NONE = "none"  # nothing stated
    UNREADABLE = "unreadable"  # something stated that no known form fits; kept as published


@dataclass(frozen=True)
class Deadline:
    """A response deadline: the instant, the office's offset and how exactly it was stated."""

    at: datetime
    office_offset: tzinfo
    precision: DeadlinePrecision


def previous_working_day(day: date, holidays: Collection[date]) -> date:
    """Step back to the nearest federal working day strictly before `day`."""
    day -= timedelta(days=1)
    while day.weekday() >= 5 or day in holidays:
        day -= timedelta(days=1)
    return day


def safe_instant(deadline_at: datetime, office: tzinfo, holidays: Collection[date]) -> datetime:
    """Return 17:00, office's time, on the federal working day before the deadline's own local day.

    Args:
        office: The office's zone with its clock changes (`zone_of_office`): on the Friday before one, 17:00 has another offset
            than the Monday after it.
    """
    local = deadline_at.astimezone(office)
    return datetime.combine(previous_working_day(local.date(), holidays), SAFE_TIME, office)


def zone_of_office(instant: datetime, offset_minutes: int | None, state: str | None = None) -> tzinfo:
    """Return an office's zone, with its clock changes, from the offset that a source publishes.

    It is the place's own zone where that has this offset at this instant, else the zone of the fifty states that has it; any
    other offset stays one for all days.

    Args:
        instant: When the offset holds.
        offset_minutes: From UTC; None is read as UTC.
        state: Where the work is, two letters.
    """
    if not offset_minutes:
        return UTC
    offset = timedelta(minutes=offset_minutes)
    own = STATE_ZONES.get((state or "").upper())
    zones = (ZoneInfo(zone) for zone in (*([own] if own else []), *FIFTY_STATES))
    return next((zone for zone in zones if instant.astimezone(zone).utcoffset() == offset), timezone(offset))


def office_zone(instant: datetime, offset_minutes: int | None, state: str | None = None) -> tzinfo:
    """Return an office's offset at an instant under the name that people there write, such as EDT.

    Sources publish an offset and no name. It is named after `zone_of_office`; where no zone is known it keeps its offset for a
    name ("UTC+09:00").

    Args:
        instant: When; in summer names differ.
        offset_minutes: From UTC; None is read as UTC.
        state: Where the work is, two letters.
    """
    if not offset_minutes:
        return UTC
    zone, offset = zone_of_office(instant, offset_minutes, state), timedelta(minutes=offset_minutes)
    # An offset of Python's own has a name with another sign than ours.
    name = zone_name(instant.astimezone(zone)) if isinstance(zone, ZoneInfo) else offset_name(offset)
    return timezone(offset, name)


def zone_name(local: datetime) -> str:
    """Name the zone of a local time: "EDT", "CEST"; its offset where it has no name in letters."""
    name = local.tzname() or ""
    return name if name.isalpha() else offset_name(local.utcoffset() or timedelta())


def offset_name(offset: timedelta) -> str:
    """Write an offset as people do: "UTC−04:00", "UTC+05:30", "UTC"."""
    minutes = int(offset.total_seconds() // 60)
    sign = "−" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}" if minutes else "UTC"
