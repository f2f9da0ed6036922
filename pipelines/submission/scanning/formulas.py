"""Formulas of spreadsheets that start programs or send what stands beside them."""

import re

_STRINGS = re.compile(r'"(?:[^"]|"")*"')
_NAMES = re.compile(r"'(?:[^']|'')*'(?=!)")
_PIPE = re.compile(r"(?:[\w.$]+|'[^']*')\s*\|")
_FETCHING = re.compile(
    r"\b(DDE|WEBSERVICE|IMPORTXML|IMPORTDATA|IMPORTHTML|IMPORTFEED|IMPORTRANGE|RTD|CALL|REGISTER(\.ID)?|EXEC|FOPEN|"
    r"SQL\.REQUEST|FORMULA\.FILL|INITIATE|POKE|EXECUTE|SEND\.KEYS|RUN)\s*\(", re.IGNORECASE,
)  # fmt: skip
_PICTURE = re.compile(r"\bIMAGE\s*\(", re.IGNORECASE)
_LINK = re.compile(r"\bHYPERLINK\s*\(", re.IGNORECASE)


def why_formula(formula: str) -> str:
    """Return what is wrong with a formula (without its equal sign), or nothing."""
    bare = _NAMES.sub("N", _STRINGS.sub('""', formula))
    if "|" in bare and _PIPE.search(bare):
        return "starts another program by a DDE formula"
    if _FETCHING.search(bare):
        return "has a formula that fetches from elsewhere, sends its cells there or starts something"
    if _PICTURE.search(bare) and re.search(r"https?:", formula, re.IGNORECASE):
        return "has a formula that fetches from elsewhere, sends its cells there or starts something"
    if _LINK.search(bare) and _sends(formula, bare):
        return "has a link that sends its cells elsewhere, starts something or opens a computer of the network"
    return ""


def _sends(formula: str, bare: str) -> bool:
    from pipelines.submission.scanning.links import is_plain_link

    words = [found[1:-1].replace('""', '"') for found in _STRINGS.findall(formula)]
    if words and not is_plain_link(words[0]):
        return True
    joins = "&" in bare or re.search(r"\b(CONCAT|CONCATENATE|TEXTJOIN)\s*\(", bare, re.IGNORECASE)
    return (
        bool(joins)
        and bool(re.search(r"https?://", formula, re.IGNORECASE))
        and bool(re.search(r"[?=]", formula.partition("//")[2]))
    )
