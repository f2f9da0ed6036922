"""Marts: the tables people read and script against. One SQL file a mart; it opens with its grain and names its key.

Here: finding the files and writing what changed. Not here: what a mart says (marts/*.sql).
"""

import re
from datetime import UTC, datetime
from pathlib import Path

from warehouse.errors import NotFound
from warehouse.lake.connection import Cursor, Lake
from warehouse.lake.mart_marks import known_mark, mark_of, note_mark

FOLDER = Path(__file__).parent / "marts"


def mart_names() -> list[str]:
    """Return the names of all marts: the files of the folder."""
    return sorted(path.stem for path in FOLDER.glob("*.sql"))


def mart_grain(name: str) -> str:
    """Return what one row of the mart is: the file's first comment."""
    return _text(name).splitlines()[0].removeprefix("-- ")


def mart_reads(name: str, table: str) -> bool:
    """Say whether a mart reads a table, such as core.awards: it must be refreshed behind it."""
    return re.search(rf"\b(?:from|join) {re.escape(table)}\b", _text(name)) is not None


def refresh_mart(lake: Lake, name: str, *, as_of: datetime) -> dict[str, int]:
    """Compute the mart as of an instant and write only the rows that differ; nothing is computed when nothing it reads changed.

    Returns:
        rows: rows of the mart now; written: new or changed ones; removed: keys that are gone.

    Raises:
        NotFound: there is no such mart.
    """
    text = _text(name)
    keys = _keys(text)
    return lake.write(lambda cursor: _refresh(cursor, name, text, keys, as_of))


def _text(name: str) -> str:
    path = FOLDER / f"{name}.sql"
    if name not in mart_names():
        raise NotFound(f"there is no mart {name!r}.", todo=f"one of: {', '.join(mart_names())}.")
    return path.read_text(encoding="utf-8")


def _keys(text: str) -> str:
    found = re.search(r"^-- Key: (.+)$", text, re.MULTILINE)
    return found[1].strip() if found else ""


def _refresh(cursor: Cursor, name: str, text: str, key: str, as_of: datetime) -> dict[str, int]:
    mark = mark_of(cursor, text, as_of=as_of)
    if known_mark(cursor, name) == f"{mark} {_rows_now(cursor, name)}":
        return {"rows": _count(cursor, f"marts.{name}"), "written": 0, "removed": 0}
    done = _make(cursor, name, text, key, as_of)
    note_mark(cursor, name, f"{mark} {_rows_now(cursor, name)}")
    return done


def _rows_now(cursor: Cursor, name: str) -> int:
    """Count a mart's rows, -1 where it is not there: rows that somebody removed come back."""
    return _count(cursor, f"marts.{name}") if _columns(cursor, "marts", name) else -1


def _make(cursor: Cursor, name: str, text: str, key: str, as_of: datetime) -> dict[str, int]:
    cursor.execute(
        "create or replace temp table world as select ?::timestamptz as as_of, ?::date as today",
        [as_of, as_of.astimezone(UTC).date()],
    )
    cursor.execute(f"create or replace temp table fresh as {text}")
    rows = _count(cursor, "fresh")
    if _columns(cursor, "marts", name) != _columns(cursor, "main", "fresh"):
        # First use, or the mart has another shape since an upgrade.
        cursor.execute(f"drop table if exists marts.{name}")
        cursor.execute(f"create table marts.{name} as from fresh")
        return {"rows": rows, "written": rows, "removed": 0}
    cursor.execute(f"create or replace temp table written as from fresh except from marts.{name}")
    cursor.execute(f"create or replace temp table stale as select {key} from (from marts.{name} except from fresh)")  # noqa: S608 - own names only
    written, stale = _count(cursor, "written"), _count(cursor, "stale")
    if stale:
        cursor.execute(f"delete from marts.{name} where {key} in (select {key} from stale)")  # noqa: S608 - own names only
    if written:
        cursor.execute(f"insert into marts.{name} by name from written")
    changed = _count(cursor, f"written semi join stale using ({key})") if stale and written else 0
    return {"rows": rows, "written": written, "removed": stale - changed}


def _columns(cursor: Cursor, schema: str, table: str) -> list[tuple[str, str]]:
    return cursor.execute(
        "select column_name, data_type from duckdb_columns() where schema_name = ? and table_name = ? and database_name = ?"
        " order by column_index",
        [schema, table, "lake" if schema == "marts" else "temp"],
    ).fetchall()


def _count(cursor: Cursor, source: str) -> int:
    found = cursor.execute(f"select count(*) from {source}").fetchone()  # noqa: S608 - own names only
    return int(found[0]) if found else 0
