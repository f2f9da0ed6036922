"""The DuckDB in memory in which notices and awards are read and merged, with the macros of `notice_macros.sql`.

It is apart from the lake's connection: reading needs no store, and the lake's transactions stay short.
"""

import html
import re
import threading
from pathlib import Path

import duckdb

from warehouse.domain.buyer import buyer_key
from warehouse.domain.codes import STATE_ZONES
from warehouse.lake.plain_html import plain_html

SQL = Path(__file__).parent
_lock = threading.Lock()
_engines: list[duckdb.DuckDBPyConnection] = []

# Only whole entities: html.unescape alone would turn "R&PARTS" of an agency's hand into a paragraph sign.
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def unescape_html(text: str) -> str:
    """Decode whole HTML entities, once; an ampersand without a semicolon stays."""
    return _ENTITY.sub(lambda found: html.unescape(found.group()), text).replace("\0", "")


def split_path(names: str, codes: str) -> list[str]:
    """Split an agency path whose names hold dots into as many levels as its code path has.

    Where there are more dots than levels, those followed by a blank or after a single letter ("U.S. ARMY", "ST. LOUIS")
    belong to a name; what is still too much belongs to the last level.
    """
    pieces, levels = names.split("."), codes.count(".") + 1
    at = 1
    while at < len(pieces) and len(pieces) > levels:
        last_word = pieces[at - 1].rsplit(" ", 1)[-1].rsplit(".", 1)[-1]
        if pieces[at][:1] in {" ", ""} or len(last_word) == 1:
            pieces[at - 1 : at + 1] = [f"{pieces[at - 1]}.{pieces[at]}"]
        else:
            at += 1
    return [*pieces[: levels - 1], ".".join(pieces[levels - 1 :])] if len(pieces) > levels else pieces


def notice_engine() -> duckdb.DuckDBPyConnection:
    """Return a cursor of this process's engine; temporary tables are the cursor's own. Safe from any thread."""
    with _lock:
        if not _engines:
            _engines.append(_make_engine())
        return _engines[0].cursor()


def sql(name: str) -> str:
    """Read one of the statements beside this module."""
    return (SQL / name).read_text(encoding="utf-8")


def _make_engine() -> duckdb.DuckDBPyConnection:
    engine = duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": "3GB",
            "preserve_insertion_order": "false",
        }
    )
    engine.execute("set global timezone='UTC'")
    engine.create_function("unescape_html", unescape_html, ["VARCHAR"], "VARCHAR")
    engine.create_function("plain_html", plain_html, ["VARCHAR"], "VARCHAR")
    engine.create_function("buyer_key", buyer_key, ["VARCHAR"], "VARCHAR")
    engine.create_function("split_path", split_path, ["VARCHAR", "VARCHAR"], "VARCHAR[]")
    engine.execute("create table zones (state varchar, zone varchar)")
    engine.executemany("insert into zones values (?, ?)", list(STATE_ZONES.items()))
    engine.execute(sql("notice_macros.sql"))
    return engine
