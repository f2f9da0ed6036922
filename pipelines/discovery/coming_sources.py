"""Credentials of sources whose own file has not come yet, so that firms can store their keys already.

An entry moves into connectors/<source>.py as `credentials` with that file. Addresses and headers: the sources' own
documentation, as of September 2026.
"""

from datetime import datetime

from pydantic import SecretStr

from pipelines.discovery.credential_question import Question, TakenCredential
from warehouse.domain.credential import CredentialNeed
from warehouse.settings import Settings


def _ask_govcon(settings: Settings, secret: SecretStr, at: datetime) -> Question:
    """Ask for the plan: it costs nothing of it."""
    return Question(f"{settings.govcon_api_url}/me", headers={"Authorization": f"Bearer {secret.get_secret_value()}"})


def _ask_newsapi(settings: Settings, secret: SecretStr, at: datetime) -> Question:
    return Question(
        f"{settings.newsapi_url}/top-headlines",
        params={"country": "us", "pageSize": "1"},
        headers={"X-Api-Key": secret.get_secret_value()},
        expects="articles",
    )


def _awaited(connector: str, title: str, documentation_url: str) -> CredentialNeed:
    return CredentialNeed(connector, "api_key", title, documentation_url, is_required=False, is_awaited=True)


COMING: tuple[TakenCredential, ...] = (
    TakenCredential(_awaited("govcon", "GovCon API key", "https://govconapi.com/api-guide"), _ask_govcon),
    TakenCredential(_awaited("newsapi", "NewsAPI key", "https://newsapi.org/docs"), _ask_newsapi),
)
