"""Stories are shown for a reason: they name a buyer of the firm or one of its topics."""

from datetime import UTC, datetime

import pytest

from pipelines.qualification.press import buyer_stories, market_stories
from pipelines.qualification.profiles import ensure_company
from tests.factories_articles import article, land_articles
from tests.factories_people import new_person
from warehouse.domain.access import Person
from warehouse.lake.connection import open_lake
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough


@pytest.fixture
def person(home: Settings) -> Person:
    """Somebody who looks, in a home with the ready example of a firm and four stories."""
    ensure_company(open_ledger("procura_pipeline"))
    land_articles(
        open_lake(),
        [
            article("1", title="DoD buys radios", published_at=datetime(2026, 4, 1, tzinfo=UTC)),
            article("2", title="Cybersecurity for Veterans Affairs", published_at=datetime(2026, 4, 3, tzinfo=UTC)),
            article("3", title="Zero trust comes late", published_at=None),
            article("4", title="Nothing of interest"),
        ],
    )
    return new_person()


def test_the_market_shows_what_names_a_buyer_or_a_topic_the_newest_first(person: Person) -> None:
    found = market_stories(open_ledger(), by=person)
    assert [story.title for story in found] == [
        "Cybersecurity for Veterans Affairs",
        "DoD buys radios",
        "Zero trust comes late",
    ]
    assert (found[0].buyers, found[0].topics, found[0].host) == (
        ("Department of Veterans Affairs",), ("cyber",), "times.example",
    )  # fmt: skip
    assert (found[2].buyers, found[2].topics) == ((), ("zero trust",))


def test_an_opportunity_shows_its_buyers_alone(person: Person) -> None:
    found = buyer_stories(open_ledger(), ["DEPT OF DEFENSE", None, "DEPT OF THE ARMY"], by=person)
    assert [story.title for story in found] == ["DoD buys radios"]
    assert buyer_stories(open_ledger(), ["MINT, UNITED STATES"], by=person) == []
    assert buyer_stories(open_ledger(), [None, ""], by=person) == []
