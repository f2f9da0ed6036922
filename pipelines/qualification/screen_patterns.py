"""Reads screen_patterns.txt, where passages are described that speak to a reading machine.

Not here: what is done with a passage found (screen.py).
"""

import re
from collections.abc import Iterator
from pathlib import Path

_FILE = Path(__file__).with_suffix(".txt")
_SET = re.compile(r"§([A-Z_]+) = (.+)")
_NAME = re.compile(r"§([A-Z_]+)")


def _read() -> tuple[dict[str, str], tuple[re.Pattern[str], ...]]:
    sets: dict[str, str] = {}
    patterns: list[re.Pattern[str]] = []
    for line in _lines():
        named = _SET.fullmatch(line)
        spelled = _NAME.sub(lambda name: sets[name[1]], named[2] if named else line)
        if named:
            sets[named[1]] = spelled
        else:
            patterns.append(re.compile(spelled))
    return sets, tuple(patterns)


def _lines() -> Iterator[str]:
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    return (line for line in lines if line and not line.startswith("# "))


_SETS, STRONG = _read()
_WORDS = tuple(_SETS["WORDS"].split("|"))
_LOOKS = tuple(re.compile(spelled) for name, spelled in _SETS.items() if name.startswith("LOOK_"))


def may_be(folded: str) -> bool:
    """Say whether a text is worth the slow looks; what is not is passed over.

    Words are sought one by one, and the looks too: an expression that joins them takes four times as long.
    """
    return any(word in folded for word in _WORDS) or any(look.search(folded) for look in _LOOKS)


WEAK = re.compile(
    r"\byou(?:r|rs)?\b|\b(?:verdict|confidence|rubric|pursue|json|perfect|prompt|as instructed|score (?:this|it|high|100|should|must))\b"
)
"""Beside a passage that was found, what holds one of these belongs to it."""

HIDDEN_MARKUP = re.compile(
    r"<!--.{12,}?-->"
    r"|style ?= ?[\"'][^\"']*(?:display ?: ?none|visibility ?: ?hidden|font-size ?: ?0|opacity ?: ?0|color ?: ?(?:white|#fff))",
    re.I | re.S,
)
ENCODED = re.compile(
    r"[A-Za-z0-9+/]{24,}={0,2}|(?:[0-9a-fA-F]{2}[ :]?){20,}|(?:\\u[0-9a-fA-F]{4}){6,}|(?:%[0-9a-fA-F]{2}){8,}|(?:&#x?[0-9a-fA-F]{2,5};){8,}"
)
