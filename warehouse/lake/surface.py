"""The read-only SQL surface: one SELECT or EXPLAIN at a time over `core.`, `marts.` and `ledger.`, as procura_analyst.

A read-only attach is not read-only for files: table functions of the lake delete Parquet files, and COPY writes into the
lake's folder. So DuckDB's own parser judges each statement before it runs: its kind, its table functions (an allow-list)
and the names it reads. PostgreSQL refuses the rest, and the connection's configuration is locked.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb

from warehouse.addresses import passwords
from warehouse.errors import BadInput, NotPermitted
from warehouse.lake.connection import Cursor, attach_catalogue, connect_duckdb, lock
from warehouse.settings import Settings

ROLE = "procura_analyst"
TABLE_FUNCTIONS = frozenset(
    {
        *("range", "generate_series", "unnest", "json_each", "json_tree", "regexp_split_to_table"),
        *("duckdb_tables", "duckdb_columns", "duckdb_views", "duckdb_functions"),
    }
)
"""Table functions that only compute or describe. Everything else is refused: readers of files, PostgreSQL pass-through,
the lake's own maintenance."""
SCALAR_FUNCTIONS_REFUSED = frozenset(
    {"getenv", "getvariable", "current_setting", "read_text", "read_blob", "write_log", "nextval"}
)
PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$ -]*")
HIDDEN = re.compile(r"(?i)__|pg_catalog$")
"""The lake's catalogue under its own name, and the server's (sessions, settings, paths of files)."""
_GAP = r"(?:\s|--[^\n]*\n|/\*.*?\*/)"
EXPLAIN = re.compile(
    rf"(?is)\A{_GAP}*explain\b{_GAP}*(?:\({_GAP}*format\s+(?P<format>[a-z]+){_GAP}*\){_GAP}*)?(?P<analyze>analyze\b)?"
)


@dataclass(frozen=True)
class Answer:
    """What a statement gave: the columns' names, and the rows as tuples of Python values."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


class Surface:
    """One locked connection; a prompt keeps it, a command closes it."""

    def __init__(self, settings: Settings) -> None:
        self._secrets = [value for value in passwords(settings).values() if value]
        self._connection: Cursor = connect_duckdb(settings)
        self._connection.execute("set python_enable_replacements=false")
        attach_catalogue(self._connection, settings, ROLE, read_only=True)
        self._connection.execute("attach '' as ledger (type postgres, secret pg, read_only)")
        self._connection.execute("use lake")
        lock(self._connection, settings)

    def run(self, statement: str) -> Answer:
        """Judge and run one statement.

        Raises:
            BadInput: it is not one statement, or DuckDB or PostgreSQL cannot run it.
            NotPermitted: it is no read, or reads what this surface does not offer.
        """
        judged = check_statement(self._connection, statement)
        try:
            cursor = self._connection.cursor()
            cursor.execute("use lake")
            cursor.execute(judged)
            columns = tuple(column[0] for column in cursor.description or ())
            return Answer(columns, cursor.fetchall())
        except duckdb.Error as error:
            raise self._refusal(error) from None

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _refusal(self, error: duckdb.Error) -> BadInput | NotPermitted:
        text = str(error).strip()
        for secret in self._secrets:
            text = text.replace(secret, "***")
        if "permission denied" in text:
            return NotPermitted(
                f"PostgreSQL: {text.splitlines()[0]}",
                kept="nothing was changed.",
                todo="analysts see what sources said and what was computed from it.",
            )
        return BadInput(
            text,
            kept="nothing was changed.",
            todo="`show all tables` lists what there is; docs/data-dictionary.md explains it.",
        )


def open_surface(settings: Settings) -> Surface:
    """Open the surface; the stores must be open."""
    return Surface(settings)


def check_statement(connection: Cursor, statement: str) -> str:
    """Let one SELECT or EXPLAIN of a SELECT through, as DuckDB's parser sees it, and return what may be run.

    Raises:
        BadInput: it does not parse, or is none or several statements.
        NotPermitted: another kind of statement, a refused function or a file.
    """
    kind = _kind(connection, statement)
    if kind == duckdb.StatementType.EXPLAIN:
        prefix, inner = _split_explain(statement)
        return prefix + _check_select(connection, inner)
    if kind == duckdb.StatementType.SELECT:
        return _check_select(connection, statement)
    raise NotPermitted(f"{kind.name} is no read.", kept="nothing was run.", todo="use one SELECT or EXPLAIN.")


def _kind(connection: Cursor, statement: str) -> duckdb.StatementType:
    try:
        parsed = connection.extract_statements(statement)
    except duckdb.Error as error:
        raise BadInput(str(error).strip(), kept="nothing was run.") from None
    if len(parsed) != 1:
        raise BadInput(f"{len(parsed)} statements were given.", kept="nothing was run.", todo="give exactly one.")
    return parsed[0].type


def _split_explain(statement: str) -> tuple[str, str]:
    """Take EXPLAIN off the front. What runs is written anew from the parts, so that nothing else than what is judged runs:
    a comment sign inside a text must not hide a part of the statement from the judge."""
    found = EXPLAIN.match(statement)
    if not found:
        raise NotPermitted(
            "this form of EXPLAIN is not offered.",
            kept="nothing was run.",
            todo="write EXPLAIN or EXPLAIN ANALYZE before a SELECT.",
        )
    form = f"(format {found['format']}) " if found["format"] else ""
    return f"explain {form}{'analyze ' if found['analyze'] else ''}", statement[found.end() :]


def _check_select(connection: Cursor, statement: str) -> str:
    kind = _kind(connection, statement)
    if kind != duckdb.StatementType.SELECT:
        raise NotPermitted(f"{kind.name} is no read.", kept="nothing was run.", todo="use one SELECT or EXPLAIN.")
    for node in _nodes(_tree(connection, statement)):
        _check_node(node)
    return statement


def _tree(connection: Cursor, statement: str) -> Any:
    row = connection.execute("select json_serialize_sql(?)", [statement]).fetchone()
    tree = json.loads(row[0]) if row else {"error": True}
    if tree.get("error"):
        raise NotPermitted(
            "this statement cannot be judged.", kept="nothing was run.", todo="write it as a plain SELECT."
        )
    return tree["statements"]


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of the parse tree, at any depth."""
    pending = [tree]
    while pending:
        found = pending.pop()
        if isinstance(found, dict):
            yield found
            pending.extend(found.values())
        elif isinstance(found, list):
            pending.extend(found)


def _check_node(node: dict[str, Any]) -> None:
    kind = node.get("type")
    if kind == "TABLE_FUNCTION":
        name = str((node.get("function") or {}).get("function_name", "")).lower()
        if name not in TABLE_FUNCTIONS:
            raise NotPermitted(
                f"the table function {name or 'without a name'} is not offered.",
                kept="nothing was run.",
                todo="read the tables of core, marts and ledger.",
            )
    elif kind == "BASE_TABLE":
        for part in ("catalog_name", "schema_name", "table_name"):
            named = str(node.get(part) or "")
            if named and (not PLAIN_NAME.fullmatch(named) or HIDDEN.match(named)):
                raise NotPermitted(
                    f"{named!r} names no table that is offered.",
                    kept="nothing was run.",
                    todo="read the tables of core, marts and ledger; files and addresses are not read here.",
                )
    elif (
        str(node.get("class", "")) == "FUNCTION"
        and str(node.get("function_name", "")).lower() in SCALAR_FUNCTIONS_REFUSED
    ):
        raise NotPermitted(f"the function {node['function_name']} is not offered.", kept="nothing was run.")
