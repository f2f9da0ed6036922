"""What `procura doctor` looks at: each finding says what is wrong and how it is mended, and mends what is safe to mend.

Findings that need the stores are asked with the stores open. Not here: printing (cli/doctor.py).
"""

import os
import shutil
import socket
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from pipelines.administration.https import check_serving
from pipelines.administration.vault_rotation import LOST_KEY_TODO, vault_faults
from warehouse.addresses import conninfo, superuser_conninfo
from warehouse.audit.append_path import faults_of_append_path
from warehouse.audit.witness import faults
from warehouse.errors import BadInput, ProcuraError
from warehouse.lake.connection import open_lake
from warehouse.landing import Landing
from warehouse.ledger.migrate import newest_revision
from warehouse.ledger.row_security import faults_of_row_security
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

FREE_BYTES_WANTED = 2 * 1024**3
"""A day of SAM.gov's bulk file, its Parquet and PostgreSQL's log, with room to compact."""
SAMPLE = 5
LARGEST_SAMPLE = 64 * 1024**2
"""A doctor who reads gigabytes is not asked twice."""


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `mend` may be run by `doctor --fix`; without one, a person has to act."""

    subject: str
    is_good: bool
    what: str
    todo: str = ""
    mend: Callable[[], None] | None = None


def examine_home(settings: Settings, *, is_up: bool, at: datetime) -> Iterator[Finding]:
    """Yield what can be seen without the stores: disk, modes, ports, certificate, leftovers, the test browser."""
    yield _free_disk(settings)
    yield from _modes(settings)
    for name, port in (("PROCURA_APP_PORT", settings.app_port), ("PROCURA_DAGSTER_PORT", settings.dagster_port)):
        yield _port(name, port, is_up=is_up)
    yield _https(settings, at)
    yield _leftovers(settings)
    yield _browser(settings)


def examine_stores(settings: Settings) -> Iterator[Finding]:
    """Yield what the open stores say: they answer, are of the newest shape, lake and vault open, the landing is whole."""
    looks: dict[str, Callable[[Settings], Finding]] = {
        "ledger": _ledger,
        "migrations": _migrations,
        "lake": _lake,
        "landing": _landing,
        "vault": _vault,
        "audit": _audit,
        "rights": _rights,
    }
    for subject, look in looks.items():
        try:
            yield look(settings)
        except (ProcuraError, psycopg.Error, OSError) as error:
            yield Finding(subject, False, str(error).splitlines()[0], "read logs/postgres.log in the home.")


def _free_disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.resolved_home).free
    what = f"{free / 1024**3:.1f} GB are free where the home lies"
    return Finding("disk", free >= FREE_BYTES_WANTED, what, "free some space, or move the home with PROCURA_HOME.")


def _modes(settings: Settings) -> Iterator[Finding]:
    """The home and its secrets are the owner's alone."""
    paths = [settings.resolved_home, settings.secrets, *sorted(settings.secrets.glob("*"))]
    wide = [path for path in paths if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077]
    foreign = [path for path in paths if path.exists() and path.stat().st_uid != os.getuid()]
    what = f"others may read {', '.join(map(str, wide))}" if wide else "the home and its secrets are yours alone"
    yield Finding("modes", not wide, what, "take the rights of others away.", lambda: _close(wide))
    if foreign:
        what = f"{', '.join(map(str, foreign))} belong to another user"
        yield Finding("owner", False, what, "start as the user who made the home, or change the owner.")


def _close(paths: list[Path]) -> None:
    for path in paths:
        path.chmod(0o700 if path.is_dir() else 0o600)


def _port(name: str, port: int, *, is_up: bool) -> Finding:
    with socket.socket() as probe:
        probe.settimeout(1)
        is_taken = port != 0 and not is_up and probe.connect_ex(("127.0.0.1", port)) == 0
    what = f"another program listens on port {port}" if is_taken else f"port {port or 'of your choice'} is free"
    return Finding(
        name,
        not is_taken,
        what if not is_up else "in use by `procura up`",
        f"end it, or set {name}; 0 takes any free port.",
    )


def _https(settings: Settings, at: datetime) -> Finding:
    try:
        found = check_serving(settings, at=at)
    except BadInput as error:
        return Finding("https", False, error.what, error.todo)
    if found is None:
        return Finding("https", True, "the app speaks plain http, on this machine only")
    what = f"the certificate for {', '.join(found.names) or 'no name at all'} is valid until {found.ends_at:%Y-%m-%d}"
    is_good = bool(found.names) and not found.ends_soon(at)
    return Finding("https", is_good, what, "put a renewed one in its place, then start again.")


def _leftovers(settings: Settings) -> Finding:
    """Half-written files of processes that were killed; a living one finishes its file within seconds."""
    half = [
        p for pattern in ("run/*.new", "secrets/*.new", "postgres.new") for p in settings.resolved_home.glob(pattern)
    ]
    what = f"{len(half)} half-written files of killed processes" if half else "no half-written files"
    return Finding("leftovers", not half, what, "remove them.", lambda: _remove(half))


def _remove(paths: list[Path]) -> None:
    for path in paths:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _browser(settings: Settings) -> Finding:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    what = f"browser tests use {found}" if found else "no browser on the path: `make test` leaves its browser tests out"
    return Finding(
        "browser", found is not None, what, "install chromium, or set PROCURA_CHROMIUM (only for `make test`)."
    )


def _ledger(settings: Settings) -> Finding:
    with psycopg.connect(
        make_conninfo("", **conninfo("procura_app", settings=settings)), connect_timeout=5
    ) as connection:
        version = connection.info.server_version
    return Finding("ledger", True, f"PostgreSQL {version // 10000}.{version % 10000} answers")


def _migrations(settings: Settings) -> Finding:
    with psycopg.connect(make_conninfo("", **superuser_conninfo(settings)), connect_timeout=5) as connection:
        row = connection.execute("select version_num from alembic_version").fetchone()
    found, wanted = row[0] if row else "none", newest_revision(settings)
    what = f"the ledger's shape is {found}" + ("" if found == wanted else f", this program needs {wanted}")
    return Finding("migrations", found == wanted, what, "start the newest version; it migrates by itself.")


def _audit(settings: Settings) -> Finding:
    """The log is signed, its checkpoints reach their second places, and the database still refuses changes."""
    with open_ledger("procura_app").read() as tx:
        found = [*faults(settings), *faults_of_append_path(tx.connection)]
    what = "; ".join(found) or "the audit log is signed, and the database refuses to change it"
    return Finding("audit", not found, what, "`procura audit verify` looks at every record; keep the home as it is.")


def _rights(settings: Settings) -> Finding:
    """Row security, its policies and its functions are as the migrations made them."""
    with open_ledger("procura_app").read() as tx:
        found = faults_of_row_security(tx.connection)
    what = "; ".join(found) or "row security is as it was installed"
    return Finding("rights", not found, what, "somebody with the owner's rights loosened it: find out who and why.")


def _vault(settings: Settings) -> Finding:
    """Every sealed credential and second factor can be opened with the keys that are here."""
    faults = vault_faults(open_ledger("procura_app"), settings)
    what = " ".join(faults) or "every sealed credential and second factor can be opened"
    return Finding("vault", not faults, what, f"{LOST_KEY_TODO}.")


def _lake(settings: Settings) -> Finding:
    cursor = open_lake("procura_analyst", read_only=True).cursor()
    row = cursor.execute("select count(*) from core.landings").fetchone()
    return Finding("lake", True, f"the lake opens at {settings.lake}; {row[0] if row else 0} files read into it")


def _landing(settings: Settings) -> Finding:
    """Read the newest files again and compare their bytes with the hash that is their name."""
    landing = Landing(settings.landing)
    entries = landing.entries()
    sample = [entry for entry in entries[-SAMPLE:] if entry.size <= LARGEST_SAMPLE]
    damaged = [entry.origin for entry in sample if not landing.is_whole(entry)]
    what = (
        f"damaged: {', '.join(damaged)}"
        if damaged
        else f"{len(entries)} files, {len(sample)} of them read again and whole"
    )
    return Finding("landing", not damaged, what, "restore the landing from your backup, or drop the files in again.")
