"""Purged notices leave the lake and stay away: their rows, what older snapshots keep, what a later reading would bring back.

Not here: which notices are due (retention.py).
"""

from collections.abc import Collection

import pyarrow as pa

from warehouse.lake.connection import Cursor, Lake

SCHEMAS = ("core", "marts")


def remove_notices(
    lake: Lake, tombstones: Collection[tuple[bytes, int]], files: Collection[tuple[str, int]]
) -> dict[str, int]:
    """Remove purged notices and what was read of purged files from every table of the lake, in one transaction.

    Args:
        lake: As the pipeline.
        tombstones: (hash of the notice's id, order of the newest file landed then).
        files: (source, landing order) of the files that go.

    Returns:
        Rows removed by table. Again: none.
    """
    hashes = pa.table(
        {
            "subject_hash": pa.array([hashed.hex() for hashed, _ in tombstones], pa.string()),
            "up_to_order": pa.array([order for _, order in tombstones], pa.int64()),
        }
    )
    gone = pa.table(
        {
            "source": pa.array([s for s, _ in files], pa.string()),
            "landing_order": pa.array([o for _, o in files], pa.int64()),
        }
    )
    return lake.write(lambda cursor: _remove(cursor, hashes, gone))


def _remove(cursor: Cursor, hashes: pa.Table, files: pa.Table) -> dict[str, int]:
    give(cursor, "purged", hashes)
    give(cursor, "purged_files", files)
    # What was seen in a file landed since is a new record.
    cursor.execute(
        "create or replace temp table going as select v.source, v.notice_id, v.content_hash, any_value(v.opportunity_id) as opportunity_id"
        " from core.notice_versions v join purged p on p.subject_hash = sha256(v.source || chr(31) || v.notice_id)"
        " where v.first_seen_order <= p.up_to_order group by all"
    )
    cursor.execute(
        "create or replace temp table emptied as select distinct opportunity_id from going where opportunity_id not in"
        " (select opportunity_id from core.notice_versions anti join going using (source, notice_id, content_hash))"
    )
    # Scores and decisions were kept under the ids that regrouping made obsolete.
    cursor.execute(
        "insert into emptied select alias_id from core.opportunity_aliases where opportunity_id in (from emptied)"
        " and alias_id not in (from emptied)"
    )
    key = "(source, notice_id, content_hash) in (select (source, notice_id, content_hash) from going)"
    file = "(source, landing_order) in (select (source, landing_order) from purged_files)"
    removed = {
        "notice_versions": _delete(cursor, f"core.notice_versions where {key}"),
        "notice_sightings": _delete(cursor, f"core.notice_sightings where {key}"),
        "filled_notices": _delete(cursor, "core.filled_notices where notice_id in (select notice_id from going)"),
        "quarantine": _delete(cursor, f"core.quarantine where {file}"),
        "landings": _delete(cursor, f"core.landings where {file}"),
    }
    aliases = "opportunity_id in (from emptied) or alias_id in (from emptied)"
    removed["opportunity_aliases"] = _delete(cursor, f"core.opportunity_aliases where {aliases}")
    for schema, table in _tables_with(cursor, "opportunity_id"):
        if table not in {"notice_versions", "filled_notices", "opportunity_aliases"}:
            removed[table] = _delete(cursor, f"{schema}.{table} where opportunity_id in (from emptied)")
    remember_purged(cursor, hashes)
    return {table: count for table, count in removed.items() if count}


def _tables_with(cursor: Cursor, column: str) -> list[tuple[str, str]]:
    return cursor.execute(
        "select schema_name, table_name from duckdb_columns() where database_name = 'lake' and schema_name in (select unnest(?))"
        " and column_name = ? and table_name in (select table_name from duckdb_tables() where database_name = 'lake') order by 1, 2",
        [list(SCHEMAS), column],
    ).fetchall()


def _delete(cursor: Cursor, what: str) -> int:
    row = cursor.execute(f"select count(*) from {what}").fetchone()  # noqa: S608 - own names only
    count = int(row[0]) if row else 0
    if count:  # an empty DELETE would still make a snapshot of the lake
        cursor.execute(f"delete from {what}")  # noqa: S608 - own names only
    return count


def remember_purged(cursor: Cursor, hashes: pa.Table) -> None:
    """Note purged notices (subject_hash as hex, up_to_order) so that reading leaves them out; again changes nothing."""
    give(cursor, "to_remember", hashes)
    cursor.execute(
        "insert into core.purged_notices select * from to_remember where (subject_hash, up_to_order) not in"
        " (select (subject_hash, up_to_order) from core.purged_notices)"
    )


def without_purged(cursor: Cursor, source: str, order: int, rows: pa.Table) -> pa.Table:
    """Return a slice's records (with notice_id) without those of notices that were purged after their file had landed."""
    purged = cursor.execute("select 1 from core.purged_notices where up_to_order >= ? limit 1", [order]).fetchone()
    if purged is None or not rows.num_rows:
        return rows
    cursor.register("read_rows", rows)
    kept = cursor.execute(
        "select * from read_rows where sha256(? || chr(31) || notice_id) not in"
        " (select subject_hash from core.purged_notices where up_to_order >= ?)",
        [source, order],
    ).to_arrow_table()
    cursor.unregister("read_rows")
    return kept


def free_snapshots(lake: Lake) -> int:
    """Rewrite files that hold removed rows, end every older snapshot, delete what only those needed; return files deleted.

    A question that is just being read from an older snapshot fails and can be asked again.
    """
    cursor = lake.cursor()
    try:
        cursor.execute("call ducklake_flush_inlined_data('lake')")
        cursor.execute("call ducklake_rewrite_data_files('lake', delete_threshold => 0.0)")
        cursor.execute("call ducklake_expire_snapshots('lake', older_than => now())")
        return len(cursor.execute("call ducklake_cleanup_old_files('lake', cleanup_all => true)").fetchall())
    finally:
        cursor.close()


def give(cursor: Cursor, name: str, table: pa.Table) -> None:
    """Make a temporary table of this cursor from rows."""
    cursor.register(f"given_{name}", table)
    cursor.execute(f"create or replace temp table {name} as from given_{name}")
    cursor.unregister(f"given_{name}")
