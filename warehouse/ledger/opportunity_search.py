"""Finding opportunities by words or by number under row security.

Where a policy asks who acts, PostgreSQL answers only "leakproof" comparisons from an index, and words (`@@`) are none:
two functions of the ledger (migration 0004) ask the index of words and give back ids. Not here: filters (opportunity_filter.py).
"""

from dataclasses import dataclass
from datetime import datetime

from warehouse.ledger.opportunity_filter import Condition, number_key
from warehouse.ledger.store import Transaction

RARE = 2_000
"""Words that fewer rows hold are looked up by their ids. Of words that more rows hold, a page is full after a few rows of
its order, each compared with the words."""
QUERY = "websearch_to_tsquery('english', %(text)s)"


@dataclass(frozen=True)
class Words:
    """The words of a search, and up to `RARE` + 1 ids of the rows asked for that hold them."""

    text: str
    ids: tuple[str, ...]

    @property
    def is_rare(self) -> bool:
        """Say whether `ids` are all."""
        return len(self.ids) <= RARE

    @property
    def among_ids(self) -> Condition:
        """Return the condition of being one of `ids`."""
        return "id in (select unnest(%(with_words)s::text[]))", {"with_words": list(self.ids)}

    @property
    def condition(self) -> Condition:
        """Return the condition for reading a page in its order."""
        return self.among_ids if self.is_rare else (f"search @@ {QUERY}", {"text": self.text})

    @property
    def every_match(self) -> Condition:
        """Return the condition for counting all rows that hold the words, in no order.

        Frequent ones stand in a `coalesce`: PostgreSQL then makes a table of the ids once and looks each row up in it,
        instead of fetching each of them by its id.
        """
        if self.is_rare:
            return self.among_ids
        among = f"id in (select * from opportunities_with_words({QUERY}))"  # noqa: S608 - own constants; values are parameters
        return f"coalesce({among}, false)", {"text": self.text}


def find_words(tx: Transaction, text: str, *, open_at: datetime | None = None) -> Words | None:
    """Look the words of a search box up; None for an empty text.

    Args:
        open_at: Only among what can still be answered at this instant; None among all.
    """
    words = text.replace("\x00", " ").strip()
    if not words:
        return None
    row = tx.row(
        f"select array(select * from opportunities_with_words({QUERY}, %(most)s, %(open_at)s)) as ids",  # noqa: S608 - own constants; values are parameters
        {"text": words, "most": RARE + 1, "open_at": open_at},
    )
    return Words(words, tuple(row["ids"] if row else ()))


def find_by_number(tx: Transaction, text: str) -> list[str]:
    """Return the ids of the opportunities whose solicitation number or notice id a text is, at most 20; [] for words."""
    key = number_key(text)
    if key is None:
        return []
    rows = tx.rows(
        "select unnest(opportunities_numbered(%(key)s)) as id"
        " union select opportunity_id from opportunity_notices where notice_id = any(%(ids)s)"
        " union select id from opportunities where external_ref = any(%(ids)s) or id = any(%(ids)s) limit 20",
        {"key": key, "ids": [text.strip(), text.strip().lower()]},
    )
    return sorted(row["id"] for row in rows)
