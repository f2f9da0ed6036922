"""A TOML text with the line of each key, and what is wrong with one: line, key, sentence.

Python's own reader says what a text means, not where: the walk here finds the lines of a text that it has read already. Not
here: what the keys mean (profile.py, browser/recipe_reading.py).
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Place = tuple[str | int, ...]
"""A key's way from the top: names of tables, and places in lists counted from 0."""
LARGEST = 200_000
"""Characters; the ledger keeps no longer text."""
_AT = re.compile(r"\(at (?:line (\d+), column \d+|end of document)\)")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_PLACE = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, or (a warning) that stands in the way only later.

    Attributes:
        line: Counted from 1; 0 where it is about the whole text.
        key: As people write it, lists counted from 1: browser.steps[3].fill; "" where it is about no key.
    """

    line: int
    key: str
    words: str
    is_warning: bool = False

    def __str__(self) -> str:
        """Write it as a line of a report, without the file's name."""
        return ": ".join(part for part in (str(self.line) if self.line else "", self.key, self.words) if part)


@dataclass(frozen=True)
class TomlText:
    """A text as it was read.

    Attributes:
        lines: Where each table, key and entry of a list begins.
    """

    data: Mapping[str, Any]
    lines: Mapping[Place, int] = field(repr=False)

    def line_of(self, place: Place) -> int:
        """Return the line of a key, or of the nearest table above it that is there."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def fault(self, key: str, words: str, *, is_warning: bool = False) -> Fault:
        """Return a fault of a key that is named as people do."""
        return Fault(self.line_of(to_place(key)) if key else 0, key, words, is_warning)


def read_toml(text: str) -> TomlText | Fault:
    """Read a TOML text, or say where it is none."""
    if len(text) > LARGEST:
        return Fault(0, "", f"the text has {len(text):,} characters, {LARGEST:,} are possible")
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        said = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "it is nested too deeply"
        found = _AT.search(said)
        line = int(found[1]) if found and found[1] else text.count("\n") + 1
        return Fault(line, "", f"this is not TOML: {_AT.sub('', said).strip().lower()}")
    return TomlText(data, dict(_Walk(text.replace("\r\n", "\n")).places()))


def to_place(key: str) -> Place:
    """Turn browser.steps[3].fill into a place."""
    return tuple(int(number) - 1 if number else name for name, number in _PLACE.findall(key))


def to_key(place: Place) -> str:
    """Turn a place into browser.steps[3].fill."""
    said = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in place)
    return said.removeprefix(".")


class _Walk:
    """Goes once over a text that is known to be TOML."""

    def __init__(self, text: str) -> None:
        self._text, self._at, self._line = text, 0, 1
        self._lists: dict[Place, int] = {}
        """The last place in each list of tables, by the list."""

    def places(self) -> Iterator[tuple[Place, int]]:
        table: Place = ()
        while self._skip_blanks():
            if self._text[self._at] == "[":
                table = self._header()
                yield table, self._line
                continue
            yield from self._pair(table)

    def _header(self) -> Place:
        is_list = self._text.startswith("[[", self._at)
        self._step(2 if is_list else 1)
        names = self._key()
        self._step(2 if is_list else 1)
        place: Place = ()
        for number, name in enumerate(names):
            place = (*place, name)
            if is_list and number == len(names) - 1:
                self._lists[place] = self._lists.get(place, -1) + 1
            if place in self._lists:
                place = (*place, self._lists[place])
        return place

    def _pair(self, table: Place) -> Iterator[tuple[Place, int]]:
        line, place = self._line, table
        for name in self._key():
            place = (*place, name)
            yield place, line
        self._skip_blanks(lines=False)
        self._step(1)  # the equals sign
        yield from self._value(place)

    def _key(self) -> list[str]:
        names = []
        while True:
            self._skip_blanks(lines=False)
            if self._text[self._at] in "\"'":
                begin = self._at
                self._string()
                names.append(next(iter(tomllib.loads(f"{self._text[begin : self._at]} = 0"))))
            else:
                found = _BARE.match(self._text, self._at)
                names.append(found[0] if found else "")
                self._step(max(len(names[-1]), 0 if found else 1))
            self._skip_blanks(lines=False)
            if self._text[self._at] != ".":
                return names
            self._step(1)

    def _value(self, place: Place) -> Iterator[tuple[Place, int]]:
        self._skip_blanks()
        sign = self._text[self._at]
        if sign in "\"'":
            self._string()
        elif sign == "[":
            yield from self._listed(place)
        elif sign == "{":
            yield from self._inline(place)
        else:
            while self._at < len(self._text) and self._text[self._at] not in ",]}#\n":
                self._step(1)

    def _listed(self, place: Place) -> Iterator[tuple[Place, int]]:
        self._step(1)
        number = 0
        while self._skip_blanks() and self._text[self._at] != "]":
            if self._text[self._at] == ",":
                self._step(1)
                continue
            yield (*place, number), self._line
            yield from self._value((*place, number))
            number += 1
        self._step(1)

    def _inline(self, place: Place) -> Iterator[tuple[Place, int]]:
        self._step(1)
        while self._skip_blanks() and self._text[self._at] != "}":
            if self._text[self._at] == ",":
                self._step(1)
                continue
            yield from self._pair(place)
        self._step(1)

    def _string(self) -> None:
        mark = self._text[self._at]
        if self._text.startswith(mark * 3, self._at):
            self._step(3)
            self._to(mark * 3, escapes=mark == '"')
            while self._at < len(self._text) and self._text[self._at] == mark:  # up to two marks belong to the text
                self._step(1)
        else:
            self._step(1)
            self._to(mark, escapes=mark == '"')

    def _to(self, end: str, *, escapes: bool) -> None:
        while not self._text.startswith(end, self._at):
            self._step(2 if escapes and self._text[self._at] == "\\" else 1)
        self._step(len(end))

    def _skip_blanks(self, *, lines: bool = True) -> bool:
        """Pass blanks and, with `lines`, ends of lines and comments; whether anything is left."""
        while self._at < len(self._text):
            sign = self._text[self._at]
            if sign == "#" and lines:
                end = self._text.find("\n", self._at)
                self._step((len(self._text) if end < 0 else end) - self._at)
            elif sign in " \t" or (lines and sign in "\n\r"):
                self._step(1)
            else:
                return True
        return False

    def _step(self, count: int) -> None:
        self._line += self._text.count("\n", self._at, self._at + count)
        self._at += count
