"""The address is the state: a filter, sort, page or open item as the address's parameters, and back.

The parameters are the truth. At each rerun the widgets are set from them, and a change of a widget is written into them
first; so reload, Back and a link sent to a colleague show the same view. Streamlit's own binding would put the labels
of choices, with their changing counts, into the address.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import TypeVar

from warehouse.domain.fit import Recommendation
from warehouse.domain.opportunity import OpportunityStatus
from warehouse.ledger.opportunity_filter import OpportunityFilter, Sort

T = TypeVar("T")
E = TypeVar("E", bound=Enum)
Parameters = Mapping[str, Sequence[str]]

LONGEST_TEXT = 200
MOST_VALUES = 40
NO_SET_ASIDE = "none"
"""How the address names "no set-aside": an empty value would be dropped."""
LISTS = ("kind", "agency", "naics", "psc", "set_aside", "type", "status", "rec", "place")
NUMBERS = {"fit": (1, 100), "due": (0, 3650), "posted": (1, 3650)}
"""Parameters that are numbers, with their range: least fit, days ahead, days back."""


@dataclass(frozen=True)
class View:
    """What the list shows: the parameters as read, tidy; `page` counts from 1."""

    text: str
    lists: Mapping[str, tuple[str, ...]]
    numbers: Mapping[str, int]
    is_closed_shown: bool
    sort: Sort
    page: int
    look: str

    def to_filter(self, at: datetime) -> OpportunityFilter:
        """Return the filter that the ledger understands, with days counted from `at`."""
        posted = self.numbers.get("posted")
        return OpportunityFilter(
            text=self.text,
            agencies=self.lists["agency"],
            naics=self.lists["naics"],
            psc=self.lists["psc"],
            set_asides=tuple("" if code == NO_SET_ASIDE else code for code in self.lists["set_aside"]),
            notice_types=self.lists["type"],
            statuses=members(OpportunityStatus, self.lists["status"]),
            recommendations=members(Recommendation, self.lists["rec"]),
            fit_min=self.numbers.get("fit"),
            due_within_days=self.numbers.get("due"),
            posted_since=at - timedelta(days=posted) if posted else None,
            places=self.lists["place"],
            kinds=self.lists["kind"],
            closed=self.is_closed_shown,
            sort=self.sort,
        )

    @property
    def active(self) -> int:
        """How many filters narrow the list, the text aside."""
        return sum(bool(values) for values in self.lists.values()) + len(self.numbers) + self.is_closed_shown


def read_view(parameters: Parameters, *, default_look: str = "table") -> View:
    """Read a view from an address; what is no value of ours is left out, never an error."""

    def first(name: str) -> str:
        values = parameters.get(name, ())
        return values[-1] if values else ""

    return View(
        text=" ".join(first("q").split())[:LONGEST_TEXT],
        lists={name: _tidy(parameters.get(name, ())) for name in LISTS},
        numbers={name: n for name, (low, high) in NUMBERS.items() if (n := number(first(name), low, high)) is not None},
        is_closed_shown=first("closed") == "1",
        sort=next(iter(members(Sort, [first("sort")])), Sort.FIT),
        page=number(first("page"), 1, 10_000) or 1,
        look=first("view") if first("view") in ("table", "cards") else default_look,
    )


def write_view(view: View, *, default_look: str = "table") -> dict[str, str | list[str]]:
    """Write a view as parameters; what is as usual is left out, so that addresses stay short."""
    written: dict[str, str | list[str]] = {}
    if view.text:
        written["q"] = view.text
    written |= {name: list(values) for name, values in view.lists.items() if values}
    written |= {name: str(value) for name, value in view.numbers.items()}
    if view.is_closed_shown:
        written["closed"] = "1"
    if view.sort is not Sort.FIT:
        written["sort"] = view.sort.value
    if view.page > 1:
        written["page"] = str(view.page)
    if view.look != default_look:
        written["view"] = view.look
    return written


def number(text: str, low: int, high: int) -> int | None:
    """Read a whole number within a range; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 and low <= int(text) <= high else None


def members(kind: type[E], values: Iterable[str]) -> tuple[E, ...]:
    """Return the members of an enum that are named; unknown names are left out."""
    known: dict[str, E] = {member.value: member for member in kind}
    return tuple(known[value] for value in values if value in known)


def _tidy(values: Sequence[str]) -> tuple[str, ...]:
    kept = (value.replace("\x00", "").strip()[:LONGEST_TEXT] for value in values[:MOST_VALUES])
    return tuple(dict.fromkeys(value for value in kept if value))


def read_one(parameters: Parameters, name: str, convert: Callable[[str], T]) -> T | None:
    """Return a single parameter; None where there is none."""
    values = parameters.get(name, ())
    return convert(values[-1][:LONGEST_TEXT]) if values and values[-1] else None
