"""Saved searches: keep a view of the Opportunities page, and tell its new matches each morning.

Not here: sending (notification_sending.py).
"""

import uuid
from dataclasses import replace
from datetime import datetime

from pipelines.administration.notification_messages import inert
from warehouse.domain import access
from warehouse.domain.access import Action, Person, State
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.notification import NotificationKind
from warehouse.errors import BadInput, NotFound
from warehouse.ledger import saved_searches as rows
from warehouse.ledger.notifications import tell_in
from warehouse.ledger.opportunity_filter import OpportunityFilter
from warehouse.ledger.saved_searches import Match, SavedSearch
from warehouse.ledger.store import Ledger

MOST_SEARCHES = 30
MOST_MATCHES = 5_000
"""What a search matches is remembered one by one; one that matches more is no search that anybody reads."""
LONGEST_NAME, LONGEST_ADDRESS = 80, 4_000


def save_search(
    ledger: Ledger,
    name: str,
    address: str,
    wanted: OpportunityFilter,
    *,
    at: datetime,
    world_at: datetime,
    by: Person,
    most: int = MOST_MATCHES,
) -> SavedSearch:
    """Save a view; its matches of now are no news, each later one is told the next morning.

    Args:
        address: The page's query, as its address says it.
        world_at: The instant at which the page looks at the world.
        most: How many matches a search may have.

    Raises:
        NotPermitted: `by` may not.
        BadInput: no name or one that is taken, 30 searches already, or more than 5,000 matches.
    """
    access.check(by, Action.EDIT_SAVED_SEARCH, State.OWN)
    title = " ".join(name.replace("\x00", "").split())
    if not 1 <= len(title) <= LONGEST_NAME or len(address) > LONGEST_ADDRESS:
        raise BadInput("A search needs a name of 1 to 80 characters.", todo="give it one.")
    # Days back from today would be another search each day: new matches are told anyway.
    kept = replace(wanted, posted_since=None)
    search = SavedSearch(str(uuid.uuid4()), by.id, title, address, kept, True, at, at)
    with ledger.deed(AuditEvent("saved_search:saved", search.id, by.id), by) as deed:
        if len(rows.list_searches(deed, by.id)) >= MOST_SEARCHES:
            raise BadInput(f"You have {MOST_SEARCHES} saved searches.", todo="remove one on the page Inbox first.")
        if not rows.insert_search(deed, search):
            raise BadInput("You have a search of this name.", kept="it.", todo="choose another name.")
        matches = rows.find_new_matches(deed, search.id, kept, at=world_at, limit=most + 1)
        if len(matches) > most:
            raise BadInput(
                f"This search has more than {most:,} matches.",
                todo="narrow it, so that its news are worth reading.",
            )
        rows.mark_seen(deed, search.id, [match.id for match in matches], at=at)
        deed.note(matches=len(matches))
    return search


def list_searches(ledger: Ledger, *, by: Person) -> list[SavedSearch]:
    """Return the own searches by name."""
    access.check(by, Action.EDIT_SAVED_SEARCH, State.OWN)
    with ledger.read(by) as tx:
        return rows.list_searches(tx, by.id)


def remove_search(ledger: Ledger, search_id: str, *, by: Person) -> None:
    """Remove an own search.

    Raises:
        NotFound: `by` has none of this id.
    """
    access.check(by, Action.EDIT_SAVED_SEARCH, State.OWN)
    with ledger.deed(AuditEvent("saved_search:removed", search_id, by.id), by) as deed:
        if not rows.delete_search(deed, search_id, by.id):
            raise _unknown()


def watch_search(ledger: Ledger, search_id: str, is_watched: bool, *, by: Person) -> None:
    """Say whether new matches of an own search are told.

    Raises:
        NotFound: `by` has none of this id.
    """
    access.check(by, Action.EDIT_SAVED_SEARCH, State.OWN)
    with ledger.deed(AuditEvent("saved_search:watched", search_id, by.id, {"now": is_watched}), by) as deed:
        if not rows.set_watched(deed, search_id, by.id, is_watched):
            raise _unknown()


def tell_new_matches(ledger: Ledger, *, at: datetime, world_at: datetime) -> int:
    """Tell the new matches of every search whose morning has come since it was looked at; returns how many were told.

    After a pause of the product each search is told once, with all that came meanwhile.
    """
    with ledger.read() as tx:
        watched = rows.watched_searches(tx)
    told = 0
    for search, times in watched:
        morning = times.latest(at)
        if morning is None or search.seen_at >= morning:
            continue
        with ledger.housekeeping() as tx:
            seen_at = rows.lock_search(tx, search.id)
            if seen_at is None or seen_at >= morning:
                continue
            found = rows.find_new_matches(tx, search.id, search.wanted, at=world_at, limit=MOST_MATCHES)
            rows.mark_seen(tx, search.id, [match.id for match in found], at=at)
            if found:
                told += tell_in(
                    tx, [search.person_id], NotificationKind.SAVED_SEARCH, _news(search, found),
                    key=f"search:{search.id}:{morning:%Y-%m-%dT%H}", opportunity_id=found[0].id,
                )  # fmt: skip
    return told


def _news(search: SavedSearch, found: list[Match]) -> str:
    shown = "; ".join(
        inert(match.title, 90) + (f" (fit {match.fit_score})" if match.fit_score is not None else "")
        for match in found[:3]
    )
    count = f"{len(found):,} new match{'' if len(found) == 1 else 'es'}"
    more = f", and {len(found) - 3:,} more" if len(found) > 3 else ""
    return f"{inert(search.name, 80)}: {count}. {shown}{more}"


def _unknown() -> NotFound:
    return NotFound("There is no such search of yours.", kept="nothing was changed.", todo="reload the page.")
