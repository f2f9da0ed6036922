"""Passages of a notice that speak to a reading machine: found, left out of features, prompts and quotes, and shown to people.

By structure an order in a notice reaches nothing (a model here has no tools and returns a schema); this keeps it from
swaying a judgement as well. What is left out is a whole sentence or line, with the blank behind it: the rest reads as if it
had never stood there. Not here: what such passages look like (screen_patterns.py).
"""

import base64
import binascii
import codecs
import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from pipelines.qualification.screen_patterns import ENCODED, HIDDEN_MARKUP, STRONG, WEAK, may_be

SCREEN_VERSION = "1"
"""Part of a scorer's name: what is left out decides what is scored."""

_PASSAGE = re.compile(r"[^\n]*?(?:[.!?。！？]+[\"'”’)\]]*(?=\s)|\n|\Z)\s*", re.S)
_INVISIBLE = re.compile(
    r"[\u00ad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e007f]"
)
_SMUGGLED = re.compile(
    r"[\U000e0020-\U000e007e]{4,}|[\u202a-\u202e\u2066-\u2069].*\w|(?:\w[\u200b-\u200f\u2060-\u2064]+){4,}", re.S
)
_SPACED = re.compile(r"(?:(?<!\w)\w[ .\-_*]){4,}\w(?!\w)")
_LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁһӏԛԝѵгкмнтвαεορυικντχγ", "aeopcyxijsdhlqwvrkmhtbaeopuikvtxy"
)  # fmt: skip
_LEET = str.maketrans("013457@$!|", "oieastasil")


@dataclass(frozen=True, slots=True)
class Flagged:
    """A passage that is left out: offsets (Unicode code points) in the stored text."""

    start: int
    end: int


def flagged_passages(text: str | None) -> tuple[Flagged, ...]:
    """Find what speaks to a reading machine; in order, never overlapping; () for most notices."""
    if not text or not may_be(text.casefold()):
        return ()
    spans = [(match.start(), match.end()) for match in _PASSAGE.finditer(text) if match.end() > match.start()]
    whole = _hidden(text)
    found = {
        index
        for index, (start, end) in enumerate(spans)
        if any(start < stop and begin < end for begin, stop in whole) or _speaks_to_a_machine(text[start:end])
    }
    return tuple(_merged([spans[index] for index in sorted(_with_neighbours(text, spans, found))]))


def without(text: str | None, flagged: tuple[Flagged, ...]) -> str:
    """Return the text as if the flagged passages had never stood in it."""
    rest, kept, at = text or "", "", 0
    for passage in flagged:
        kept += rest[at : passage.start]
        at = passage.end
        removed = rest[passage.start : passage.end]
        if kept and not kept.endswith("\n") and "\n" in removed.strip(" ")[-1:]:
            kept = kept.rstrip(" ") + removed[len(removed.rstrip()) :].lstrip(" ")
    return (kept + rest[at:]).rstrip() if flagged else rest


@lru_cache(maxsize=4_096)
def _speaks_to_a_machine(passage: str) -> bool:
    if _SMUGGLED.search(passage):
        return True
    folded = _folded(passage)
    if not may_be(folded):
        return False
    return any(_is_strong(reading) for reading in _readings(passage, folded))


def _is_strong(reading: str) -> bool:
    return any(pattern.search(reading) for pattern in STRONG)


def _readings(passage: str, folded: str) -> Iterator[str]:
    """Yield the passage as it may be meant: as it stands, with figures as letters, pulled together, decoded."""
    yield folded
    leet = folded.translate(_LEET)
    if leet != folded and re.search(r"[a-z][013457@$!|][a-z]|[013457@$|][a-z]{2}", folded):
        yield leet
    if _SPACED.search(folded):
        yield re.sub(
            r"\s+",
            " ",
            _SPACED.sub(lambda match: re.sub(r"[ .\-_*]", "", match.group()), re.sub(r" {2,}", "\n", folded)),
        )
    for token in ENCODED.findall(passage):
        yield from (_folded(plain) for plain in _decoded(token))


def _decoded(token: str) -> Iterator[str]:
    """Yield what an encoded word says, where it says anything readable."""
    if token.startswith(("%", "&#", "\\u")):
        yield html.unescape(unquote(token)) if not token.startswith("\\u") else codecs.decode(token, "unicode_escape")
        return
    packed = re.sub(r"[ :]", "", token)
    for decode in (bytes.fromhex, lambda word: base64.b64decode(word + "=" * (-len(word) % 4))):
        try:
            plain = decode(packed).decode("ascii")
        except (ValueError, binascii.Error):
            continue
        if plain.isprintable():
            yield plain


def _folded(passage: str) -> str:
    """Bring a passage to the form that patterns meet."""
    shown = unicodedata.normalize("NFKC", _INVISIBLE.sub("", passage)).casefold()
    if not shown.isascii():
        bare = "".join(sign for sign in unicodedata.normalize("NFD", shown) if not unicodedata.combining(sign))
        # Letters of another script inside a Latin word are lookalikes; a word wholly of another script is that script's.
        shown = re.sub(r"\w+", lambda word: _latin(word.group()), bare) if re.search(r"[а-яαβγε-ω]", bare) else shown
    return re.sub(r"\s+", " ", shown).replace("’", "'").strip()


def _latin(word: str) -> str:
    return word.translate(_LOOKALIKES) if re.search(r"[a-z]", word) else word


def _hidden(text: str) -> list[tuple[int, int]]:
    """Find comments and markup made not to be seen."""
    return [match.span() for match in HIDDEN_MARKUP.finditer(text)] if "<" in text else []


def _with_neighbours(text: str, spans: list[tuple[int, int]], found: set[int]) -> set[int]:
    """Add what stands in the same line beside a passage found and goes on in its manner."""
    grown = set(found)
    for index in sorted(found):
        for step in (1, -1):
            beside = index + step
            while (
                0 <= beside < len(spans) and beside not in grown and _same_line(text, spans[min(beside, beside - step)])
            ):
                if not WEAK.search(_folded(text[slice(*spans[beside])])):
                    break
                grown.add(beside)
                beside += step
    return grown


def _same_line(text: str, earlier: tuple[int, int]) -> bool:
    return "\n" not in text[slice(*earlier)]


def _merged(spans: list[tuple[int, int]]) -> Iterator[Flagged]:
    begin, stop = -1, -1
    for start, end in spans:
        if start == stop:
            stop = end
            continue
        if begin >= 0:
            yield Flagged(begin, stop)
        begin, stop = start, end
    if begin >= 0:
        yield Flagged(begin, stop)
