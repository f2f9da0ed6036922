"""The command line as a contract: every documented command is there, explains itself, and starts quickly."""

import subprocess
import sys
import time

import pytest
from typer.testing import CliRunner

from cli.main import app
from warehouse.settings import Settings

DOCUMENTED = {
    "up": ["--as-of", "--no-serve", "--dagster-write"],
    "down": [],
    "status": ["--json"],
    "doctor": ["--fix", "--json"],
    "run": ["--inbox", "--as-of", "--json"],
    "discover": ["--all", "--json"],
    "quarantine list": ["--json"],
    "quarantine retry": ["--json"],
    "rebuild-lake": [],
    "rank": ["--out"],
    "sql": ["--format"],
    "user add": ["--role", "--department", "--password-file"],
    "user list": ["--json"],
    "user role": [],
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
