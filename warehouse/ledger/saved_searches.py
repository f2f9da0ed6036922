"""Saved searches: the view somebody wants to hear of, and which of its matches were told already.

Not here: who may save one, when it is looked at again (pipelines/administration/saved_searches.py).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from warehouse.domain.digest import DigestTimes
from warehouse.domain.fit import Recommendation
from warehouse.domain.opportunity import OpportunityStatus
from warehouse.ledger.notification_settings import COLUMNS, settings_from
from warehouse.ledger.opportunity_filter import OpportunityFilter, Sort, conditions
from warehouse.ledger.opportunity_search import find_words
from warehouse.ledger.store import Row, Transaction


@dataclass(frozen=True)
class SavedSearch:
    """One saved search; `address` is the query of the Opportunities page, `seen_at` when it was looked at last."""

    id: str
    person_id: str
    name: str
    address: str
    wanted: OpportunityFilter
    is_watched: bool
    created_at: datetime
    seen_at: datetime


@dataclass(frozen=True)
class Match:
    """One new match, with what a line about it says."""

    id: str
    title: str
    fit_score: int | None


QUERY = (
    "select f.id::text as id, f.person_id::text as person_id, f.name, f.address, f.filter, f.is_watched, f.created_at, f.seen_at"
    " from saved_searches f"
)


def list_searches(tx: Transaction, person_id: str) -> list[SavedSearch]:
    """Return a person's searches by name."""
    rows = tx.rows(f"{QUERY} where f.person_id = %s order by lower(f.name)", [person_id])
    return [_search(row) for row in rows]


def watched_searches(tx: Transaction) -> list[tuple[SavedSearch, DigestTimes]]:
    """Return every search that is to be told of, of people who can sign in, each with its person's digest times."""
    rows = tx.rows(
        f"select w.*, {COLUMNS} from ({QUERY} join profiles p on p.id = f.person_id where f.is_watched and not p.is_disabled) w"  # noqa: S608 - texts of these files
        " left join notification_settings s on s.person_id = as_uuid(w.person_id) order by w.id"
    )
    return [(_search(row), settings_from(row).digest) for row in rows]


def insert_search(tx: Transaction, search: SavedSearch) -> bool:
    """Keep a search; False where the person has one of this name."""
    done = tx.execute(
        "insert into saved_searches (id, person_id, name, address, filter, is_watched, created_at, seen_at)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
        [
            search.id, search.person_id, search.name, search.address, json.dumps(_stored(search.wanted)), search.is_watched,
            search.created_at, search.seen_at,
        ],
    )  # fmt: skip
    return done.rowcount == 1


def find_new_matches(
    tx: Transaction, search_id: str, wanted: OpportunityFilter, *, at: datetime, limit: int
) -> list[Match]:
    """Return matches that were not told yet, the best fit first; what the firm has declined is left out.

    Args:
        at: The instant of the world at which they can still be answered.
    """
    parts = list(conditions(wanted, at=at).values())
    words = find_words(tx, wanted.text, open_at=None if wanted.closed else at)
    if words:
        parts.append(words.every_match)
    parameters: dict[str, object] = {"search": search_id, "limit": limit}
    for _, values in parts:
        parameters |= values
    where = " and ".join(f"({text})" for text, _ in parts)
    rows = tx.connection.execute(
        f"select id, title, fit_score from opportunities where {where}"  # noqa: S608 - own constants; values are parameters
        " and coalesce(status <> 'disqualified', true) and not exists (select from saved_search_matches m"
        "   where m.search_id = %(search)s and m.opportunity_id = opportunities.id)"
        " order by fit_score desc nulls last, due_date, id limit %(limit)s",
        parameters,
        prepare=False,
    ).fetchall()
    return [Match(**row) for row in rows]


def mark_seen(tx: Transaction, search_id: str, ids: Sequence[str], *, at: datetime) -> None:
    """Write down which matches are no news any more, and when they were looked for."""
    tx.execute(
        "insert into saved_search_matches (search_id, opportunity_id, seen_at) select %s, unnest(%s::text[]), %s"
        " on conflict do nothing",
        [search_id, list(ids), at],
    )
    tx.execute("update saved_searches set seen_at = %s where id = %s", [at, search_id])


def lock_search(tx: Transaction, search_id: str) -> datetime | None:
    """Hold a search while its new matches are told, and return when it was looked at last; None where it is gone or held."""
    row = tx.row("select seen_at from saved_searches where id = %s for update skip locked", [search_id])
    return row["seen_at"] if row else None


def delete_search(tx: Transaction, search_id: str, person_id: str) -> bool:
    """Remove a search; False where the person has none of this id."""
    done = tx.execute("delete from saved_searches where id = as_uuid(%s) and person_id = %s", [search_id, person_id])
    return done.rowcount == 1


def set_watched(tx: Transaction, search_id: str, person_id: str, is_watched: bool) -> bool:
    """Say whether new matches are told; False where the person has none of this id."""
    done = tx.execute(
        "update saved_searches set is_watched = %s where id = as_uuid(%s) and person_id = %s",
        [is_watched, search_id, person_id],
    )
    return done.rowcount == 1


def _search(row: Row) -> SavedSearch:
    same = ("id", "person_id", "name", "address", "is_watched", "created_at", "seen_at")
    return SavedSearch(**{name: row[name] for name in same}, wanted=_filter(row["filter"]))


def _stored(wanted: OpportunityFilter) -> Mapping[str, Any]:
    kept = {name: value for name, value in asdict(wanted).items() if name != "posted_since"}
    return kept | {"sort": Sort.FIT.value}


def _filter(stored: Mapping[str, Any]) -> OpportunityFilter:
    return OpportunityFilter(
        text=stored.get("text", ""),
        statuses=tuple(OpportunityStatus(s) for s in stored.get("statuses", ())),
        recommendations=tuple(Recommendation(r) for r in stored.get("recommendations", ())),
        fit_min=stored.get("fit_min"),
        due_within_days=stored.get("due_within_days"),
        closed=bool(stored.get("closed", False)),
        agencies=tuple(stored.get("agencies", ())),
        naics=tuple(stored.get("naics", ())),
        psc=tuple(stored.get("psc", ())),
        set_asides=tuple(stored.get("set_asides", ())),
        notice_types=tuple(stored.get("notice_types", ())),
        places=tuple(stored.get("places", ())),
        kinds=tuple(stored.get("kinds", ())),
    )
