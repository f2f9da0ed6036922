"""What a mart was last made of: while nothing of it has changed, making it again would give the same.

A table of the lake is told by its number of rows and the highest row number: whatever is written gets higher ones, and what
goes makes them fewer.
"""

import re
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from warehouse.domain import buyer
from warehouse.lake.connection import Cursor

_READ = re.compile(r"\b(?:from|join)\s+\(*(?:lake\.)?((?:core|marts)\.\w+)", re.IGNORECASE)


def mark_of(cursor: Cursor, text: str, *, as_of: datetime) -> str:
    """Return what a mart's statement would be made of now.

    Args:
        cursor: On the lake.
        text: The statement; it looks from an instant (`as_of`), from a day (`today`) or from nowhere.
        as_of: The instant.
    """
    looks_from = as_of.isoformat() if "as_of" in text else str(as_of.astimezone(UTC).date()) if "today" in text else ""
    parts = [text, Path(buyer.__file__).read_text(encoding="utf-8"), looks_from]
    parts += [f"{table} {_stands(cursor, table)}" for table in tables_read(cursor, text)]
    return sha256(chr(31).join(parts).encode()).hexdigest()


def tables_read(cursor: Cursor, text: str) -> list[str]:
    """Return the tables of the lake that a statement reads, also those behind views, as schema.table."""
    views = {
        f"{schema}.{name}": str(statement)
        for schema, name, statement in cursor.execute(
            "select schema_name, view_name, sql from duckdb_views() where database_name = 'lake'"
        ).fetchall()
    }
    found, waiting = set[str](), set(_READ.findall(text))
    while waiting:
        name = waiting.pop()
        if name in views:
            waiting |= set(_READ.findall(views[name].partition(" AS ")[2]))
        else:
            found.add(name)
    return sorted(found)


def known_mark(cursor: Cursor, name: str) -> str | None:
    """Return what the mart was last made of; None: it was not made yet."""
    row = cursor.execute("select mark from core.mart_marks where name = ?", [name]).fetchone()
    return str(row[0]) if row else None


def note_mark(cursor: Cursor, name: str, mark: str) -> None:
    """Note what the mart is made of, in the transaction that made it."""
    cursor.execute("delete from core.mart_marks where name = ?", [name])
    cursor.execute("insert into core.mart_marks values (?, ?)", [name, mark])


def _stands(cursor: Cursor, table: str) -> str:
    (row,) = cursor.execute(f"select count(*), max(rowid) from {table}").fetchall()  # noqa: S608 - names of our own statements
    return str(row)
