"""The one place that reads the clock, for the outer edges: command line, pages, asset bodies."""

from datetime import UTC, datetime

from warehouse import settings


def now() -> datetime:
    """Return this instant, in UTC. For sessions, audit times and run records."""
    return datetime.now(UTC)


def world_instant() -> datetime:
    """Return the instant at which discovery, publishing, scoring and pages look at the world: as-of, or now."""
    return settings.current().as_of or now()
