"""What `up` starts: the programs, their arguments and the small environment they get.

Not here: keeping them alive (supervisor.py). Children never see the first account's password, nor anything of the
caller's environment that is not named below.
"""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from warehouse.addresses import address, socket_folder
from warehouse.settings import ROOT, Settings

SYSTEM_NAMES = (
    "PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_ENDPOINT_URL",
    "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "OPENAI_API_KEY", "OPENAI_BASE_URL",
)  # fmt: skip
"""What programs, the network, S3 and the vendors of models need of the system's own environment; our settings come from `Settings`."""
KEPT_BACK = {"admin_password"}


@dataclass(frozen=True)
class Program:
    """One program: its name in logs and status, how it is called, and how many seconds an orderly end may take."""

    name: str
    arguments: list[str]
    patience: float = 10.0
    leaves: Path | None = None
    """A socket that must be gone before the program starts: an earlier life's would be taken for a living server."""


def child_environment(settings: Settings) -> dict[str, str]:
    """Return the whole environment of a child."""
    own = {
        f"PROCURA_{name.upper()}": _as_text(getattr(settings, name)) for name in settings.model_fields_set - KEPT_BACK
    }
    system = {name: os.environ[name] for name in SYSTEM_NAMES if name in os.environ}
    return (
        {"HOME": str(settings.resolved_home), "LANG": "C.UTF-8"}
        | system
        | {name: value for name, value in own.items() if value}
        | {
            "PROCURA_HOME": str(settings.resolved_home),
            "PROCURA_DAGSTER_DATABASE_URL": address("procura_dagster", "dagster", "psycopg2", settings),
            "DAGSTER_HOME": str(settings.dagster_home),
            "DAGSTER_DISABLE_TELEMETRY": "yes",
            # One MB more than a file may have, for the form around it.
            "STREAMLIT_SERVER_MAX_UPLOAD_SIZE": str(settings.files_most_mb + 1),
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
        }
    )


def _as_text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, bool):
        return "1" if value else ""
    return "" if value is None else value.isoformat() if hasattr(value, "isoformat") else str(value)


def app_program(settings: Settings, port: int) -> Program:
    """Return the app behind its gate: plain on loopback, else over HTTPS (TLS 1.2 or newer, as Python's default is)."""
    # What a client says of its own address or protocol is believed only of a proxy that was named.
    proxies = settings.trusted_proxies.replace(" ", "")
    forwarded = ["--proxy-headers", "--forwarded-allow-ips", proxies] if proxies else ["--no-proxy-headers"]
    tls = []
    if settings.tls_cert is not None and settings.tls_key is not None:
        tls = ["--ssl-certfile", str(settings.tls_cert.resolve()), "--ssl-keyfile", str(settings.tls_key.resolve())]
    return _module(
        "app", "uvicorn", "app.served:app", "--host", settings.app_host, "--port", str(port), "--log-level", "warning",
        "--timeout-graceful-shutdown", "5", "--ws-max-size", "1048576", "--no-server-header", *forwarded, *tls,
    )  # fmt: skip


def run_program(name: str) -> Program:
    """Return one pass of the main job, in a process of its own: Ctrl-C reaches it within a statement."""
    return _module(name, "cli.main", "run", "--json")


def audit_program() -> Program:
    """Return what signs the audit log every minute; asked to end, it signs once more."""
    return _module("audit", "cli.main", "audit", "watch")


def dagster_store_program() -> Program:
    """Return what makes Dagster's store and settles what a stop left half done, before any other Dagster process."""
    return _module("dagster-store", "assets.instance")


def dagster_programs(settings: Settings, port: int, key_file: Path | None) -> list[Program]:
    """Return Dagster's three: one code server shared by the other two, the daemon, the web server on loopback."""
    socket = socket_folder(settings) / "code.sock"
    workspace = settings.dagster_home / "workspace.yaml"
    workspace.write_text(
        f"load_from:\n  - grpc_server:\n      host: localhost\n      socket: {json.dumps(str(socket))}\n"
        "      location_name: procura\n"
    )
    write = ["--key-file", str(key_file)] if key_file else []
    return [
        Program("code", [sys.executable, "-m", "dagster", "code-server", "start", "-m", "assets.served", "--socket",
                         str(socket), "--location-name", "procura"], patience=15, leaves=socket),
        _module("daemon", "assets.daemon", "run", "-w", str(workspace)),
        _module("web", "assets.webserver", "--port", str(port), *write),
    ]  # fmt: skip


def _module(name: str, module: str, *arguments: str) -> Program:
    return Program(name, [sys.executable, "-m", module, *arguments])
