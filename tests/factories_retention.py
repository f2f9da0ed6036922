"""A home whose landing, lake and ledger hold records of several ages, made by the product's own ways, to be purged."""

import shutil
from datetime import UTC, datetime

from pipelines.discovery.discover import land_source, read_landings
from pipelines.discovery.group import group_opportunities
from pipelines.discovery.publish import publish_opportunities
from tests.fakes.sam_gov import csv_bytes, csv_row
from warehouse.lake.connection import open_lake
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

LANDED_AT = datetime(2018, 1, 10, tzinfo=UTC)
NOW = datetime(2026, 4, 10, tzinfo=UTC)
OLD = {
    "PostedDate": "2015-01-05 12:00:00.000+00",
    "ResponseDeadLine": "2015-02-20T14:00:00-04:00",
    "ArchiveDate": "2015-03-07",
}
YOUNG = {
    "PostedDate": "2026-04-01 12:00:00.000+00",
    "ResponseDeadLine": "2026-04-20T14:00:00-04:00",
    "ArchiveDate": "2026-05-05",
}
EMPTIED = (
    "notice_versions", "notice_sightings", "landings", "quarantine", "opportunities", "opportunity_aliases",
    "ledger_opportunities", "purged_notices",
)  # fmt: skip


def quiet(what: str, done: int, total: int | None = None) -> None:
    """Hear of progress and say nothing."""


def old_row(number: int, text: str = "old lamps", **changes: str) -> dict[str, str]:
    """Build a notice whose archive date was in 2015."""
    return csv_row(number, **{**OLD, "Description": f"Supply of {text}, lot {number}.", **changes})


def young_row(number: int, **changes: str) -> dict[str, str]:
    """Build a notice that is open in April 2026."""
    return csv_row(number, **{**YOUNG, **changes})


def empty(settings: Settings) -> None:
    """Empty landing, inbox, lake and the ledger's notices; the stores keep running."""
    for folder in (settings.landing, settings.inbox):
        shutil.rmtree(folder)
        folder.mkdir()
    for note in settings.run.glob("landed-*.json"):
        note.unlink()
    open_lake().write(lambda cursor: [cursor.execute(f"delete from core.{table}") for table in EMPTIED])
    with open_ledger("procura_pipeline").housekeeping() as tx:
        tx.execute("delete from opportunities")
        tx.execute("update discovery_runs set started_at = started_at - interval '1 year', status = 'success'")


def drop_and_read(
    settings: Settings, name: str, rows: list[dict[str, str]], *, at: datetime = LANDED_AT, tail: bytes = b""
) -> bytes:
    """Land one bulk file by the inbox, read it, take it out of the inbox again and return its bytes."""
    path = settings.inbox / "sam_gov" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(csv_bytes(rows) + tail)
    land_source("sam_gov", settings, progress=quiet, at=at)
    read_landings(settings, progress=quiet)
    body = path.read_bytes()
    path.unlink()
    return body


def publish(as_of: datetime = NOW) -> None:
    """Group and publish as of an instant."""
    group_opportunities(open_lake(), as_of=as_of)
    publish_opportunities(open_lake(), open_ledger("procura_pipeline"), as_of=as_of)
