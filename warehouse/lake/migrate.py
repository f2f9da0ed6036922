"""Make the lake and bring its tables to the newest shape; mend its data path when the home has moved."""

from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from warehouse.addresses import conninfo
from warehouse.lake.connection import Cursor, Lake
from warehouse.settings import Settings

SCRIPTS = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 4713


def migrate_lake(settings: Settings) -> None:
    """Attach as the pipeline (which makes the lake on first use) and run what has not run, one process at a time."""
    with psycopg.connect(
        make_conninfo("", **conninfo("procura_pipeline", settings=settings)), autocommit=True
    ) as guard:
        guard.execute("select pg_advisory_lock(%s)", [MIGRATION_LOCK])
        _mend_data_path(guard, settings)
        if _done(guard) >= {script.name for script in _scripts()}:
            return
        lake = Lake(settings, "procura_pipeline", read_only=False)
        try:
            for script in _scripts():
                if script.name not in _done(guard):
                    lake.write(lambda cursor, script=script: _run(cursor, script))  # type: ignore[misc]
                    guard.execute("insert into lake.procura_lake_migrations (name) values (%s)", [script.name])
            # Rows that lie in the catalogue under a table's earlier shape go into files now: a later upkeep would do it, and a
            # session that has read that shape before dies of it (DuckLake 1.5.5).
            lake.write(lambda cursor: cursor.execute("call ducklake_flush_inlined_data('lake')"))
        finally:
            lake.close()


def _scripts() -> list[Path]:
    return sorted(SCRIPTS.glob("*.sql"))


def _done(guard: psycopg.Connection) -> set[str]:
    guard.execute("create table if not exists lake.procura_lake_migrations (name text primary key)")
    return {row[0] for row in guard.execute("select name from lake.procura_lake_migrations")}


def _run(cursor: Cursor, script: Path) -> None:
    cursor.execute(script.read_text(encoding="utf-8"))


def _mend_data_path(guard: psycopg.Connection, settings: Settings) -> None:
    """The catalogue keeps the lake's absolute path; files inside are relative. A moved home needs one row changed."""
    exists = guard.execute("select to_regclass('lake.ducklake_metadata')").fetchone()
    if exists and exists[0] and "://" not in settings.lake:
        path = settings.lake.rstrip("/") + "/"
        guard.execute(
            "update lake.ducklake_metadata set value = %s where key = 'data_path' and value <> %s", [path, path]
        )
