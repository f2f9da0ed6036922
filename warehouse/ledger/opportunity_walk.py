"""Walking through all opportunities that match, page after page, for programs that read a list to its end.

A page continues behind the last row of the one before, by that row's own place in the order: what is published, scored
or decided meanwhile makes no row come twice and leaves none out that stayed where it was. Not here: the list that
people see, with its counts and page numbers (opportunities.py).
"""

from dataclasses import dataclass
from datetime import datetime

from warehouse.ledger.opportunities import COLUMNS, OpportunityRow, to_row
from warehouse.ledger.opportunity_filter import ORDER, OpportunityFilter, Sort, conditions
from warehouse.ledger.opportunity_search import find_by_number, find_words
from warehouse.ledger.store import Transaction

KEYS = {
    Sort.FIT: ("fit_score desc", "due_date", "id"),
    Sort.DUE: ("due_date", "id"),
    Sort.SAFE: ("safe_deadline_at", "id"),
    Sort.POSTED: ("posted_at desc", "id"),
}
"""The columns of each order; where a value is missing, the row comes after those that have one."""

Place = tuple[object, ...]
"""Where a row stands in an order: its values of the order's columns."""


@dataclass(frozen=True)
class Stretch:
    """Some rows in order, and the place of the last one where there are more behind it."""

    rows: tuple[OpportunityRow, ...]
    last: Place | None


def walk_opportunities(
    tx: Transaction, wanted: OpportunityFilter, *, at: datetime, limit: int, after: Place | None = None
) -> Stretch:
    """Return the next rows that match; a solicitation number or notice id finds its opportunity, open or not.

    Args:
        at: The instant at which the world is looked at; the same for the whole walk.
        limit: Most rows to return.
        after: The place of the last row that was read; None begins.
    """
    parts = list(conditions(wanted, at=at).values())
    words = find_words(tx, wanted.text)
    parts += [words.condition] if words else []
    where = " and ".join(f"({text})" for text, _ in parts)
    parameters: dict[str, object] = {"limit": limit + 1}
    for _, values in parts:
        parameters |= values
    exact = find_by_number(tx, wanted.text)
    if exact:
        where, parameters["exact"] = f"({where}) or id = any(%(exact)s)", exact
    if after is not None:
        behind, values = _behind(KEYS[wanted.sort], after)
        where, parameters = f"({where}) and ({behind})", parameters | values
    order = ORDER[wanted.sort]
    ids = f"select id from opportunities where {where} order by {order} limit %(limit)s"  # noqa: S608 - own constants; values are parameters
    statement = f"select {COLUMNS} from opportunities where id = any(array({ids})) order by {order}"  # noqa: S608 - own constants; values are parameters
    found = tx.connection.execute(statement, parameters, prepare=False).fetchall()
    has_more = len(found) > limit
    names = [key.split()[0] for key in KEYS[wanted.sort]]
    last = tuple(found[limit - 1][name] for name in names) if has_more else None
    return Stretch(tuple(to_row(row) for row in found[:limit]), last)


def _behind(keys: tuple[str, ...], place: Place) -> tuple[str, dict[str, object]]:
    """Return the condition of standing behind a place: later in one column, equal in all before it."""
    alternatives: list[str] = []
    equal: list[str] = []
    values: dict[str, object] = {}
    for number, (key, value) in enumerate(zip(keys, place, strict=True)):
        name, parameter = key.split()[0], f"after_{number}"
        if value is None:
            equal.append(f"{name} is null")  # nothing stands behind what is missing
            continue
        values[parameter] = value
        sign = "<" if key.endswith(" desc") else ">"
        later = f"({name} {sign} %({parameter})s or {name} is null)"
        alternatives.append(" and ".join([*equal, later]))
        equal.append(f"{name} = %({parameter})s")
    return " or ".join(f"({text})" for text in alternatives), values
