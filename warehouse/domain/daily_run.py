"""When the machine itself asks all sources: every morning before the offices open."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

AT = time(7)
ZONE = "America/New_York"
"""SAM.gov's daily file of the night is complete by then."""


def after(moment: datetime) -> datetime:
    """Return the first such instant after one."""
    zone = ZoneInfo(ZONE)
    local = moment.astimezone(zone)
    today = datetime.combine(local.date(), AT, zone)
    return today if today > local else datetime.combine(local.date() + timedelta(days=1), AT, zone)
