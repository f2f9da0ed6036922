"""When a person's digest is due: an hour of chosen weekdays in the person's own zone. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class DigestTimes:
    """The hour (0 to 23) of the weekdays (1 is Monday) in a zone of the tz database."""

    hour: int = 7
    weekdays: tuple[int, ...] = (1, 2, 3, 4, 5)
    zone: str = "America/New_York"

    def latest(self, at: datetime) -> datetime | None:
        """Return the last digest's instant at or before `at`, in UTC; None where no weekday is chosen."""
        return next((moment for days in range(8) if (moment := self._on(at, -days)) and moment <= at), None)

    def following(self, at: datetime) -> datetime | None:
        """Return the first digest's instant after `at`, in UTC; None where no weekday is chosen."""
        return next((moment for days in range(9) if (moment := self._on(at, days)) and moment > at), None)

    def _on(self, at: datetime, days: int) -> datetime | None:
        zone = ZoneInfo(self.zone)
        day = at.astimezone(zone).date() + timedelta(days=days)
        if day.isoweekday() not in self.weekdays:
            return None
        return datetime.combine(day, time(self.hour), zone).astimezone(UTC)
