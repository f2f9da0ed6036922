"""Credentials of sources whose own file has not come yet, so that firms can store their keys already.

An entry moves into connectors/<source>.py as `credentials` with that file. Addresses and headers: the sources' own
documentation, as of September 2026.
"""

from datetime import datetime

from pydantic import SecretStr

from pipelines.discovery.credential_question import Question, TakenCredential
from warehouse.domain.credential import CredentialNeed
from warehouse.settings import Settings


def _ask_simpler_grants(settings: Settings, secret: SecretStr, at: datetime) -> Question:
    newest_first = [{"order_by": "opportunity_id", "sort_direction": "descending"}]
    return Question(
        f"{settings.simpler_grants_url}/opportunities/search",
        headers={"X-API-Key": secret.get_secret_value()},
        body={"pagination": {"page_offset": 1, "page_size": 1, "sort_order": newest_first}},
        expects="data",
    )


def _awaited(connector: str, title: str, documentation_url: str) -> CredentialNeed:
    return CredentialNeed(connector, "api_key", title, documentation_url, is_required=False, is_awaited=True)


COMING: tuple[TakenCredential, ...] = (
    TakenCredential(
        _awaited("simpler_grants", "Simpler.Grants.gov API key", "https://api.simpler.grants.gov/docs"),
        _ask_simpler_grants,
    ),
)
