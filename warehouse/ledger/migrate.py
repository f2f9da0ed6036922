"""Bring the ledger's schema to the newest revision."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from warehouse.settings import Settings

SCRIPTS = Path(__file__).parent / "migrations"


def _config(settings: Settings) -> Config:
    config = Config()
    # Alembic reads options through an interpolating parser: a % in a path must be doubled.
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["settings"] = settings
    return config


def newest_revision(settings: Settings) -> str:
    """Return the revision that this code needs."""
    return ScriptDirectory.from_config(_config(settings)).get_current_head() or ""


def migrate_ledger(settings: Settings) -> None:
    """Run every migration that has not run; two processes at once wait for each other."""
    command.upgrade(_config(settings), "head")
