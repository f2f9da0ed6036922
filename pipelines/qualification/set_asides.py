"""Which eligibility lets a firm bid under which set-aside.

Here: SAM.gov's set-aside codes and what satisfies each. Not here: the rule that excludes (rules.py).
"""

import re

_EIGHT_A = {"8A", "8AN"}
_HUBZONE = {"HZC", "HZS"}
_SDVOSB = {"SDVOSBC", "SDVOSBS"}
_EDWOSB = {"EDWOSB", "EDWOSBSS"}
_WOSB = {"WOSB", "WOSBSS"} | _EDWOSB  # FAR 19.1503: an EDWOSB is a WOSB
_VOSB = {"VSA", "VSS"} | _SDVOSB  # VAAR 819.70: an SDVOSB is a VOSB
_INDIAN = {"IEE", "ISBEE", "BICIV"}
_SMALL = {"SBA", "SBP", "ISBEE"} | _EIGHT_A | _HUBZONE | _WOSB | _VOSB  # each of these programmes requires a small firm

SATISFIED_BY: dict[str, frozenset[str]] = {
    code: frozenset(eligible)
    for codes, eligible in (
        (("SBA",), _SMALL),  # total small business, FAR 19.502-2
        (("8A", "8AN"), _EIGHT_A),  # 8(a), FAR 19.8
        (("HZC", "HZS"), _HUBZONE),  # HUBZone, FAR 19.13
        (("SDVOSBC", "SDVOSBS"), _SDVOSB),  # service-disabled veterans, FAR 19.14
        (("WOSB", "WOSBSS"), _WOSB),  # women-owned, FAR 19.15
        (("EDWOSB", "EDWOSBSS"), _EDWOSB),  # economically disadvantaged women-owned, FAR 19.15
        (("VSA", "VSS"), _VOSB),  # veterans, VAAR 819.70
        (("ISBEE",), {"ISBEE"}),  # Indian small business, DIAR 1480
        (("IEE", "BICIV"), _INDIAN),  # Buy Indian Act, DIAR 1480 and HHSAR 326.6
        (("LAS",), {"LAS"}),  # local firms in a disaster area, FAR 26.2
    )
    for code in codes
}
"""Set-aside code -> eligibilities of which any one suffices; codes in capitals."""

OPEN_TO_ALL = frozenset({"NONE", "SBP"})
"""No set-aside, and the partial one (FAR 19.502-3), whose other part anyone may bid for."""

ELIGIBILITIES = tuple(sorted({*SATISFIED_BY, "SBP"}))
"""What a profile may claim."""


def set_aside_codes(published: str | None) -> tuple[str, ...]:
    """Parse a published set-aside: capitals, one code or several; a JSON list as text occurs in the daily file."""
    return tuple(re.findall(r"[A-Z0-9]+", (published or "").upper()))


def restricting_codes(published: str | None) -> tuple[str, ...]:
    """Keep the known codes that restrict who may bid; empty when the competition is open or the code is unknown."""
    return tuple(code for code in set_aside_codes(published) if code in SATISFIED_BY)


def unknown_codes(published: str | None) -> tuple[str, ...]:
    """Keep the codes of which we do not know whom they exclude."""
    return tuple(code for code in set_aside_codes(published) if code not in SATISFIED_BY and code not in OPEN_TO_ALL)


def satisfies(held: frozenset[str], code: str) -> bool:
    """Say whether a firm holding the eligibilities `held` (capitals) may bid under the known set-aside `code`."""
    return not held.isdisjoint(SATISFIED_BY[code])
