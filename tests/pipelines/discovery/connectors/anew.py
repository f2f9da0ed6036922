"""A home whose landing and lake are empty and whose sources were never asked: each test of a connector begins with it."""

import shutil
from collections.abc import Sequence

from warehouse.lake.connection import open_lake
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings


def begin_anew(home: Settings, tables: Sequence[str]) -> None:
    """Empty the landing, the inbox and these tables of the lake; end what runs and forget what was asked.

    Args:
        tables: Of the schema core.
    """
    shutil.rmtree(home.landing)
    home.landing.mkdir()
    shutil.rmtree(home.inbox, ignore_errors=True)
    home.inbox.mkdir()
    for note in home.run.glob("landed-*.json"):
        note.unlink()
    for table in tables:
        open_lake().write(lambda cursor, table=table: cursor.execute(f"delete from core.{table}"))
    with open_ledger("procura_pipeline").housekeeping() as tx:
        tx.execute("update discovery_runs set started_at = started_at - interval '1 year', status = 'success'")
        tx.execute(
            "update source_budgets set period_began = '2000-01-01', spent = 0, spent_ever = 0, faults = 0, closed_until = null,"
            " closed_because = ''"
        )
