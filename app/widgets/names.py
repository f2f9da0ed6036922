"""Codes in the words of the trade, and names of offices without shouting."""

from collections.abc import Iterable

from warehouse.domain.codes import SET_ASIDES, naics_sector, psc_name
from warehouse.domain.opportunity import OpportunityStatus

NO_SET_ASIDE_WORDS = "no set-aside"
SMALL_WORDS = {"of", "the", "and", "for", "in", "on", "to", "at", "by"}
SOURCES = {
    "sam_gov": "SAM.gov",
    "usaspending": "USAspending",
    "grants_gov": "Grants.gov",
    "govcon": "GovCon API",
    "newsapi": "NewsAPI",
    "demo": "demo",
}
STATUS_COLOURS = {
    OpportunityStatus.NEW: "blue",
    OpportunityStatus.REVIEWING: "orange",
    OpportunityStatus.QUALIFIED: "green",
    OpportunityStatus.DISQUALIFIED: "gray",
    OpportunityStatus.SUBMITTED: "violet",
}


def of(subject: str, value: str, *, short: bool = False) -> str:
    """Write a value of a filter in words; `short` leaves out what a chip has no room for."""
    if subject == "set_aside":
        name = NO_SET_ASIDE_WORDS if value == "none" else SET_ASIDES.get(value.upper(), value)
        return name if short or value in {"none", name} else f"{name} · {value}"
    if subject == "agency":
        return office(value)
    if subject in ("rec", "status", "kind"):
        return value.capitalize()
    if subject in ("naics", "psc") and not short:
        name = (naics_sector(value) if subject == "naics" else psc_name(value)) or ""
        return f"{value} {name}".strip()
    return value


def naics(code: str | None) -> str:
    """Write a NAICS code with its sector."""
    return of("naics", code) if code else "not stated"


def psc(code: str | None) -> str:
    """Write a product or service code with its group."""
    return of("psc", code) if code else "not stated"


def grouped(subject: str, codes: Iterable[str]) -> str:
    """Write codes by the group they share: "Construction: 238220, 238210 · Information technology: DA01"."""
    groups: dict[str, list[str]] = {}
    for code in codes:
        name = (naics_sector(code) if subject == "naics" else psc_name(code)) or "Others"
        groups.setdefault(name, []).append(code)
    return " · ".join(f"{name}: {', '.join(members)}" for name, members in groups.items())


def office(name: str | None) -> str:
    """Write an office's name without shouting: "DEPT OF THE ARMY" is "Dept of the Army"; codes stay as they are."""
    if not name or not name.isupper():
        return name or ""
    words = [_word(word, is_first=index == 0) for index, word in enumerate(name.split())]
    return " ".join(words)


def _word(word: str, *, is_first: bool) -> str:
    bare = word.strip("(),.;")
    if bare.lower() in SMALL_WORDS and not is_first:
        return word.lower()
    if any(c.isdigit() for c in bare) or "-" in bare or (len(bare) <= 4 and not any(v in bare for v in "AEIOUY")):
        return word
    return word.capitalize() if len(bare) > 4 or bare in KNOWN_WORDS else word


KNOWN_WORDS = {"DEPT", "ARMY", "NAVY", "AIR", "FORCE", "LAND", "PARK", "FOOD", "DRUG", "BASE", "FORT", "CAMP", "WAR",
               "LABS", "LAKE", "CITY", "OFFICE", "AREA", "SOUTH", "NORTH", "EAST", "WEST", "FISH", "AID", "MINT", "JOINT"}  # fmt: skip


def place(city: str | None, state: str | None) -> str:
    """Write where the work is done: "Fayetteville, NC"."""
    return ", ".join(part for part in (office(city), state) if part)


def source(name: str) -> str:
    """Write a source's name."""
    return SOURCES.get(name, name)


def status(value: OpportunityStatus) -> str:
    """Return the Markdown badge of a status."""
    return f":{STATUS_COLOURS[value]}-badge[{value.value}]"


def set_aside(code: str | None, text: str | None) -> str:
    """Write a set-aside: our name of its code, else what the source wrote."""
    return SET_ASIDES.get(code.upper(), text or code) if code else ""
