"""Parts that only approved makers may supply: who they are, by CAGE code.

Here: reading the list out of a notice's text. Not here: what it does to a score (ranker.py).
"""

import re

# Supply offices write: "Approved sources are 1AB23 4567-1; 2CD34 89A." Each entry is a CAGE code, then the maker's part
# number, which may hold spaces and dots; the list ends at a full stop followed by a space or the end of the text.
_LIST = re.compile(r"approved sources? (?:is|are):? (.{5,2000}?)(?:\.\s|\.$|$)", re.IGNORECASE | re.DOTALL)
_ENTRY = re.compile(r"\s*([0-9A-Z]{5})\s+\S")


def approved_sources(text: str | None) -> frozenset[str]:
    """Parse the CAGE codes of approved sources from a notice's text; empty when it lists none."""
    # Looking for plain words first keeps 100,000 texts within a fraction of a second.
    if not text or not ("pproved source" in text or "pproved Source" in text or "PPROVED SOURCE" in text):
        return frozenset()
    found: set[str] = set()
    for listed in _LIST.finditer(text):
        entries = (_ENTRY.match(entry) for entry in listed.group(1).upper().split(";"))
        found.update(entry.group(1) for entry in entries if entry and any(c.isdigit() for c in entry.group(1)))
    return frozenset(found)
