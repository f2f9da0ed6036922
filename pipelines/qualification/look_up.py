"""Reading opportunities in the name of a person, for programs: the right is asked here.

Not here: what pages show (app), decisions (decisions.py).
"""

from datetime import datetime

from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.errors import NotFound
from warehouse.ledger.opportunities import OpportunityDetail, list_opportunities, read_opportunity
from warehouse.ledger.opportunity_filter import OpportunityFilter, Sort
from warehouse.ledger.opportunity_walk import Place, Stretch, walk_opportunities
from warehouse.ledger.store import Ledger


def find_opportunities(
    ledger: Ledger, wanted: OpportunityFilter, *, at: datetime, limit: int, after: Place | None = None, by: Person
) -> Stretch:
    """Return the next opportunities that match, in the order asked for.

    Args:
        at: The instant at which the world is looked at; the same for all pages of one walk.
        limit: Most rows to return.
        after: What the page before returned as its `last`; None begins. By relevance it is how many were read, and the
            walk ends with the best two hundred.

    Raises:
        NotPermitted: `by` may not read opportunities.
        NotSignedIn: the session of `by` has ended.
    """
    access.check(by, Action.READ_OPPORTUNITIES)
    with ledger.read(by) as tx:
        if wanted.sort is not Sort.RELEVANCE:
            return walk_opportunities(tx, wanted, at=at, limit=limit, after=after)
        read = int(str(after[0])) if after else 0
        page = list_opportunities(tx, wanted, at=at, limit=limit, offset=read)
        read += len(page.rows)
        return Stretch(page.rows, (read,) if page.rows and read < page.total else None)


def find_opportunity(ledger: Ledger, opportunity_id: str, *, by: Person) -> OpportunityDetail:
    """Return one opportunity whole; an id that regrouping made obsolete leads to its survivor.

    Raises:
        NotPermitted: `by` may not read opportunities.
        NotSignedIn: the session of `by` has ended.
        NotFound: there is none of this id.
    """
    access.check(by, Action.READ_OPPORTUNITIES)
    with ledger.read(by) as tx:
        found = read_opportunity(tx, opportunity_id)
    if found is None:
        raise NotFound("There is no opportunity of this id.", todo="look for it by its solicitation number.")
    return found
