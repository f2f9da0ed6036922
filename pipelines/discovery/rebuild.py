"""The lake again from the landing alone: what is lost with it, or was read by a faulty reader, comes back by one command."""

from pipelines.discovery.connector import Progress
from pipelines.discovery.discover import Reading, read_landings
from pipelines.discovery.reading import one_reader
from warehouse.lake.connection import Cursor, open_lake
from warehouse.settings import Settings

TABLES = ("notice_versions", "notice_sightings", "quarantine", "landings")
"""What is made from the landing; opportunities and marts follow from these with the next run."""


def rebuild_lake(settings: Settings, progress: Progress, *, slice_records: int | None = None) -> Reading:
    """Empty the tables made from the landing and read every landed file again, in the order of their arrival.

    Content does not depend on how files are sliced, nor on when they are read. A kill leaves a lake that the next run
    completes. Decisions of people and what is published are in the ledger and are not touched.
    """
    with one_reader(settings, progress):
        open_lake("procura_pipeline").write(_empty)
    for note in settings.run.glob("landed-*.json"):
        note.unlink(missing_ok=True)
    return read_landings(settings, progress=progress, slice_records=slice_records)


def _empty(cursor: Cursor) -> None:
    for table in TABLES:
        cursor.execute(f"delete from core.{table}")  # noqa: S608 - constants
