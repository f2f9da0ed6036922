"""Which opportunities a person asks for: the filter as a record, and as conditions of SQL.

Not here: reading rows (opportunities.py), the form it has in an address (app/address.py).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from warehouse.domain.fit import Recommendation
from warehouse.domain.opportunity import OpportunityStatus


class Sort(StrEnum):
    """Orders of the list. `RELEVANCE` ranks by the words searched for and means `FIT` where none are."""

    FIT = "fit"
    DUE = "due"
    SAFE = "safe"
    POSTED = "posted"
    RELEVANCE = "relevance"


ORDER = {
    Sort.FIT: "fit_score desc nulls last, due_date, id",
    Sort.DUE: "due_date, id",
    Sort.SAFE: "safe_deadline_at, id",
    Sort.POSTED: "posted_at desc nulls last, id",
}
"""Each is one of the ledger's partial indexes, to the letter: a page is then read without sorting."""


@dataclass(frozen=True)
class OpportunityFilter:
    """What a list is narrowed to; empty means everything that can still be answered.

    Attributes:
        text: Words as a person types them into a search box ("quotes", or, -without), or a solicitation number or
            notice id, with or without its punctuation.
        naics: Prefixes of NAICS codes, 2 to 6 digits.
        psc: Prefixes of product and service codes.
        set_asides: SAM.gov's codes; "" stands for none.
        fit_min: Least fit score, 0 to 100.
        due_within_days: Deadline at most this many days ahead.
        posted_since: Posted at this instant or later.
        places: States of performance, two letters.
        kinds: What is offered: contract, grant (warehouse.domain.grants.NoticeKind).
        closed: Also those that can no longer be answered.
    """

    text: str = ""
    agencies: tuple[str, ...] = ()
    naics: tuple[str, ...] = ()
    psc: tuple[str, ...] = ()
    set_asides: tuple[str, ...] = ()
    notice_types: tuple[str, ...] = ()
    statuses: tuple[OpportunityStatus, ...] = ()
    recommendations: tuple[Recommendation, ...] = ()
    fit_min: int | None = None
    due_within_days: int | None = None
    posted_since: datetime | None = None
    places: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    closed: bool = False
    sort: Sort = Sort.FIT


Condition = tuple[str, dict[str, object]]


def conditions(wanted: OpportunityFilter, *, at: datetime) -> dict[str, Condition]:
    """Return the conditions by subject, each with its named parameters; `text` is left to who searches.

    A deadline that has passed since the last publishing is closed at `at`, whatever the row still says.
    """
    found: dict[str, Condition] = {}
    if wanted.closed:
        found["open"] = ("merged_into is null", {})
    else:
        # What was merged into another is never open.
        found["open"] = ("is_open and (due_date is null or due_date >= %(at)s)", {"at": at})
    for subject, column, values in (
        ("agency", "agency", wanted.agencies),
        ("notice_type", "notice_type", wanted.notice_types),
        ("place", "place_state", wanted.places),
        ("kind", "kind", wanted.kinds),
        ("recommendation", "recommendation", tuple(r.value for r in wanted.recommendations)),
    ):
        if values:
            found[subject] = (f"{column} = any(%({subject})s)", {subject: list(values)})
    if wanted.statuses:
        found["status"] = _of_status(wanted.statuses)
    if wanted.set_asides:
        codes = [code for code in wanted.set_asides if code]
        none = " or set_aside_code is null" if len(codes) < len(wanted.set_asides) else ""
        found["set_aside"] = (f"set_aside_code = any(%(set_aside)s){none}", {"set_aside": codes})
    for subject, column, prefixes in (("naics", "naics_code", wanted.naics), ("psc", "psc_code", wanted.psc)):
        if prefixes:
            found[subject] = _begins_with(subject, column, prefixes)
    if wanted.fit_min:
        found["fit"] = ("fit_score >= %(fit_min)s", {"fit_min": wanted.fit_min})
    if wanted.due_within_days is not None:
        until = at + timedelta(days=wanted.due_within_days)
        found["due"] = ("due_date between %(at)s and %(due_until)s", {"at": at, "due_until": until})
    if wanted.posted_since is not None:
        found["posted"] = ("posted_at >= %(posted_since)s", {"posted_since": wanted.posted_since})
    return found


def _of_status(statuses: tuple[OpportunityStatus, ...]) -> Condition:
    """Compare the status; where NEW is among them, so that the planner expects many rows.

    Under row security PostgreSQL keeps the statistics of an enum to itself and takes any comparison for very selective:
    it would sort 150,000 new rows instead of walking the index of the order. `coalesce` makes it expect half of them.
    """
    text = "status = any(%(status)s::opportunity_status[])"
    values: dict[str, object] = {"status": [status.value for status in statuses]}
    return (f"coalesce({text}, false)" if OpportunityStatus.NEW in statuses else text), values


def _begins_with(subject: str, column: str, prefixes: tuple[str, ...]) -> Condition:
    """Compare prefixes as ranges, for the same reason: LIKE shows no statistics under row security, `<` does."""
    parts, values = [], dict[str, object]()
    for number, prefix in enumerate(prefixes):
        low, high = f"{subject}_{number}_from", f"{subject}_{number}_before"
        parts.append(f'({column} collate "C" >= %({low})s and {column} collate "C" < %({high})s)')
        values |= {low: prefix, high: prefix[:-1] + chr(min(ord(prefix[-1]) + 1, 0x10FFFF))}
    return " or ".join(parts), values


def number_key(text: str) -> str | None:
    """Return the comparable form of a solicitation number or notice id; None when the text cannot be one."""
    if " " in text.strip():
        return None
    key = "".join(c for c in text.upper() if c.isascii() and c.isalnum())
    return key if len(key) >= 5 and any(c.isdigit() for c in key) else None
