"""Grants.gov's daily extract: which file is the newest, fetching it once, and what of it is known.

Extracts are named by their day (UTC) and kept for about a week. Not here: what one holds (xml_records.py).
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from pipelines.discovery.connector import Fetched, Progress
from pipelines.discovery.http import download
from warehouse.errors import SourceFileMissing, SourceUnavailable
from warehouse.settings import Settings
from warehouse.whole_file import write_whole

DAYS_KEPT = 7


@dataclass(frozen=True)
class KnownExtract:
    """The extract that landed last: the day in its name, and what the server called its version."""

    day: date
    validators: Mapping[str, str]


def newest_extract(
    settings: Settings, source: str, *, at: datetime, progress: Progress, check: Callable[[Path], None]
) -> Iterator[Fetched]:
    """Yield the newest extract; nothing where it is the one that landed last.

    Args:
        settings: Of this home.
        source: Whose landing it goes to.
        at: This instant.
        progress: Told bytes fetched.
        check: Refuses a file that is no extract.

    Raises:
        SourceUnavailable: no answer, a refusal, or no extract of the last seven days.
        DiskFull: no room.
    """
    known, today = known_extract(settings, source), at.astimezone(UTC).date()
    for day in (today - timedelta(days=back) for back in range(DAYS_KEPT + 1)):
        if known is not None and day < known.day:
            return  # none is newer than what we have
        url = f"{settings.grants_gov_extract_url.rstrip('/')}/{_name(day)}"
        try:
            got = download(
                url, settings.temporary / f"{source}.download", name=source, progress=progress,
                is_own=settings.is_own("grants_gov_extract_url"),
                known=known.validators if known is not None and known.day == day else None,
            )  # fmt: skip
        except SourceFileMissing:
            continue
        if got is None:
            return
        try:
            check(got.path)
            yield Fetched(got.path, url.partition("?")[0])
            # Only now: what did not land must be offered again.
            facts = {**asdict(KnownExtract(day, dict(got.validators))), "day": day.isoformat()}
            write_whole(_note(settings, source), json.dumps(facts).encode())
        finally:
            got.path.unlink(missing_ok=True)
        return
    raise SourceUnavailable(
        f"Grants.gov has no extract of {today - timedelta(days=DAYS_KEPT)} to {today}.",
        kept="what had landed before.",
        todo="look whether its address has changed (PROCURA_GRANTS_GOV_EXTRACT_URL), or drop the file into the inbox.",
    )


def known_extract(settings: Settings, source: str) -> KnownExtract | None:
    """Return which extract landed last; None where none ever did."""
    note = _note(settings, source)
    if not note.exists():
        return None
    facts = json.loads(note.read_text(encoding="utf-8"))
    return KnownExtract(date.fromisoformat(facts["day"]), facts["validators"])


def _note(settings: Settings, source: str) -> Path:
    return settings.landing / source / ".extract.json"


def _name(day: date) -> str:
    return f"GrantsDBExtract{day:%Y%m%d}v2.zip"
