"""Where PostgreSQL is and as whom to speak to it: roles, their passwords, connection keywords and URLs.

Not here: starting the embedded server (server.py), making the roles (bootstrap.py).
"""

import hashlib
import json
import os
import secrets as random_source
import tempfile
from pathlib import Path
from urllib.parse import quote

import psycopg.conninfo

from warehouse.errors import BadInput, NotPermitted
from warehouse.redaction import remember
from warehouse.settings import Settings, current

LOGIN_ROLES = ("procura_app", "procura_pipeline", "procura_analyst", "procura_dagster")
OWNER_ROLE = "procura_owner"
SUPERUSER = "postgres"
SOCKET_NAME_LIMIT = 103
"""A unix socket's whole name ends at 107 bytes on Linux and 103 on macOS."""


def socket_folder(settings: Settings) -> Path:
    """Return the folder of the embedded server's socket: in the home, or a private one when the home's path is long.

    Raises:
        NotPermitted: the private folder in the temporary folder belongs to somebody else.
    """
    if len(os.fsencode(settings.run / ".s.PGSQL.5432")) <= SOCKET_NAME_LIMIT:
        return settings.run
    tag = hashlib.sha256(os.fsencode(settings.resolved_home)).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"procura-{os.getuid()}-{tag}"
    folder.mkdir(mode=0o700, exist_ok=True)
    state = folder.lstat()
    if state.st_uid != os.getuid() or state.st_mode & 0o077 or folder.is_symlink():
        raise NotPermitted(
            f"the socket folder {folder} belongs to somebody else or is open to others.",
            kept="nothing was started.",
            todo="remove it, or set TMPDIR to a folder of your own.",
        )
    return folder


def passwords(settings: Settings) -> dict[str, str]:
    """Return the database roles' passwords, made on first use and readable by the owner only."""
    path = settings.secrets / "database.json"
    if not path.exists():
        settings.secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_name(f"database.{os.getpid()}.new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
            json.dump({role: random_source.token_urlsafe(24) for role in (SUPERUSER, *LOGIN_ROLES)}, handle)
        try:
            os.link(fresh, path)  # the first of two processes wins, and nobody reads half a file
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    found: dict[str, str] = json.loads(path.read_text())
    remember(*found.values())
    return found


def database_name(settings: Settings, database: str) -> str:
    """Translate our two names, `procura` and `dagster`, to the server's."""
    if settings.database_url is None:
        return database
    name = external(settings).get("dbname", "procura")
    return name if database == "procura" else f"{name}_{database}"


def external(settings: Settings) -> dict[str, str]:
    """Return the keywords of PROCURA_DATABASE_URL.

    Raises:
        BadInput: it is no PostgreSQL address; the address itself is not repeated, it may hold a password.
    """
    if settings.database_url is None:
        return {}
    try:
        found = psycopg.conninfo.conninfo_to_dict(settings.database_url.get_secret_value())
    except psycopg.Error:
        raise BadInput(
            "PROCURA_DATABASE_URL is not a PostgreSQL address.", todo="write it as postgresql://user@host:5432/name."
        ) from None
    return {key: str(value) for key, value in found.items() if value is not None}


def superuser_conninfo(settings: Settings, database: str = "procura") -> dict[str, str]:
    """Return the keywords to administer the server: bootstrap, migrations, backup."""
    if settings.database_url is not None:
        return external(settings) | {"dbname": database_name(settings, database)}
    return {
        "host": str(socket_folder(settings)),
        "user": SUPERUSER,
        "password": passwords(settings)[SUPERUSER],
        "dbname": database,
    }


def conninfo(role: str, database: str = "procura", settings: Settings | None = None) -> dict[str, str]:
    """Return psycopg's keywords for one of our roles on `procura` or `dagster`."""
    settings = settings or current()
    if settings.database_url is None:
        where = {"host": str(socket_folder(settings))}
    else:
        where = {k: v for k, v in external(settings).items() if k not in {"user", "password", "dbname", "options"}}
    return where | {"user": role, "password": passwords(settings)[role], "dbname": database_name(settings, database)}


def address(role: str, database: str = "procura", driver: str = "psycopg", settings: Settings | None = None) -> str:
    """Return an SQLAlchemy URL for one of our roles. Holds the password: only for a child's environment."""
    parts = conninfo(role, database, settings)
    known = {"user", "password", "dbname", "host", "port"}
    query = {"host": parts.get("host", "")} | ({"port": parts["port"]} if "port" in parts else {})
    query |= {key: value for key, value in parts.items() if key not in known}
    text = "&".join(f"{key}={quote(value, safe='')}" for key, value in query.items() if value)
    return f"postgresql+{driver}://{parts['user']}:{quote(parts['password'], safe='')}@/{quote(parts['dbname'], safe='')}?{text}"
