"""The ledger's outcomes into the lake, for SQL and marts: decisions and scores, never people, notes or files."""

import polars as pl

from warehouse.lake.connection import Cursor, Lake
from warehouse.ledger.store import Ledger

COLUMNS: dict[str, pl.DataType | type[pl.DataType]] = {
    "opportunity_id": pl.String,
    "source": pl.String,
    "notice_id": pl.String,
    "content_hash": pl.String,
    "status": pl.String,
    "status_changed_at": pl.Datetime("us", "UTC"),
    "fit_score": pl.Int32,
    "recommendation": pl.String,
    "reasons": pl.String,
    "scorer": pl.String,
    "profile_version": pl.String,
    "scored_at": pl.Datetime("us", "UTC"),
    "is_open": pl.Boolean,
    "safe_deadline_at": pl.Datetime("us", "UTC"),
}
READ = """
select id, source, external_ref, content_hash, status::text, status_changed_at, fit_score, recommendation, fit_reasons::text,
  scorer, profile_version, scored_at, is_open, safe_deadline_at
from opportunities where merged_into is null order by id
"""


def snapshot_ledger(lake: Lake, ledger: Ledger) -> dict[str, int]:
    """Bring core.ledger_opportunities to what the ledger says; 0 rows written when nothing changed.

    Returns:
        rows: rows now; written: new or changed; removed: ids that are gone.
    """
    with ledger.read() as tx:
        rows = [tuple(row.values()) for row in tx.execute(READ)]
    table = pl.DataFrame(rows, schema=COLUMNS, orient="row")
    return lake.write(lambda cursor: _replace(cursor, table))


def _replace(cursor: Cursor, table: pl.DataFrame) -> dict[str, int]:
    cursor.register("ledger_now", table.to_arrow())
    try:
        cursor.execute("create or replace temp table written as from ledger_now except from core.ledger_opportunities")
        cursor.execute(
            "create or replace temp table stale as select opportunity_id from"
            " (from core.ledger_opportunities except from ledger_now)"
        )
        written, stale = _count(cursor, "written"), _count(cursor, "stale")
        removed = _count(cursor, "stale anti join ledger_now using (opportunity_id)")
    finally:
        cursor.unregister("ledger_now")
    if stale:
        cursor.execute("delete from core.ledger_opportunities where opportunity_id in (from stale)")
    if written:
        cursor.execute("insert into core.ledger_opportunities by name from written")
    return {"rows": table.height, "written": written, "removed": removed}


def _count(cursor: Cursor, source: str) -> int:
    found = cursor.execute(f"select count(*) from {source}").fetchone()  # noqa: S608 - own names only
    return int(found[0]) if found else 0
