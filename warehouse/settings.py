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
    app_host: str = Field(
        default="127.0.0.1",
        description="Address of this machine on which the app listens; another than loopback only with HTTPS.",
    )
    tls_cert: Path | None = Field(
        default=None, description="Certificate chain (PEM), the app's own first: the app then speaks only HTTPS."
    )
    tls_key: Path | None = Field(
        default=None, description="The certificate's private key (PEM), without a pass phrase."
    )
    trusted_proxies: str = Field(
        default="",
        description="Addresses of a proxy that ends HTTPS before the app, by comma: what it says of clients is believed.",
    )
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
    vault_keys: SecretStr | None = Field(
        default=None,
        description="Master keys of the vault instead of those in the home, by comma, the newest first; 44 signs each.",
    )
    sam_gov_api_key: SecretStr | None = Field(default=None, description="SAM.gov's API key; wins over a stored one.")
    govcon_api_key: SecretStr | None = Field(default=None, description="GovCon API's key; wins over a stored one.")
    newsapi_api_key: SecretStr | None = Field(default=None, description="NewsAPI's key; wins over a stored one.")
    simpler_grants_api_key: SecretStr | None = Field(
        default=None, description="Simpler.Grants.gov's API key; wins over a stored one."
    )
    sam_gov_api_url: str = Field(
        default="https://api.sam.gov/opportunities/v2/search", description="SAM.gov's API, asked with a key."
    )
    sam_gov_requests_a_day: int = Field(
        default=10,
        ge=1,
        description="What SAM.gov allows the key a day: 10 for a person without a role, 1,000 with one or for a system account.",
    )
    usaspending_url: str = Field(
        default="https://api.usaspending.gov/api/v2", description="USAspending's API, asked without a key."
    )
    govcon_api_url: str = Field(default="https://govconapi.com/api/v1", description="GovCon API, asked with a key.")
    newsapi_url: str = Field(default="https://newsapi.org/v2", description="NewsAPI, asked with a key.")
    grants_gov_extract_url: str = Field(
        default="https://prod-grants-gov-chatbot.s3.amazonaws.com/extracts",
        description="Where Grants.gov's daily extracts lie, fetched without a key.",
    )
    grants_gov_api_url: str = Field(
        default="https://api.grants.gov/v1/api", description="Grants.gov's API, asked without a key."
    )
    simpler_grants_url: str = Field(
        default="https://api.simpler.grants.gov/v1", description="Simpler.Grants.gov, asked with a key."
    )
    sam_gov_bulk_url: str = Field(
        default="https://sam.gov/api/prod/fileextractservices/v1/api/download/Contract%20Opportunities/datagov/ContractOpportunitiesFullCSV.csv",
        description="Where SAM.gov's daily bulk file is fetched from, without a key.",
    )
    allowed_hosts: str = Field(
        default="", description="Further host names under which the app may be reached, by comma."
    )
    files_url: str = Field(
        default="",
        description="Where files of offers lie: a folder, or s3://bucket/prefix; empty: inside the home.",
    )
    files_s3_endpoint: str = Field(default="", description="Address of an S3 server for files that is not Amazon's.")
    files_most_mb: int = Field(default=250, ge=1, le=4096, description="The largest file of an offer, in MB.")
    llm_models: Path | None = Field(
        default=None,
        description="A file of models and prices (TOML) instead of the one that ships; keys are the SDKs' own variables.",
    )
    chromium: str = Field(
        default="", description="The browser for deliveries by recipe; empty: the PATH's, else Playwright's own."
    )
    audit_witness_dir: Path | None = Field(
        default=None,
        description="Second place of the audit log's checkpoints, a folder best on another disk; empty: inside the home.",
    )
    audit_witness_s3: str = Field(
        default="",
        pattern=r"^(s3://[a-z0-9][a-z0-9.-]+(/.*)?)?$",
        description="Further place of checkpoints: s3://bucket/prefix; with object lock where the bucket has it.",
    )
    audit_witness_s3_endpoint: str = Field(default="", description="Address of an S3 server that is not Amazon's.")
    audit_witness_email: str = Field(default="", description="Address that gets the newest checkpoint once an hour.")
    smtp_url: SecretStr | None = Field(
        default=None, description="Mail server: smtp://user:password@host:587, or smtps:// for TLS from the start."
    )
    mail_from: str = Field(default="procura@localhost", description="The sender of the product's own mail.")
    public_url: str = Field(
        default="",
        pattern=r"^(https?://[^\s/?#@]+/?)?$",
        description="Address under which people reach the app, for links in messages; empty: its own host and port.",
    )
    slack_hook_url: str = Field(
        default="https://hooks.slack.com/services", description="How the addresses of Slack's hooks begin."
    )
    teams_hook_hosts: str = Field(
        default="*.logic.azure.com, *.api.powerplatform.com",
        description="Hosts of Teams' workflow hooks, by comma; messages go to no other.",
    )
    clamav: str = Field(
        default="",
        description="ClamAV's daemon, asked about every file: path of its socket, or host:port; empty: our own checks alone.",
    )
    retention_notice_years: int = Field(
        default=7, ge=7, le=100, description="How long notices are kept; never shorter."
    )
    retention_bid_years: int = Field(default=7, ge=7, le=100, description="How long bids are kept after final payment.")
    retention_award_years: int = Field(
        default=7, ge=7, le=100, description="How long awards are kept after final payment."
    )
    retention_audit_years: int = Field(
        default=7, ge=7, le=100, description="From when audit records are told as old; none is ever removed."
    )
    retention_model_cache_days: int = Field(
        default=90, ge=1, description="How long answers of language models are kept to be used again."
    )
    retention_session_log_days: int = Field(
        default=400, ge=400, description="How long ended sessions are kept; never shorter."
    )
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR.")

    @property
    def resolved_home(self) -> Path:
        """The home with links resolved: one home has one lock, however it is spelled."""
        return self.home.expanduser().resolve()

    @property
    def is_https(self) -> bool:
        """Whether browsers reach the app over HTTPS: its own, or that of a proxy before it."""
        return self.tls_cert is not None or bool(self.trusted_proxies.strip())

    def given_credential(self, connector: str, field: str) -> SecretStr | None:
        """Return a source's secret where the environment gives it: PROCURA_<CONNECTOR>_<FIELD>."""
        given = getattr(self, f"{connector}_{field}", None)
        return given if isinstance(given, SecretStr) and given.get_secret_value() else None

    def is_own(self, name: str) -> bool:
        """Whether a setting is another than the one that ships."""
        return bool(getattr(self, name) != type(self).model_fields[name].default)

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
    def files(self) -> Path:
        """Files of offers, where no other place is set."""
        return self.resolved_home / "files"

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
    def audit_witness(self) -> Path:
        """Second place of the audit log's checkpoints."""
        return (self.audit_witness_dir or self.resolved_home / "witness").expanduser().resolve()

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
