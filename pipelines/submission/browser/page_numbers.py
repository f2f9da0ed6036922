"""A receipt number in the words of a page, read by the pattern of a profile; never long, whatever the page says.

The engine's own clock ends a pattern that tries endlessly. Not here: what is wrong with a pattern (receipt_patterns.py), which
words of the page are looked at (page_receipt.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

import regex

LONGEST_NUMBER = 200
LONGEST_TEXT = 100_000
"""Characters of a page that are looked at."""
SECONDS = 1.0
MOST_MATCHES = 500
HIDDEN = "\0"
QUOTE_AROUND = 120
"""Characters before and after the number of its line that are kept as its quote."""


@dataclass(frozen=True)
class ReadNumber:
    """A number, and the words in which it stands."""

    number: str
    quote: str


class SeveralNumbers(Exception):
    """Different numbers fit a pattern, and nobody can tell which one is meant; the text names them."""


def read_number(pattern: str, texts: Iterable[str], *, own: Iterable[str] = ()) -> ReadNumber | None:
    """Return the one number that a pattern finds in some texts, or None; also where it takes too long.

    Args:
        own: What we gave ourselves, our reference first: a page that repeats it gives no number by that. The reference is not
            even looked into.

    Raises:
        SeveralNumbers: it finds different ones: a page that lists other offers too.
    """
    found: dict[str, ReadNumber] = {}
    ours = [" ".join(word.split()) for word in own]
    for text in texts:
        hidden = text.replace(ours[0], HIDDEN * len(ours[0])) if ours else text
        for one in _numbers(pattern, hidden[:LONGEST_TEXT], text):
            if one.number.casefold() not in {word.casefold() for word in ours} and HIDDEN not in one.number:
                found.setdefault(one.number, one)
    if len(found) > 1:
        raise SeveralNumbers(", ".join(list(found)[:5]))
    return next(iter(found.values()), None)


def _numbers(pattern: str, text: str, whole: str) -> list[ReadNumber]:
    compiled = regex.compile(pattern, regex.IGNORECASE | regex.MULTILINE)
    try:
        matches = list(islice(compiled.finditer(text, timeout=SECONDS), MOST_MATCHES))
    except TimeoutError:
        return []
    read = ((found, " ".join((found[1] or "").split())) for found in matches)
    return [
        ReadNumber(number, _quote(whole, found.start(), found.end()))
        for found, number in read
        if number and len(number) <= LONGEST_NUMBER
    ]


def _quote(text: str, start: int, stop: int) -> str:
    begin = max(text.rfind("\n", 0, start) + 1, start - QUOTE_AROUND)
    line_end = text.find("\n", stop)
    end = min(len(text) if line_end < 0 else line_end, stop + QUOTE_AROUND)
    return " ".join(text[begin:end].split())
