"""The lake again from the landing alone: what is lost with it, or was read by a faulty reader, comes back by one command."""

import pyarrow as pa

from pipelines.discovery.connector import Progress
from pipelines.discovery.discover import Reading, read_landings
from warehouse.lake.connection import Cursor, open_lake
from warehouse.lake.one_reader import one_reader
from warehouse.lake.purging import remember_purged
from warehouse.ledger.retention import notice_tombstones
from warehouse.ledger.store import Ledger, open_ledger
from warehouse.settings import Settings

TABLES = ("notice_versions", "notice_sightings", "awards", "articles", "quarantine", "landings")
"""What is made from the landing; opportunities and marts follow from these with the next run."""


def rebuild_lake(settings: Settings, progress: Progress, *, slice_records: int | None = None) -> Reading:
    """Empty the tables made from the landing and read every landed file again, in the order of their arrival.

    Content does not depend on how files are sliced, nor on when they are read. A kill leaves a lake that the next run
    completes. What was purged stays away: its tombstones are in the ledger. So are decisions of people and what is
    published; they are not touched.
    """
    with one_reader(settings, progress):
        purged = _purged_notices(open_ledger("procura_pipeline"))
        open_lake("procura_pipeline").write(lambda cursor: _empty(cursor, purged))
    for note in settings.run.glob("landed-*.json"):
        note.unlink(missing_ok=True)
    return read_landings(settings, progress=progress, slice_records=slice_records)


def _purged_notices(ledger: Ledger) -> pa.Table:
    with ledger.read() as tx:
        found = notice_tombstones(tx)
    return pa.table(
        {
            "subject_hash": pa.array([hashed.hex() for hashed, _ in found], pa.string()),
            "up_to_order": pa.array([order for _, order in found], pa.int64()),
        }
    )


def _empty(cursor: Cursor, purged: pa.Table) -> None:
    remember_purged(cursor, purged)
    for table in TABLES:
        cursor.execute(f"delete from core.{table}")  # noqa: S608 - constants
