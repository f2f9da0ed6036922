"""The one attached DuckLake connection of a process and role.

Attaching takes 0.1 to 0.5 s, so a process attaches once and takes a cursor per use. Passwords go through DuckDB secrets:
an attach text would show them in `duckdb_databases()`. Extensions are loaded from their wheels by full path.
"""

import random
import threading
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import TypeVar

import duckdb

from warehouse.addresses import conninfo
from warehouse.domain.buyer import buyer_key
from warehouse.errors import StoreUnavailable
from warehouse.settings import Settings, current

T = TypeVar("T")
Cursor = duckdb.DuckDBPyConnection
WRITE_ATTEMPTS = 8
EXTENSIONS = ("postgres_scanner", "ducklake", "httpfs")

_lakes: dict[tuple[str, str, bool], "Lake"] = {}
_lock = threading.Lock()


def quoted(value: object) -> str:
    """Quote a text for the few DuckDB statements that take no parameters (attach, set, load)."""
    return "'" + str(value).replace("'", "''") + "'"


class Lake:
    """An attached lake; `cursor()` is safe from any thread, one cursor a thread."""

    def __init__(self, settings: Settings, role: str, *, read_only: bool) -> None:
        self.role, self.read_only = role, read_only
        self._connection = _attach(settings, role, read_only=read_only)

    def cursor(self) -> Cursor:
        """Return a cursor whose current catalogue is the lake: `core.notices` resolves."""
        cursor = self._connection.cursor()
        cursor.execute("use lake")
        return cursor

    def write(self, work: Callable[[Cursor], T]) -> T:
        """Run `work` in one transaction; begin again, after a pause, when another writer of the table came first.

        `work` may run several times: it must have no effect outside the lake.
        """
        for attempt in range(WRITE_ATTEMPTS):
            cursor = self.cursor()
            try:
                cursor.execute("begin")
                result = work(cursor)
                cursor.execute("commit")
            except duckdb.TransactionException:
                _roll_back(cursor)
                if attempt == WRITE_ATTEMPTS - 1:
                    raise
                time.sleep(random.uniform(0.05, 0.3) * (attempt + 1))  # noqa: S311 - jitter, no secret
            except BaseException:
                _roll_back(cursor)
                raise
            else:
                return result
            finally:
                cursor.close()
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Detach and free the files."""
        self._connection.close()


def _roll_back(cursor: Cursor) -> None:
    try:
        cursor.execute("rollback")
    except duckdb.Error:
        return  # DuckDB has already ended the transaction itself


def open_lake(role: str = "procura_pipeline", *, read_only: bool = False) -> Lake:
    """Return this process's lake for a role, attached on first use; a failed attach is not remembered.

    Raises:
        StoreUnavailable: the catalogue does not answer or the lake was not made yet.
    """
    settings = current()
    key = (str(settings.resolved_home), role, read_only)
    with _lock:
        if key not in _lakes:
            try:
                _lakes[key] = Lake(settings, role, read_only=read_only)
            except duckdb.Error as error:
                raise StoreUnavailable(
                    f"the lake does not open: {_plain(error)}",
                    kept="nothing was changed.",
                    todo="`procura doctor` says more.",
                ) from None
        return _lakes[key]


def close_lakes() -> None:
    """Close what this process has attached, for an orderly end and between homes."""
    with _lock:
        for lake in _lakes.values():
            lake.close()
        _lakes.clear()


def _plain(error: duckdb.Error) -> str:
    # DuckDB repeats the whole connection text after this mark.
    return (
        str(error).splitlines()[0].split("Unable to connect to Postgres at")[0].strip()
        or "PostgreSQL refused the connection."
    )


def load_extension(connection: Cursor, name: str) -> None:
    """Load one extension from its wheel by file path: nothing is downloaded or written into the home folder."""
    spec = find_spec(f"duckdb_extension_{name}")
    if spec is None or not spec.submodule_search_locations:
        raise StoreUnavailable(f"DuckDB's extension {name} is not installed.", todo="run `make install`.")
    folder = spec.submodule_search_locations[0]
    connection.execute(f"load {quoted(f'{folder}/extensions/v{duckdb.__version__}/{name}.duckdb_extension')}")


def connect_duckdb(settings: Settings) -> Cursor:
    """Return a DuckDB with our extensions, with no way to fetch others, times in UTC."""
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": "4GB",
            "temp_directory": str(settings.temporary / "duckdb"),
            "preserve_insertion_order": "true",
        }
    )
    for name in EXTENSIONS:
        if name != "httpfs" or "://" in settings.lake:
            load_extension(connection, name)
    connection.execute("set timezone='UTC'")
    return connection


def create_postgres_secret(connection: Cursor, settings: Settings, role: str) -> None:
    """Make the secret `pg`: how DuckDB reaches the ledger's database as `role`."""
    where = conninfo(role, settings=settings)
    parts = {"host": "host", "port": "port", "user": "user", "password": "password", "dbname": "database"}
    text = ", ".join(f"{parts[key]} {quoted(value)}" for key, value in where.items() if key in parts)
    connection.execute(f"create or replace secret pg (type postgres, {text})")


def attach_catalogue(connection: Cursor, settings: Settings, role: str, *, read_only: bool) -> None:
    """Attach the lake as `lake`, through secrets."""
    create_postgres_secret(connection, settings, role)
    connection.execute(
        f"create secret catalogue (type ducklake, metadata_path '', data_path {quoted(settings.lake)}, metadata_schema 'lake',"
        " metadata_parameters map {'TYPE': 'postgres', 'SECRET': 'pg'})"
    )
    connection.execute("attach 'ducklake:catalogue' as lake" + (" (read_only)" if read_only else ""))


def lock(connection: Cursor, settings: Settings) -> None:
    """Shut files outside the lake, further attaches and every setting, for the rest of the connection's life."""
    connection.execute(f"set allowed_directories=[{quoted(settings.lake)}]")
    connection.execute("set enable_external_access=false")
    connection.execute("set lock_configuration=true")


def _attach(settings: Settings, role: str, *, read_only: bool) -> Cursor:
    connection = connect_duckdb(settings)
    attach_catalogue(connection, settings, role, read_only=read_only)
    if read_only:
        lock(connection, settings)
    else:
        connection.create_function("buyer_key", buyer_key, ["VARCHAR"], "VARCHAR")  # marts compare buyers by it
    return connection
