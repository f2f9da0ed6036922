"""What the press says of the firm's market and of an opportunity's buyer: headlines, each with why it is shown.

Which buyers and topics a headline names is found when it is asked, so that a changed profile counts at once. Not here: how
stories come (pipelines/discovery/connectors/newsapi.py), how a name is found in a headline (warehouse/domain/mentions.py).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import duckdb

from warehouse.domain.access import Action, Person, check
from warehouse.domain.buyer import buyer_key
from warehouse.domain.mentions import headline_words, mentions, spoken, telling_words, topics_of
from warehouse.errors import StoreUnavailable
from warehouse.lake.connection import open_lake
from warehouse.ledger.company_profiles import declared_interests
from warehouse.ledger.store import Ledger

LOOKED_AT = 2_000
"""The newest stories: some months of them."""
MOST_BUYERS = 400


@dataclass(frozen=True)
class Story:
    """A headline, where it stands, and what of it concerns the firm.

    Attributes:
        publisher: As the source names it; empty where it does not.
        host: Of the address.
        buyers: Whom it names.
        topics: Which of the profile's keywords stand in it.
    """

    title: str
    url: str
    host: str
    publisher: str
    published_at: datetime | None
    buyers: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()


def market_stories(ledger: Ledger, *, by: Person, most: int = 12) -> list[Story]:
    """Read the newest stories that name a known buyer or one of the firm's topics.

    Raises:
        NotPermitted: `by` may not see the market.
        StoreUnavailable: the lake does not answer.
    """
    check(by, Action.READ_OPPORTUNITIES)
    with ledger.read(by) as tx:
        topics, customers = declared_interests(tx)
    known = _rows(
        "select distinct unnest([agency, sub_agency]) as name from (select * from marts.agency_spend"  # noqa: S608 - constants
        f" order by obligated_usd desc limit {MOST_BUYERS})"
    )
    buyers = _each_once([*customers, *(row["name"] for row in known if row["name"])])
    return _told(_newest(), buyers, topics, most)


def buyer_stories(ledger: Ledger, buyers: Sequence[str | None], *, by: Person, most: int = 5) -> list[Story]:
    """Read the newest stories that name one of an opportunity's buyers.

    Raises:
        NotPermitted: `by` may not see opportunities.
        StoreUnavailable: the lake does not answer.
    """
    check(by, Action.READ_OPPORTUNITIES)
    names = _each_once(name for name in buyers if name)
    if not names:
        return []
    with ledger.read(by) as tx:
        topics, _ = declared_interests(tx)
    return [story for story in _told(_newest(), names, topics, LOOKED_AT) if story.buyers][:most]


def _told(rows: list[dict[str, Any]], buyers: Sequence[str], topics: Sequence[str], most: int) -> list[Story]:
    found: list[Story] = []
    by_word: dict[str, list[str]] = {}  # hundreds of buyers and thousands of headlines: few of them can meet
    for buyer in buyers:
        for word in telling_words(buyer):
            by_word.setdefault(word, []).append(buyer)
    for row in rows:
        met = {buyer for word in headline_words(row["title"]) for buyer in by_word.get(word, ())}
        named = tuple(
            dict.fromkeys(spoken(buyer) for buyer in buyers if buyer in met and mentions(row["title"], buyer))
        )
        about = topics_of(row["title"], topics)
        if named or about:
            host = (urlsplit(row["url"]).hostname or "").removeprefix("www.")
            found.append(
                Story(row["title"], row["url"], host, row["publisher"] or "", row["published_at"], named, about)
            )
        if len(found) == most:
            break
    return found


def _each_once(names: Iterable[str]) -> list[str]:
    """Keep one spelling of each buyer."""
    return list({buyer_key(name): name for name in reversed(list(names)) if buyer_key(name)}.values())[::-1]


def _newest() -> list[dict[str, Any]]:
    return _rows(
        "select title, url, publisher, published_at from core.articles"  # noqa: S608 - constants
        f" order by published_at desc nulls last, article_id limit {LOOKED_AT}"
    )


def _rows(statement: str) -> list[dict[str, Any]]:
    cursor = open_lake("procura_analyst", read_only=True).cursor()
    try:
        return [dict(row) for row in cursor.execute(statement).to_arrow_table().to_pylist()]
    except duckdb.CatalogException:
        return []  # before the first run there are no marts
    except duckdb.Error as error:
        raise StoreUnavailable("the lake does not answer.", kept="nothing was changed.") from error
    finally:
        cursor.close()
