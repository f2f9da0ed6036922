"""The parameters of the list: those of the page's address, and `limit` and `after` in place of a page number.

Where an address in a browser leaves out what it does not understand, a program is told: a misspelled filter would give
it the wrong list. Not here: what the parameters mean (app/address.py).
"""

import base64
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from app.address import LISTS, MOST_VALUES, NUMBERS, Parameters, View, number, read_view
from warehouse.errors import BadInput
from warehouse.ledger.opportunity_filter import OpportunityFilter, Sort
from warehouse.ledger.opportunity_walk import KEYS, Place

USUAL_LIMIT, MOST_LIMIT = 50, 200
ENUMS = {"status": "statuses", "rec": "recommendations"}
"""Lists whose values are of a known few, and the filter's name for them."""
LONGEST_WALK = timedelta(days=1)
INSTANTS = {"due_date", "safe_deadline_at", "posted_at"}


@dataclass(frozen=True)
class Question:
    """A list that is asked for: what, how much, behind which row, and as of when."""

    wanted: OpportunityFilter
    limit: int
    at: datetime
    after: Place | None


def read_question(parameters: QueryParams, at: datetime) -> Question:
    """Read the parameters of an address; a page after the first is looked at as of the first one's instant.

    Raises:
        BadInput: a parameter or its value is none of ours; the sentence names it.
    """
    given = {name: parameters.getlist(name) for name in parameters}
    limit = number(given.pop("limit", [str(USUAL_LIMIT)])[-1], 1, MOST_LIMIT)
    if limit is None:
        raise _refusal("limit", f"is a number from 1 to {MOST_LIMIT}")
    cursor = given.pop("after", [""])[-1]
    view = read_view(given)
    wanted = view.to_filter(at)
    _refuse_what_was_not_read(given, view, wanted)
    if not cursor:
        return Question(wanted, limit, at, None)
    began, place = _read_cursor(cursor, wanted.sort, at)
    return Question(replace(wanted, posted_since=view.to_filter(began).posted_since), limit, began, place)


def next_address(path: str, parameters: QueryParams, question: Question, last: Place) -> str:
    """Return path and query of the next page: the same question, behind the last row."""
    kept = [(name, value) for name, value in parameters.multi_items() if name != "after"]
    return f"{path}?{urlencode([*kept, ('after', _write_cursor(question, last))])}"


def _refuse_what_was_not_read(given: Parameters, view: View, wanted: OpportunityFilter) -> None:
    for name, values in given.items():
        if any("\x00" in value for value in values):
            raise _refusal(name, "holds a sign that no text of ours holds")
        if name in LISTS:
            read = len(getattr(wanted, ENUMS[name])) if name in ENUMS else len(view.lists[name])
            if read != len(set(values)) or len(values) > MOST_VALUES:
                raise _refusal(name, f"has a value that is not known, is empty, or has more than {MOST_VALUES} values")
        elif name in NUMBERS:
            if name not in view.numbers:
                low, high = NUMBERS[name]
                raise _refusal(name, f"is a number from {low} to {high}")
        elif name == "sort":
            if values[-1] not in set(Sort):
                raise _refusal(name, f"is one of {', '.join(Sort)}")
        elif name == "closed":
            if values[-1] not in ("0", "1"):
                raise _refusal(name, "is 0 or 1")
        elif name != "q":
            raise _refusal(name, "is no parameter of this list")


def _write_cursor(question: Question, last: Place) -> str:
    values = [value.isoformat() if isinstance(value, datetime) else value for value in last]
    text = json.dumps([question.wanted.sort.value, question.at.isoformat(), *values], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(text: str, sort: Sort, at: datetime) -> tuple[datetime, Place]:
    try:
        found = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        named, began, *values = found
        columns = [key.split()[0] for key in KEYS.get(sort, ("offset",))]
        since = _instant(began)
        if named != sort.value or len(values) != len(columns) or not at - LONGEST_WALK <= since <= at:
            raise ValueError
        return since, tuple(_read_value(column, value) for column, value in zip(columns, values, strict=True))
    except (ValueError, TypeError):
        raise _refusal(
            "after", "is not what the page before gave as `next`, for the same order, within a day"
        ) from None


def _read_value(column: str, value: object) -> object:
    if column in INSTANTS:
        return None if value is None else _instant(value)
    if value is None and column == "fit_score":
        return None
    is_right = isinstance(value, str) if column == "id" else isinstance(value, int) and 0 <= value <= MOST_LIMIT
    if not is_right:
        raise TypeError
    return value


def _instant(value: object) -> datetime:
    found = datetime.fromisoformat(str(value))
    if found.tzinfo is None:
        raise ValueError
    return found


def _refusal(name: str, what: str) -> BadInput:
    return BadInput(f"The parameter {name} {what}.", todo="see /api/v1/openapi.json.")
