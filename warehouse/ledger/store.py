"""Transactions on the ledger: a deed and its trace are one, and there is no other way to write.

Identity is set here and nowhere else: `act_as` refuses a session that has ended, and row security reads what it sets.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from warehouse.addresses import conninfo
from warehouse.audit import chain
from warehouse.audit.keys import AuditKeys, audit_keys
from warehouse.domain.access import Person
from warehouse.domain.audit_event import AuditEvent, Fact
from warehouse.errors import BadInput, DiskFull, NotSignedIn, StoreUnavailable
from warehouse.room import lacks_room
from warehouse.settings import Settings, current

Row = dict[str, Any]
Parameters = Sequence[object] | dict[str, object]
SYSTEM = "system"
SESSION_ENDED = "PR401"
"""The code with which `act_as` refuses (warehouse/ledger/migrations)."""
POOL_SIZE = 12
WAIT_SECONDS = 10

_ledgers: dict[tuple[str, str], "Ledger"] = {}
_lock = threading.Lock()


class Transaction:
    """One open transaction; rows come as dictionaries."""

    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        self.connection = connection

    def execute(self, statement: str, parameters: Parameters | None = None) -> psycopg.Cursor[Row]:
        """Run one statement with parameters (`%s` or `%(name)s`)."""
        return self.connection.execute(statement, parameters)

    def row(self, statement: str, parameters: Parameters | None = None) -> Row | None:
        """Run a query and return its first row, or None."""
        return self.execute(statement, parameters).fetchone()

    def rows(self, statement: str, parameters: Parameters | None = None) -> list[Row]:
        """Run a query and return all rows."""
        return self.execute(statement, parameters).fetchall()

    def copy(self, statement: str) -> Any:
        """Open a COPY from or to here; a context manager that is written to (`write`, `write_row`) or yields blocks."""
        return self.connection.cursor().copy(statement)


def _identity(by: Person | None) -> tuple[str, bytes | None]:
    return (by.id, by.session) if by else (SYSTEM, None)


class NothingHappened(Exception):
    """Raised by `Deed.nothing_happened` to roll back without a trace."""


class Deed(Transaction):
    """A writing transaction whose audit record is appended as its last statement."""

    def __init__(self, connection: psycopg.Connection[Row], event: AuditEvent) -> None:
        super().__init__(connection)
        self.event = event
        self.further: list[AuditEvent] = []

    def note(self, **facts: Fact) -> None:
        """Add facts that are known only after the change (counts, ids)."""
        self.event = replace(self.event, facts={**self.event.facts, **facts})

    def also(self, event: AuditEvent) -> None:
        """Append a further record in the same transaction, for a deed that touches several things."""
        self.further.append(event)

    def nothing_happened(self) -> None:
        """End the deed here: roll back and leave no record."""
        raise NothingHappened


class Ledger:
    """The ledger as one of its roles."""

    def __init__(self, settings: Settings, role: str, *, wait_seconds: float = WAIT_SECONDS) -> None:
        self.role = role
        self._settings = settings
        self._keys: AuditKeys | None = None
        self._pool: ConnectionPool[psycopg.Connection[Row]] = ConnectionPool(
            kwargs={**conninfo(role, settings=settings), "row_factory": dict_row, "connect_timeout": 5},
            min_size=1,
            max_size=POOL_SIZE,
            timeout=wait_seconds,
            # After a restart of PostgreSQL: 2.5 s instead of the 8.6 s of the usual doubling pause.
            reconnect_timeout=2,
            check=ConnectionPool.check_connection,
            open=True,
        )

    @contextmanager
    def read(self, by: Person | None = None) -> Iterator[Transaction]:
        """Open a transaction that cannot write, in the name of a person; None is the product itself.

        Raises:
            NotSignedIn: the person's session has ended, or the account is disabled.
            StoreUnavailable: PostgreSQL does not answer.
        """
        with self._transaction(*_identity(by)) as connection:
            connection.execute("set transaction read only")
            yield Transaction(connection)

    @contextmanager
    def deed(self, event: AuditEvent, by: Person | None = None) -> Iterator[Deed]:
        """Open a transaction that changes something: it commits together with its audit record or not at all.

        Args:
            event: What is done; its actor is `by`, or the product itself.
            by: Who acts; their session is checked again here.

        Raises:
            NotSignedIn: the person's session has ended, or the account is disabled.
            DiskFull, StoreUnavailable: nothing was written.
        """
        person, session = _identity(by) if by else (event.actor, None)
        if person != event.actor:
            raise BadInput(f"a deed of {event.actor} cannot be done as {person}.", kept="nothing was written.")
        try:
            with self._transaction(person, session) as connection:
                deed = Deed(connection, event)
                yield deed
                for record in (deed.event, *deed.further):
                    chain.append(connection, record, self._audit_keys())
        except NothingHappened:
            return

    @contextmanager
    def housekeeping(self) -> Iterator[Transaction]:
        """Open a writing transaction for what is no deed: when a session was last seen, counters of wrong passwords."""
        with self._transaction(SYSTEM, None) as connection:
            yield Transaction(connection)

    def close(self) -> None:
        """Close the pool."""
        self._pool.close(timeout=5)

    def _audit_keys(self) -> AuditKeys:
        if self._keys is None:
            self._keys = audit_keys(self._settings)
        return self._keys

    @contextmanager
    def _transaction(self, person: str, session: bytes | None) -> Iterator[psycopg.Connection[Row]]:
        try:
            with self._pool.connection() as connection, connection.transaction():
                try:
                    connection.execute("select act_as(%s, %s)", [person, session])
                except psycopg.Error as error:
                    if error.sqlstate == SESSION_ENDED:
                        raise NotSignedIn(
                            "This session has ended.", kept="everything you saved.", todo="sign in again."
                        ) from None
                    raise
                yield connection
        except (psycopg.errors.DiskFull, psycopg.errors.OutOfMemory) as error:
            raise DiskFull(
                f"PostgreSQL has no room: {error.diag.message_primary}.",
                kept="everything up to the last finished deed.",
                todo="free some space, then repeat.",
            ) from error
        except (PoolTimeout, psycopg.OperationalError) as error:
            if (
                isinstance(error, psycopg.OperationalError)
                and error.sqlstate
                and not error.sqlstate.startswith(("08", "57P"))
            ):
                raise  # a fault of the statement (a conflict, a time limit), not of the connection
            if lacks_room(self._settings):
                raise DiskFull(
                    "the disk is full, and PostgreSQL ended on it.",
                    kept="everything up to the last finished deed.",
                    todo="free some space, then repeat.",
                ) from error
            raise StoreUnavailable(
                "the ledger (PostgreSQL) does not answer.",
                kept="everything up to the last finished deed.",
                todo="`procura status` says what runs; it is tried again by itself.",
            ) from error


def open_ledger(role: str = "procura_app") -> Ledger:
    """Return this process's ledger for a role, with its pool."""
    settings = current()
    key = (str(settings.resolved_home), role)
    with _lock:
        if key not in _ledgers:
            _ledgers[key] = Ledger(settings, role)
        return _ledgers[key]


def close_ledgers() -> None:
    """Close every pool of this process, for an orderly end and between homes."""
    with _lock:
        for ledger in _ledgers.values():
            ledger.close()
        _ledgers.clear()
