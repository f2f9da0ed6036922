"""Limits that the notice's own words state, read from the quotes of the checklist: a proposal each, for a person to take.

Nothing is taken by itself: a sentence may speak of something else. Not here: finding the quotes (points_in_text.py).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from warehouse.domain.executor import MB
from warehouse.domain.package import LONGEST_QUOTE, fault_of_limit
from warehouse.ledger.submission_tasks import TaskRow

MARKUP = re.compile(r"<[^<>]{1,500}>|&nbsp;")
SIZE = re.compile(r"\b(\d{1,4}(?:\.\d{1,2})?) ?(kb|kilobytes?|mb|megabytes?|gb|gigabytes?)\b", re.I)
EACH = re.compile(
    r"\b(?:each|any|every|per|single|individual|one|a) (?:single |individual )?(?:file|attachment|document|volume)s?\b|\bfile size\b",
    re.I,
)
PAGES = re.compile(r"\b(?:(\d{1,3})|\w+ \((\d{1,3})\))[ -](?:[\w-]+ ){0,2}pages?\b", re.I)
VOLUME = re.compile(r"\bvolume ([ivx]{1,4}|\d{1,2})\b", re.I)
LIMITING = re.compile(
    r"\b(?:exceed|limit|maximum|max|more than|larger than|no greater|up to|not to|or less|at most)", re.I
)
TYPES = (
    (re.compile(r"\bpdf\b|\badobe\b", re.I), "pdf"),
    (re.compile(r"\bword\b|\bdocx\b", re.I), "docx"),
    (re.compile(r"\bexcel\b|\bxlsx\b", re.I), "xlsx"),
)
FORMAT = re.compile(r"\bformats?\b|\bfile types?\b|\bsubmit(?:ted)? (?:in|as)\b|\bcompatible\b", re.I)
SIZES = {"k": 1_000, "m": MB, "g": 1_000 * MB}


@dataclass(frozen=True)
class Proposal:
    """A limit as the notice's words seem to state it; `quote` holds these words as they are stored."""

    name: str
    value: Any
    quote: str


def proposals(points: Iterable[TaskRow]) -> tuple[Proposal, ...]:
    """Return the limits that the quotes of a checklist state; of several the smallest, and page limits by volume together."""
    found: dict[str, Proposal] = {}
    for point in points:
        for one in _stated(point.quote or ""):
            if not fault_of_limit(one.name, one.value):
                found[one.name] = _together(found.get(one.name), one)
    return tuple(found.values())


def _stated(quote: str) -> Iterator[Proposal]:
    words = " ".join(MARKUP.sub(" ", quote).split())
    kept = quote[:LONGEST_QUOTE]
    if LIMITING.search(words):
        for number, unit in SIZE.findall(words):
            size = round(float(number) * SIZES[unit[0].lower()])
            yield Proposal("file_bytes" if EACH.search(words) else "total_bytes", size, kept)
        volume, pages = VOLUME.search(words), PAGES.search(words)
        if volume and pages:
            yield Proposal("pages", {f"Volume {volume[1].upper()}": int(pages[1] or pages[2])}, kept)
    endings = [ending for pattern, ending in TYPES if pattern.search(words)]
    if endings and FORMAT.search(words):
        yield Proposal("file_types", endings, kept)


def _together(before: Proposal | None, new: Proposal) -> Proposal:
    if before is None:
        return new
    if new.name == "pages":
        return Proposal("pages", {**before.value, **new.value}, f"{before.quote} … {new.quote}"[:LONGEST_QUOTE])
    if new.name == "file_types":
        return before
    return min(before, new, key=lambda one: one.value)
