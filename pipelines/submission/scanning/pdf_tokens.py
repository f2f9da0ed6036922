"""Objects of PDF from their text, forgivingly: what a lenient reader could see is seen (ISO 32000-2, 7.2 and 7.3)."""

import re
from dataclasses import dataclass

from pipelines.submission.scanning.buffers import Bytes
from pipelines.submission.scanning.verdict import Stopped, not_scanned

DEEPEST = 60
LONGEST = 16 << 20
"""Bytes of one object without its stream; a larger one is not looked into."""

_TOKEN = re.compile(
    rb"[\0\t\n\f\r ]*+(?:%[^\r\n]*+[\r\n\0\t\f ]*+)*+"
    rb"(?:(?P<open><<)|(?P<close>>>)|(?P<hex><[0-9A-Fa-f\0\t\n\f\r ]*+>)|/(?P<name>[^\0\t\n\f\r ()<>\[\]{}/%]*)|"
    rb"(?P<string>\()|(?P<list>\[)|(?P<end>\])|(?P<word>[^\0\t\n\f\r ()<>\[\]{}/%]+)|(?P<stray>[){}<>]))",
)
_STRING_STOP = re.compile(rb"[()\\]")
_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|(\r\n|.))", re.DOTALL)
_LETTERS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\n": b"", b"\r": b"", b"\r\n": b""}


@dataclass(frozen=True)
class Name:
    """A name without its slash, its #-signs resolved."""

    text: str


@dataclass(frozen=True)
class Ref:
    """A reference to an object by its number."""

    number: int


class Word(bytes):
    """A number, true, null, or a keyword."""


def unhex(name: bytes) -> str:
    """Resolve the #-signs of a name."""
    if b"#" in name:
        name = re.sub(rb"#([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), name)
    return name.decode("latin-1")


def parse(data: Bytes, at: int) -> tuple[object, int]:
    """Return the object at a place, and where it ends: a dict, list, `Name`, `Ref`, `Word` or a string as bytes.

    What is cut off or out of place ends the innermost thing that is open; nothing else is raised.

    Raises:
        Stopped: it is longer than what is looked into.
    """
    parser = _Parser(data, at)
    found = parser.value()
    if parser.at >= parser.limit < len(data):
        raise Stopped(not_scanned("holds an object of more than 16 MiB"))
    return found


class _Parser:
    def __init__(self, data: Bytes, at: int) -> None:
        self.data, self.at, self.limit = data, at, min(len(data), at + LONGEST)

    def _next(self) -> tuple[str, bytes, int]:
        found = _TOKEN.match(self.data, self.at, self.limit)
        if found is None or found.lastgroup is None:
            return "", b"", self.limit
        return found.lastgroup, found[found.lastgroup], found.end()

    def value(self, depth: int = 0) -> tuple[object, int]:
        kind, text, end = self._next()
        self.at = end
        if kind in ("open", "list") and depth < DEEPEST:
            made: object = self._dict(depth) if kind == "open" else self._list(depth)
        elif kind == "string":
            made = self._string()
        elif kind == "name":
            made = Name(unhex(text))
        elif kind == "hex":
            made = _from_hex(text)
        else:
            made = Word(text) if kind else Word()
        return made, self.at

    def _list(self, depth: int) -> list[object]:
        items: list[object] = []
        while True:
            kind, text, end = self._next()
            if kind in ("", "end", "close") or text in (b"endobj", b"endstream"):
                self.at = end if kind == "end" else self.at
                return items
            if kind == "stray":
                self.at = end
                continue
            items.append(self.value(depth + 1)[0])
            _join_reference(items)

    def _dict(self, depth: int) -> dict[str, object]:
        items: list[object] = []
        while True:
            kind, text, end = self._next()
            if kind in ("", "close") or text in (b"endobj", b"stream"):
                self.at = end if kind == "close" else self.at
                return _pairs(items)
            if kind in ("stray", "end"):
                self.at = end
                continue
            items.append(self.value(depth + 1)[0])
            _join_reference(items)

    def _string(self) -> bytes:
        start, depth = self.at, 1
        while depth:
            found = _STRING_STOP.search(self.data, self.at, self.limit)
            if found is None:
                self.at = self.limit
                return _unescape(self.data[start : self.limit])
            self.at = found.end() + (found[0] == b"\\")
            depth += (found[0] == b"(") - (found[0] == b")")
        return _unescape(self.data[start : self.at - 1])


def _join_reference(items: list[object]) -> None:
    if len(items) >= 3 and items[-1] == b"R" and isinstance(items[-1], Word):
        number, generation = items[-3], items[-2]
        if isinstance(number, Word) and number.isdigit() and isinstance(generation, Word) and generation.isdigit():
            items[-3:] = [Ref(int(number[:12]))]


class Doubled(list[object]):
    """The values of a key that a dictionary has twice: readers take the first or the last."""


def _pairs(items: list[object]) -> dict[str, object]:
    made: dict[str, object] = {}
    at = 0
    while at < len(items):
        key = items[at]
        if not isinstance(key, Name):
            at += 1
            continue
        value = items[at + 1] if at + 1 < len(items) else Word()
        if key.text in made:
            before = made[key.text]
            value = Doubled([*before, value]) if isinstance(before, Doubled) else Doubled([before, value])
        made[key.text] = value
        at += 2
    return made


def _from_hex(text: bytes) -> bytes:
    digits = bytes(sign for sign in text if sign in b"0123456789abcdefABCDEF")
    return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode())


def _unescape(text: bytes) -> bytes:
    if b"\\" not in text:
        return text
    return _ESCAPE.sub(
        lambda found: bytes([int(found[1], 8) & 255]) if found[1] else _LETTERS.get(found[2], found[2]), text
    )


def text_of(value: object) -> str:
    """Return a string as text: UTF-16, UTF-8 or PDF's own."""
    if isinstance(value, Name):
        return value.text
    if not isinstance(value, bytes):
        return ""
    if value[:2] in (b"\xfe\xff", b"\xff\xfe"):
        return value.decode("utf-16", errors="replace")
    if value[:3] == b"\xef\xbb\xbf":
        return value[3:].decode("utf-8", errors="replace")
    return value.decode("latin-1")
