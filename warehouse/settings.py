"""Where things are and how the product is set: the one reader of the environment.

Every setting is an environment variable `PROCURA_…`, read once, checked together. What people decide inside the product
(autonomy, model provider) is not here but in the ledger's `system_settings`.
"""

import functools
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from warehouse.errors import BadInput

ROOT = Path(__file__).resolve().parent.parent


def parse_as_of(value: object) -> object:
    """Turn a date or an instant into an instant with zone; a date means 00:00 UTC, a naive instant is UTC."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(
            f"{text!r} is neither a date (2026-04-10) nor an instant (2026-04-10T12:00:00+00:00)"
        ) from error
    if len(text) <= 10:
        return datetime.combine(moment.date(), time(), UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


Moment = Annotated[datetime | None, BeforeValidator(parse_as_of)]


class Settings(BaseSettings):
    """The settings of one process; frozen, and without a secret in its `repr`."""

    model_config = SettingsConfigDict(env_prefix="PROCURA_", frozen=True, extra="ignore", validate_default=True)

    home: Path = Field(default=ROOT / "var", description="The whole state of the product; two homes never touch.")
    app_port: int = Field(default=8501, ge=0, le=65535, description="Port of the app; 0 takes any free one.")
    dagster_port: int = Field(default=3000, ge=0, le=65535, description="Port of Dagster's pages; 0 takes a free one.")
    database_url: SecretStr | None = Field(
        default=None,
        description="PostgreSQL 15 or newer instead of the embedded one; a role that may create roles and databases.",
    )
    lake_path: str = Field(default="", description="Where the lake's Parquet lies; empty: inside the home.")
    as_of: Moment = Field(
        default=None,
        description="Look at the world as of this date or instant; never reaches sessions, audit or delivery.",
    )
    offline: bool = Field(default=False, description="Never try the network: only the inbox, else demo notices.")
    admin_email: str = Field(default="admin@procura.example", description="The first account's address.")
    admin_password: SecretStr | None = Field(
        default=None, description="The first account's password; unset: made and printed once."
    )
    sam_gov_bulk_url: str = Field(
        default="https://sam.gov/api/prod/fileextractservices/v1/api/download/Contract%20Opportunities/datagov/ContractOpportunitiesFullCSV.csv",
        description="Where SAM.gov's daily bulk file is fetched from, without a key.",
    )
    allowed_hosts: str = Field(
        default="", description="Further host names under which the app may be reached, by comma."
    )
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR.")

    @property
    def resolved_home(self) -> Path:
        """The home with links resolved: one home has one lock, however it is spelled."""
        return self.home.expanduser().resolve()

    @property
    def landing(self) -> Path:
        """Raw bytes as they came."""
        return self.resolved_home / "landing"

    @property
    def inbox(self) -> Path:
        """Where people drop files, one folder a source."""
        return self.resolved_home / "inbox"

    @property
    def lake(self) -> str:
        """The lake's data path: a folder of the home, or an address such as s3://bucket/lake/."""
        return self.lake_path or str(self.resolved_home / "lake")

    @property
    def postgres_data(self) -> Path:
        """The embedded server's data folder."""
        return self.resolved_home / "postgres"

    @property
    def run(self) -> Path:
        """Locks, sockets and what is running now."""
        return self.resolved_home / "run"

    @property
    def logs(self) -> Path:
        """One log a process."""
        return self.resolved_home / "logs"

    @property
    def temporary(self) -> Path:
        """Scratch space on the same disk as the stores."""
        return self.resolved_home / "tmp"

    @property
    def secrets(self) -> Path:
        """Passwords of the database roles and signing keys, readable by the owner only."""
        return self.resolved_home / "secrets"

    @property
    def dagster_home(self) -> Path:
        """Dagster's run-time files."""
        return self.resolved_home / "dagster"


@functools.cache
def current() -> Settings:
    """Read the environment once for this process.

    Raises:
        BadInput: one or more settings are wrong; the message lists all of them.
    """
    try:
        return Settings()
    except ValidationError as error:
        # Only names and reasons: the values may be secrets.
        faults = "; ".join(f"PROCURA_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        raise BadInput(f"Settings are wrong: {faults}", todo="Correct them; docs/settings.md lists each.") from None
