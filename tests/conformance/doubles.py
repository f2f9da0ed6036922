"""All sources at once as local servers, with what leads a run to them and what they hold; a new source adds its line to `running_all`.

A spell is what their next answers are instead of the right ones; SAM.gov's daily file and Grants.gov's extract stay sound.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from typing import Any

from tests.fakes.govcon import GovConApi, govcon_record, running_govcon
from tests.fakes.grants_gov import (
    KEY,
    GrantsGov,
    detail,
    extract,
    hit,
    opportunity,
    running_grants_gov,
    simpler,
    xml_record,
    zipped,
)
from tests.fakes.newsapi import News, news_story, running_news
from tests.fakes.sam_gov import FakeSite, csv_bytes, csv_row, running_site, v2_record
from tests.fakes.sam_gov_api import SamGovApi, running_api
from tests.fakes.usaspending import Usaspending, award_record, running_usaspending

FOR_LONG = 200
"""So many answers, more than any run asks for."""


class Spell(Enum):
    """What the servers do instead of answering rightly."""

    BROKEN = 500
    THROTTLED = 429
    NO_JSON = b"<html><body>We will be back soon.</body></html>"
    ANOTHER_SHAPE = b'{"result": {"items": []}}'
    CUT_OFF = b'{"totalRecords": 3, "results": [{"generated_int'


@dataclass
class Doubles:
    """The servers of all sources; `notices`, `awards` and `stories` are how many different ones they hold."""

    sam_site: FakeSite
    sam_api: SamGovApi
    govcon: GovConApi
    usaspending: Usaspending
    grants_gov: GrantsGov
    newsapi: News
    notices: int
    awards: int
    stories: int

    def fall_under(self, spell: Spell) -> None:
        """Answer everything but files in this way from now on."""
        for moods in (self.sam_api.moods, self.govcon.moods, self.usaspending.moods, self.newsapi.moods):
            moods[:] = [spell.value] * FOR_LONG  # type: ignore[list-item]
        self.grants_gov.moods = {name: [spell.value] * FOR_LONG for name in ("search2", "fetchOpportunity", "simpler")}

    def recover(self) -> None:
        """Answer rightly again."""
        for moods in (self.sam_api.moods, self.govcon.moods, self.usaspending.moods, self.newsapi.moods):
            moods.clear()
        self.grants_gov.moods = {}

    def settings(self) -> dict[str, str]:
        """Return the environment that leads a run here, with keys."""
        named = {
            "sam_gov_bulk_url": self.sam_site.url, "sam_gov_api_url": self.sam_api.url, "sam_gov_api_key": self.sam_api.key,
            "sam_gov_requests_a_day": "1000", "govcon_api_url": self.govcon.url, "govcon_api_key": self.govcon.key,
            "usaspending_url": self.usaspending.url, "newsapi_url": self.newsapi.url, "newsapi_api_key": self.newsapi.key,
            "simpler_grants_api_key": KEY, "offline": "0", **self.grants_gov.addresses,
        }  # fmt: skip
        return {f"PROCURA_{name.upper()}": value for name, value in named.items()}


@contextmanager
def running_all(today: date) -> Iterator[Doubles]:
    """Serve every source on this machine, with records that were posted yesterday."""
    day = (today - timedelta(days=1)).isoformat()
    opps = [
        opportunity(n, opened=today, updated=today, closes=today + timedelta(days=40), archived=None) for n in range(20)
    ]
    site = FakeSite(csv_bytes([csv_row(n) for n in range(60)]))
    newer: dict[str, Any] = {"postedDate": day}
    api = SamGovApi([v2_record(n, **newer) for n in range(40, 90)])  # 20 of them are in the daily file too
    govcon = GovConApi([govcon_record(n, posted_date=day) for n in range(30)])
    spending = Usaspending([award_record(n, **{"Last Modified Date": day}) for n in range(230)])
    grants = GrantsGov(
        {today - timedelta(days=1): zipped(extract(xml_record(opp) for opp in opps[:15]))},
        [hit(opp) for opp in opps], {opp.id: detail(opp) for opp in opps}, [simpler(opp) for opp in opps],
    )  # fmt: skip
    stories = [
        news_story(n, publishedAt=f"{day}T10:00:00Z", title=f"Army buys software engineering, part {n}")
        for n in range(12)
    ]
    with ExitStack() as servers:
        yield Doubles(
            servers.enter_context(running_site(site)), servers.enter_context(running_api(api)),
            servers.enter_context(running_govcon(govcon)), servers.enter_context(running_usaspending(spending)),
            servers.enter_context(running_grants_gov(grants)), servers.enter_context(running_news(News(stories))),
            notices=90 + 30 + 20, awards=230, stories=12,
        )  # fmt: skip
