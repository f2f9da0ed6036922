"""Deadlines as instants with the office's zone, and the safe instant before them.

Pure: holidays are an argument. What a source published stays beside the instant; an assumed zone is marked.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum

SAFE_TIME = time(17)
"""FAR 15.208(a): an offer is due by 16:30 where no time is stated; by 17:00 the day before is what careful firms hold."""


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


def safe_instant(deadline_at: datetime, office_offset: tzinfo, holidays: Collection[date]) -> datetime:
    """Return 17:00, office's time, on the federal working day before the deadline's own local day."""
    local = deadline_at.astimezone(office_offset)
    return datetime.combine(previous_working_day(local.date(), holidays), SAFE_TIME, office_offset)
