"""A PDF as all readers together could see it: every object anywhere in the file, of every revision, and within object streams.

The table of contents (xref) is not believed: an object that it hides from one reader another one finds.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from pipelines.submission.scanning import limits
from pipelines.submission.scanning.budget import Budget
from pipelines.submission.scanning.buffers import Bytes
from pipelines.submission.scanning.pdf_filters import PICTURES, filters_of, unpack_stream
from pipelines.submission.scanning.pdf_tokens import Doubled, Name, Ref, Word, parse, unhex
from pipelines.submission.scanning.verdict import Stopped, refused

INTERESTING = frozenset(
    [
        "JavaScript",
        "JS",
        "Launch",
        "OpenAction",
        "AA",
        "EmbeddedFile",
        "EmbeddedFiles",
        "EF",
        "SubmitForm",
        "ImportData",
        "GoToR",
        "GoToE",
        "RichMedia",
        "RichMediaContent",
        "RichMediaSettings",
        "XFA",
        "URI",
        "Encrypt",
        "Filespec",
        "F",
        "UF",
        "Unix",
        "DOS",
        "Mac",
        "FS",
        "Rendition",
        "OnInstantiate",
        "Sound",
        "Movie",
        "Kids",
        "Page",
        "AcroForm",
        "Alternates",
        "FFilter",
        "Collection",
    ]
)
_RARE = INTERESTING - {"Page", "Kids", "F", "URI", "AcroForm"}

_STRONG = frozenset(
    [
        "JavaScript",
        "JS",
        "Launch",
        "OpenAction",
        "AA",
        "EmbeddedFile",
        "EF",
        "SubmitForm",
        "ImportData",
        "RichMedia",
        "XFA",
        "Encrypt",
        "GoToR",
        "GoToE",
        "Rendition",
    ]
)
_REACH = 256 << 10
"""Bytes before a grave name within which every head of an object is tried."""
_SPACE = rb"[\0\t\n\f\r ]++(?:%[^\r\n]*+[\0\t\n\f\r ]++)*+"
_START = re.compile(rb"(\d{1,10})" + _SPACE + rb"(\d{1,10})" + _SPACE + rb"obj|(trailer)")
_HIT = re.compile(
    rb"/(?:(?:" + "|".join(sorted(_RARE)).encode() + rb")(?=[\0\t\n\f\r ()<>\[\]{}/%]|$)|"
    rb"(?:F|URI)(?:[\0\t\n\f\r ]|%[^\r\n]*+[\r\n])*+(?:[(]|<[^<]|\d+[\0\t\n\f\r ]+\d+[\0\t\n\f\r ]+R)|"
    rb"[^\0\t\n\f\r ()<>\[\]{}/%]{0,120}#[0-9A-Fa-f]{2}[^\0\t\n\f\r ()<>\[\]{}/%]{0,120})"
)
_STREAM = re.compile(rb"(?:" + _SPACE + rb")?stream(\r\n|\n|\r)?")


@dataclass(frozen=True)
class Thing:
    """One object, wherever it was found."""

    number: int
    value: object
    stream: tuple[int, int] | None = None
    home: Bytes = field(default=b"", repr=False)
    """The bytes that `stream` counts in."""

    @property
    def is_trailer(self) -> bool:
        """Whether it is a trailer."""
        return self.number < 0


class PdfFile:
    """The objects of a PDF."""

    def __init__(self, data: Bytes, budget: Budget) -> None:
        self.data, self.budget = data, budget
        self._starts: list[tuple[int, int, int]] = [
            (int(found[1]) if found[1] else -1, found.start(), found.end()) for found in _START.finditer(data)
        ]
        if len(self._starts) > 1_500_000:
            raise Stopped(refused("holds more objects than a reader can take"))

    @cached_property
    def places(self) -> dict[int, list[int]]:
        """Where the bodies of each number begin, in the file."""
        made: dict[int, list[int]] = defaultdict(list)
        for number, _, body in self._starts:
            made[number].append(body)
        return made

    def read(self, number: int, body: int) -> Thing:
        """Return the object at a place of the file."""
        value, end = parse(self.data, body)
        if not isinstance(value, dict):
            return Thing(number, value)
        found = _STREAM.match(self.data, end)
        return Thing(number, value, self._stream(value, found.end()) if found else None, self.data)

    def _stream(self, value: dict[str, object], start: int) -> tuple[int, int]:
        told = value.get("Length")
        length = int(told[:12]) if isinstance(told, Word) and told.isdigit() else -1
        if length >= 0 and re.match(rb"[\0\t\n\f\r ]{0,3}endstream", self.data[start + length : start + length + 16]):
            return start, start + length
        end = self.data.find(b"endstream", start)
        return start, end if end >= 0 else len(self.data)

    @cached_property
    def packed(self) -> list[tuple[dict[int, list[int]], bytes]]:
        """Numbers with places, and content, of each object stream."""
        made = []
        for found in re.finditer(rb"/(?:ObjStm|First|[^\0\t\n\f\r ()<>\[\]{}/%]{0,40}#[0-9A-Fa-f]{2})", self.data):
            for number, body in self.before(found.start(), most=3):
                thing = self.read(number, body)
                if (
                    thing.stream
                    and isinstance(thing.value, dict)
                    and "First" in thing.value
                    and thing.stream not in self._seen
                ):
                    self._seen.add(thing.stream)
                    made.append(self._unpack_objects(thing))
        return made

    @cached_property
    def _seen(self) -> set[tuple[int, int]]:
        return set()

    def _unpack_objects(self, thing: Thing) -> tuple[dict[int, list[int]], bytes]:
        assert isinstance(thing.value, dict)  # noqa: S101 - asked before
        content = self.content(thing)
        first = self.resolve_number(thing.value.get("First"))
        numbers = re.findall(rb"\d{1,10}", content[:first])
        places: dict[int, list[int]] = defaultdict(list)
        for number, offset in zip(numbers[::2], numbers[1::2], strict=False):
            places[int(number)].append(first + int(offset))
        if begin := re.search(rb"\S", content[first:]):
            places[0].append(first + begin.start())
        return places, content

    def resolve_number(self, value: object) -> int:
        """Return a whole number, by reference too; 0 when it is none."""
        for one in self.resolve(value):
            if isinstance(one, Word) and one.isdigit():
                return int(one[:12])
        return 0

    def _around(self, hit: re.Match[bytes]) -> Iterator[tuple[int, int]]:
        """Yield the objects that a hit could belong to: the heads nearest before it may be decoys within strings."""
        word = unhex(re.split(rb"[\0\t\n\f\r (<\[]", hit[0][1:])[0])
        for index, (number, body) in enumerate(self.before(hit.start(), most=400 if word in _STRONG else 3)):
            if index < 3 or hit.start() - body < _REACH:
                yield number, body

    def before(self, place: int, *, most: int) -> Iterator[tuple[int, int]]:
        """Yield the objects that begin before a place, the nearest first."""
        low, high = 0, len(self._starts)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self._starts[middle][2] <= place else (low, middle)
        for number, _, body in reversed(self._starts[max(0, low - most) : low]):
            yield number, body

    @cached_property
    def things(self) -> list[Thing]:
        """Every object that holds an interesting name."""
        made: list[Thing] = []
        seen: set[int] = set()
        for found in _HIT.finditer(self.data):
            if not _is_interesting(found[0]):
                continue
            self.budget.check_time()
            for number, body in self._around(found):
                if body not in seen:
                    seen.add(body)
                    made.append(self.read(number, body))
        for places, content in self.packed:
            made.extend(self._things_in(places, content))
        return made

    def _things_in(self, places: dict[int, list[int]], content: bytes) -> Iterator[Thing]:
        if not any(_is_interesting(found[0]) for found in _HIT.finditer(content)):
            return
        order = sorted((place, number) for number, starts in places.items() for place in starts)
        for index, (place, number) in enumerate(order):
            end = order[index + 1][0] if index + 1 < len(order) else len(content)
            if any(_is_interesting(found[0]) for found in _HIT.finditer(content, place, max(end, place))):
                self.budget.check_time()
                yield Thing(number, parse(content, place)[0])

    def resolve(self, value: object) -> list[object]:
        """Return what a value may stand for: itself, or every revision of what it refers to."""
        if isinstance(value, Doubled):
            return [one for each in value for one in self.resolve(each)]
        return [thing.value for thing in self.objects(value.number)] if isinstance(value, Ref) else [value]

    def objects(self, number: int) -> list[Thing]:
        """Return every revision of an object."""
        found = [self.read(number, body) for body in self.places.get(number, ())[-8:]]
        for places, content in self.packed:
            found += [Thing(number, parse(content, place)[0]) for place in places.get(number, ())[-8:] if number]
        return found

    def content(self, thing: Thing, *, most: int = limits.LARGEST_INNER) -> bytes:
        """Return the unpacked content of a stream.

        Raises:
            Stopped: a bomb, or packed in an unknown way.
        """
        if thing.stream is None or not isinstance(thing.value, dict):
            return b""
        told = [one for key in ("Filter", "F") for one in self.resolve(thing.value.get(key, Word()))]
        flat = [
            inner for one in told for each in (one if isinstance(one, list) else [one]) for inner in self.resolve(each)
        ]
        raw = thing.home[thing.stream[0] : thing.stream[1]]
        filters = filters_of([one for one in flat if isinstance(one, Name)])
        content = unpack_stream(raw, filters, self.budget, most=most)
        return content if PICTURES & set(filters) else _unpredict(content, self, thing.value)


def _is_interesting(hit: bytes) -> bool:
    return (
        b"#" not in hit
        or unhex(hit[1:]) in INTERESTING
        or unhex(re.split(rb"[\0\t\n\f\r (<\[]", hit[1:])[0]) in INTERESTING
    )


def _unpredict(content: bytes, pdf: PdfFile, value: dict[str, object]) -> bytes:
    """Undo a PNG predictor, which object streams may have too."""
    told = [
        one
        for key in ("DecodeParms", "DP")
        for each in pdf.resolve(value.get(key, Word()))
        for one in (each if isinstance(each, list) else [each])
    ]
    parameters = next(
        (one for each in told for one in pdf.resolve(each) if isinstance(one, dict) and "Predictor" in one), None
    )
    if parameters is None or pdf.resolve_number(parameters["Predictor"]) < 10:
        return content
    colours, bits = (
        pdf.resolve_number(parameters.get(key)) or default for key, default in (("Colors", 1), ("BitsPerComponent", 8))
    )
    columns = pdf.resolve_number(parameters.get("Columns")) or 1
    step, width = max(1, colours * bits // 8), (colours * bits * columns + 7) // 8
    if len(content) > 4 << 20 or not 0 < width < 1 << 16:
        return content
    made, above = bytearray(), bytearray(width)
    for at in range(0, len(content), width + 1):
        row = bytearray(content[at + 1 : at + 1 + width])
        _undo_row(content[at], row, above, step)
        made += row
        above = row.ljust(width, b"\0")
    return bytes(made)


def _undo_row(kind: int, row: bytearray, above: bytearray, step: int) -> None:
    for index in range(len(row)):
        left = row[index - step] if index >= step else 0
        up, corner = above[index], above[index - step] if index >= step else 0
        if kind == 1:
            add = left
        elif kind == 2:
            add = up
        elif kind == 3:
            add = (left + up) // 2
        elif kind == 4:
            guess = left + up - corner
            add = min((left, up, corner), key=lambda one: abs(guess - one))
        else:
            add = 0
        row[index] = (row[index] + add) & 255
