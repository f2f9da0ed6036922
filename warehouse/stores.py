"""Open the two stores for a while: start the embedded server when nobody runs it, prepare everything once.

Any number of processes may call this at once. Two locks in the home keep the order: `server.lock` is held by the
process whose child PostgreSQL is; `server.users` is shared by all who use it, so that the owner stops it only when
they are done.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path

from warehouse.bootstrap import bootstrap
from warehouse.errors import AlreadyRunning, DiskFull, NotPermitted, StoreUnavailable
from warehouse.lake.connection import close_lakes
from warehouse.lake.migrate import migrate_lake
from warehouse.ledger.migrate import migrate_ledger
from warehouse.ledger.store import close_ledgers
from warehouse.server import EmbeddedServer
from warehouse.settings import Settings

READY_SECONDS = 120
FOLDERS = ("run", "logs", "tmp", "landing", "inbox", "dagster", "secrets")


def make_home(settings: Settings) -> None:
    """Make the home's folders, for the owner only; never change the mode of a folder above.

    Raises:
        NotPermitted: the home cannot be made or written.
        DiskFull: there is no room.
    """
    home = settings.resolved_home
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in FOLDERS:
            (home / name).mkdir(mode=0o700, exist_ok=True)
        if "://" not in settings.lake:
            Path(settings.lake).mkdir(mode=0o700, parents=True, exist_ok=True)
    except PermissionError as error:
        raise NotPermitted(
            f"{error.filename} may not be written.",
            kept="nothing was started.",
            todo="set PROCURA_HOME to a folder of yours.",
        ) from error
    except OSError as error:
        raise DiskFull(
            f"the home {home} cannot be made: {error.strerror}.", todo="free some space or set PROCURA_HOME."
        ) from error


def prepare(settings: Settings) -> None:
    """Make roles, databases, tables and the lake; idempotent. The server must answer."""
    bootstrap(settings)
    migrate_ledger(settings)
    migrate_lake(settings)


@contextmanager
def own_server(settings: Settings) -> Iterator[EmbeddedServer | None]:
    """Be the process whose child PostgreSQL is, with the stores prepared. None where PROCURA_DATABASE_URL rules.

    Raises:
        AlreadyRunning: another process owns the server of this home.
    """
    make_home(settings)
    if settings.database_url is not None:
        prepare(settings)
        yield None
        return
    with _lock_file(settings, "server.users") as users, _lock_file(settings, "server.lock") as owner:
        fcntl.flock(users, fcntl.LOCK_SH)
        if not _take(owner):
            raise AlreadyRunning(
                f"another process of Procura ({_holder(owner)}) has the stores of {settings.resolved_home} open.",
                kept="nothing was changed.",
                todo="end it, or use another PROCURA_HOME.",
            )
        yield from _run_server(settings, users)


@contextmanager
def open_stores(settings: Settings) -> Iterator[None]:
    """Use the running server of this home, or run one for the time of the `with`; stores prepared.

    Raises:
        StoreUnavailable: the server does not start, or its owner does not get ready.
    """
    make_home(settings)
    if settings.database_url is not None:
        prepare(settings)
        yield
        return
    with _lock_file(settings, "server.users") as users, _lock_file(settings, "server.lock") as owner:
        fcntl.flock(users, fcntl.LOCK_SH)
        end = time.monotonic() + READY_SECONDS
        while not _take(owner):
            if _is_ready(settings):
                yield
                return
            if time.monotonic() > end:
                raise StoreUnavailable(
                    f"the process that starts PostgreSQL ({_holder(owner)}) does not get ready.",
                    todo="`procura status` says what runs.",
                )
            time.sleep(0.05)
        for _ in _run_server(settings, users):
            yield


def _run_server(settings: Settings, users: TextIOWrapper) -> Iterator[EmbeddedServer]:
    marker = settings.run / "server.ready"
    marker.unlink(missing_ok=True)
    server = EmbeddedServer(settings)
    try:
        server.start()
        prepare(settings)
        marker.write_text(str(os.getpid()))
        yield server
    finally:
        marker.unlink(missing_ok=True)
        close_ledgers()
        close_lakes()
        _wait_for_others(users)
        server.stop()


def _wait_for_others(users: TextIOWrapper, seconds: float = 10) -> None:
    """Give other commands a moment to end; a forgotten prompt must not keep the owner for ever."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.1)
        else:
            return


@contextmanager
def _lock_file(settings: Settings, name: str) -> Iterator[TextIOWrapper]:
    with (settings.run / name).open("a+") as handle:
        yield handle


def _take(owner: TextIOWrapper) -> bool:
    try:
        fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    owner.truncate(0)
    owner.write(f"pid {os.getpid()}")
    owner.flush()
    return True


def _holder(owner: TextIOWrapper) -> str:
    owner.seek(0)
    return owner.read().strip() or "unknown"


def _is_ready(settings: Settings) -> bool:
    return (settings.run / "server.ready").exists()
