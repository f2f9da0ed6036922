"""The command line as a contract: every documented command is there, explains itself, and starts quickly."""

import subprocess
import sys
import time

import pytest
from typer.testing import CliRunner

from cli.main import app
from warehouse.errors import BadInput
from warehouse.settings import Settings

DOCUMENTED = {
    "up": ["--as-of", "--no-serve", "--dagster-write"],
    "down": [],
    "status": ["--json"],
    "doctor": ["--fix", "--json", "--all-files"],
    "run": ["--inbox", "--as-of", "--json"],
    "discover": ["--all", "--since", "--json"],
    "quarantine list": ["--json"],
    "quarantine retry": ["--json"],
    "rebuild-lake": [],
    "maintain-lake": ["--json"],
    "rank": ["--out"],
    "train": ["--out", "--json"],
    "sql": ["--format"],
    "access matrix": ["--json"],
    "user add": ["--role", "--department", "--password-file"],
    "user list": ["--json"],
    "user role": [],
    "user invite": ["--role", "--department", "--json"],
    "user reset": ["--second-factor-lost", "--json"],
    "user disable": ["--json"],
    "user enable": ["--json"],
    "retention plan": ["--json"],
    "retention purge": ["--plan", "--yes", "--json"],
    "hold set": ["--reason", "--json"],
    "hold lift": ["--reason", "--json"],
    "hold list": ["--all", "--json"],
    "submission show": ["--json"],
    "notify": ["--dry-run", "--json"],
}


@pytest.mark.parametrize("command", DOCUMENTED)
def test_documented_command_exists_and_explains_itself(command: str) -> None:
    result = CliRunner().invoke(app, [*command.split(), "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    for option in DOCUMENTED[command]:
        assert option in result.stdout


def test_unknown_command_is_a_mistake_of_use() -> None:
    assert CliRunner().invoke(app, ["fly"]).exit_code == 2


def test_help_loads_no_vendor() -> None:
    told = subprocess.run(
        [sys.executable, "-c", "import sys, cli.main; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    heavy = {"dagster", "duckdb", "polars", "alembic", "sqlalchemy", "psycopg", "streamlit", "httpx", "pandas"}
    assert heavy.isdisjoint(told.stdout.split())


def test_password_is_never_an_argument() -> None:
    result = CliRunner().invoke(app, ["user", "add", "a@firm.example", "--password", "an orderly pass phrase 7"])
    assert result.exit_code == 2


def test_version_of_the_world_must_be_a_date(settings: Settings) -> None:
    began = time.monotonic()
    told = subprocess.run(
        [sys.executable, "-m", "cli.main", "run", "--as-of", "yesterday"], capture_output=True, text=True, check=False
    )
    assert told.returncode == 1
    assert told.stdout == ""
    assert told.stderr.startswith("BadInput: --as-of: 'yesterday' is neither a date")
    assert "Traceback" not in told.stderr
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(("day", "why"), [("last week", "is neither a date"), ("2999-01-01", "has not come yet")])
def test_a_source_is_asked_only_for_days_of_the_past(settings: Settings, day: str, why: str) -> None:
    result = CliRunner().invoke(app, ["discover", "sam_gov", "--since", day])
    assert isinstance(result.exception, BadInput)
    assert why in result.exception.what


def test_command_that_a_shell_put_into_the_background_can_be_ended() -> None:
    """Such a process is started deaf to Ctrl-C, and Dagster gives SIGTERM the same ear."""
    shown = "import signal, cli.main as it; it.app = lambda: print(signal.getsignal(signal.SIGINT)); it.main()"
    deaf = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN);"
        f" os.execv(sys.executable, [sys.executable, '-c', {shown!r}])"
    )
    told = subprocess.run([sys.executable, "-c", deaf], capture_output=True, text=True, check=True)
    assert "default_int_handler" in told.stdout
