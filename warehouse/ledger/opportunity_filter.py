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
        ("recommendation", "recommendation", tuple(r.value for r in wanted.recommendations)),
    ):
        if values:
            found[subject] = (f"{column} = any(%({subject})s)", {subject: list(values)})
    if wanted.statuses:
        found["status"] = (
            "status = any(%(status)s::opportunity_status[])",
            {"status": [s.value for s in wanted.statuses]},
        )
    if wanted.set_asides:
        found["set_aside"] = (
            "coalesce(set_aside_code, '') = any(%(set_aside)s)",
            {"set_aside": list(wanted.set_asides)},
        )
    for subject, column, prefixes in (("naics", "naics_code", wanted.naics), ("psc", "psc_code", wanted.psc)):
        if prefixes:
            patterns = [like_prefix(prefix) for prefix in prefixes]
            found[subject] = (f"{column} like any(%({subject})s)", {subject: patterns})
    if wanted.fit_min:
        found["fit"] = ("fit_score >= %(fit_min)s", {"fit_min": wanted.fit_min})
    if wanted.due_within_days is not None:
        until = at + timedelta(days=wanted.due_within_days)
        found["due"] = ("due_date between %(at)s and %(due_until)s", {"at": at, "due_until": until})
    if wanted.posted_since is not None:
        found["posted"] = ("posted_at >= %(posted_since)s", {"posted_since": wanted.posted_since})
    return found


def like_prefix(prefix: str) -> str:
    """Return the LIKE pattern of what begins with `prefix`, whatever signs are in it."""
    return prefix.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


def number_key(text: str) -> str | None:
    """Return the comparable form of a solicitation number or notice id; None when the text cannot be one."""
    if " " in text.strip():
        return None
    key = "".join(c for c in text.upper() if c.isascii() and c.isalnum())
    return key if len(key) >= 5 and any(c.isdigit() for c in key) else None
