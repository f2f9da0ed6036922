"""Simpler.Grants.gov: the same opportunities from Grants.gov's successor, with texts and codes, for who has a key.

All that is open is asked for, 1,000 a request. Not here: reading them (normalize_grants_simpler.sql), the key's place.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import SecretStr

from pipelines.discovery.credential_question import Question, TakenCredential
from pipelines.discovery.pages import PAGES, Page, walk
from pipelines.discovery.windows import Asked, Window
from warehouse.domain.credential import CredentialNeed
from warehouse.errors import SourceUnavailable
from warehouse.ledger.source_budgets import Quota
from warehouse.settings import Settings

NAME = "simpler_grants"
TITLE = "Simpler.Grants.gov"
QUOTA = Quota(60, timedelta(minutes=1))
PAGE_RECORDS = 1_000
PAGES_A_RUN = 100
"""It allows 10,000 requests a day as well; a hundred runs of this many stay within. What is open fills some five pages."""
STATUSES = ("forecasted", "posted")
ORDER = [{"order_by": "opportunity_id", "sort_direction": "ascending"}]


def _ask_with_key(settings: Settings, secret: SecretStr, at: datetime) -> Question:
    """Ask for one opportunity."""
    return _question(settings, secret, {"page_offset": 1, "page_size": 1, "sort_order": ORDER}, {})


CREDENTIAL = TakenCredential(
    CredentialNeed(
        NAME,
        "api_key",
        "Simpler.Grants.gov API key",
        "https://api.simpler.grants.gov/docs",
        is_required=False,  # the extract and the old API need none
    ),
    _ask_with_key,
)


def open_ones(
    settings: Settings, key: SecretStr, window: Window, ask: Callable[[Question, int], bytes | None], at: datetime
) -> Iterator[tuple[Path, str]]:
    """Yield the pages of everything open, with the address each is from.

    Raises:
        SourceUnavailable: an answer has another shape; or what `ask` raises.
    """
    with window.held():
        scope = "|".join(STATUSES)
        asked = window.begin(Asked(at.date(), at.date(), at, counts_by=PAGES, scope=scope))

        def ask_at(number: int) -> bytes | None:
            pagination = {"page_offset": number + 1, "page_size": PAGE_RECORDS, "sort_order": ORDER}
            filters = {"opportunity_status": {"one_of": STATUSES}}
            return ask(_question(settings, key, pagination, filters), number * PAGE_RECORDS)

        for path, number in walk(window, asked, PAGE_RECORDS, ask_at, _page):
            if number >= PAGES_A_RUN:
                raise _other_shape(f"it has no end within {PAGES_A_RUN} pages")
            yield path, f"{_address(settings)}?opportunity_status={scope}&page={number + 1}"
        window.finish(asked)


def _question(
    settings: Settings, secret: SecretStr, pagination: Mapping[str, object], filters: Mapping[str, object]
) -> Question:
    return Question(
        _address(settings),
        headers={"X-API-Key": secret.get_secret_value()},
        body={"pagination": pagination, **({"filters": filters} if filters else {})},
        expects="data",
    )


def _address(settings: Settings) -> str:
    return f"{settings.simpler_grants_url.rstrip('/')}/opportunities/search"


def _page(path: Path) -> Page:
    answer = json.loads(path.read_bytes())
    records, said = answer.get("data"), answer.get("pagination_info")
    if not isinstance(records, list):
        raise _other_shape("data is no list")
    ids = tuple(
        str((record.get("opportunity_id") if isinstance(record, dict) else None) or f"{path.name} {n}")
        for n, record in enumerate(records)
    )
    total = said.get("total_records") if isinstance(said, dict) else None
    return Page(ids, total if isinstance(total, int) else None)


def _other_shape(how: str) -> SourceUnavailable:
    return SourceUnavailable(
        f"{TITLE} answers in another shape: {how}.",
        kept="what had landed before.",
        todo="look into its documentation: it may have changed.",
    )
