"""Records of an XML file of any length, with the bytes of each known.

Records are cut by their tags and parsed one by one, so memory stays at a few MB, a damaged record costs that record, and
reading goes on at a byte offset like every other form. The document's own head is never parsed: what a DTD declares is
declared for nobody, and a record that names such an entity is a fault. Not here: what fields mean (normalize_grants.sql).
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

import numpy as np

from pipelines.discovery.blocks import Blocks
from pipelines.discovery.decode import decode_line
from pipelines.discovery.json_records import record_table
from pipelines.discovery.shapes import XmlKeys
from pipelines.discovery.slices import RAW_LIMIT, RECORD_LIMIT, Slice
from warehouse.lake.landings import Bookmark
from warehouse.lake.quarantine import Fault

PIECE_BYTES = 1024 * 1024
SLICE_BYTES = 16 * 1024 * 1024
"""Of a slice: some 4,000 records, far less than a slice of JSON, whose lines are no Python objects."""
OVERLAP = 256
"""Longer than any tag that is looked for."""
ELEMENT = "element"
"""The key that names the record's own element in its JSON."""


@dataclass(frozen=True)
class _Piece:
    """What was cut out: a record (`reason` empty), or something that is none."""

    begin: Bookmark
    raw: bytes
    reason: str


class XmlRecords:
    """A reader of one file from a bookmark on; `slices` yields until the file ends."""

    def __init__(self, blocks: Blocks, start: Bookmark, keys: XmlKeys) -> None:
        """Begin at `start`, to whose offset `blocks` must be moved."""
        names = "|".join(map(re.escape, keys.elements)).encode()
        self._first = re.compile(rb"<(?:[\w.-]+:)?(?:%s)(?=[\s>/])" % names)
        self._last = re.compile(rb"</(?:[\w.-]+:)?(?:%s)\s*>" % names)
        self._nothing = re.compile(
            rb"(?:\s|\xef\xbb\xbf|<\?.*?\?>|<!--.*?-->|</?(?:[\w.-]+:)?%s(?:\s[^<>]*)?>)*" % keys.root.encode(),
            re.DOTALL,
        )
        self._blocks, self._keys, self._bookmark = blocks, keys, start
        self._buffer, self._at, self._is_ended = b"", 0, False
        self._position, self._offset, self._line = start.position, start.offset, start.line

    def slices(self, max_records: int) -> Iterator[Slice]:
        """Yield slices of at most `max_records` records or 16 MiB."""
        ahead = self._next()
        while ahead is not None:
            pieces, size = [ahead], len(ahead.raw)
            ahead = self._next()
            while ahead is not None and len(pieces) < max_records and size < SLICE_BYTES:
                pieces.append(ahead)
                size += len(ahead.raw)
                ahead = self._next()
            yield self._slice(pieces, ahead)

    def _slice(self, pieces: list[_Piece], ahead: _Piece | None) -> Slice:
        start = self._bookmark
        first = start.position + 1
        at = ahead.begin if ahead else Bookmark(self._position, self._offset, self._line)
        self._bookmark = Bookmark(start.position + len(pieces), at.offset, at.line)
        texts: dict[int, str] = {}
        odd: dict[int, list[str]] = {}
        faults: list[Fault] = []
        for number, piece in enumerate(pieces, first):
            text, flags = decode_line(piece.raw)
            line, reason = piece.begin.line + 1, piece.reason
            if not reason:
                try:
                    texts[number] = _json(text, self._keys)
                except ElementTree.ParseError as error:
                    line += error.position[0] - 1
                    reason = f"it is not well-formed XML ({error.msg.partition(':')[0]})"
                else:
                    if flags:
                        odd[len(texts) - 1] = flags
            if reason:
                faults.append(Fault(number, line, reason, piece.raw[:RAW_LIMIT]))

        def locate(position: int) -> tuple[int, bytes]:
            piece = pieces[position - first]
            return piece.begin.line + 1, piece.raw[:RAW_LIMIT]

        records = record_table(np.array(list(texts), dtype=np.int64), list(texts.values()), odd)
        return Slice(self._keys.feed, start, self._bookmark, records, tuple(faults), locate, ahead is None)

    def _next(self) -> _Piece | None:
        """Cut out the next record, or what stands in its place; None at the end."""
        while (found := self._first.search(self._buffer, self._at)) is None:
            if self._length > RECORD_LIMIT:
                return self._cut(self._length - OVERLAP, "no record is found in it")
            if not self._more():
                return self._rest()
        if found.start() > self._at:
            between = self._buffer[self._at : found.start()]
            if not self._nothing.fullmatch(between):
                return self._cut(len(between), _stray(between))
            self._pass(len(between))
        return self._record()

    def _record(self) -> _Piece:
        """Cut out the record that begins here."""
        while True:
            last = self._last.search(self._buffer, self._at)
            following = self._first.search(self._buffer, self._at + 1, last.start() if last else len(self._buffer))
            if following:
                return self._cut(following.start() - self._at, "its end is missing: the next record begins within it")
            if last:
                return self._cut(last.end() - self._at, "")
            if self._length > RECORD_LIMIT:
                return self._cut(self._length - OVERLAP, f"it is longer than {RECORD_LIMIT:,} bytes")
            if not self._more():
                return self._cut(self._length, self._blocks.take_damage() or "the file ends within it")

    def _rest(self) -> _Piece | None:
        """Take what is behind the last record."""
        rest, damage = self._buffer[self._at :], self._blocks.take_damage()
        if damage:
            return self._cut(self._length, damage)
        if self._nothing.fullmatch(rest):
            self._pass(len(rest))
            return None
        return self._cut(len(rest), _stray(rest))

    @property
    def _length(self) -> int:
        return len(self._buffer) - self._at

    def _more(self) -> bool:
        if self._is_ended:
            return False
        piece = self._blocks.read(PIECE_BYTES)
        self._is_ended = not piece
        self._buffer, self._at = self._buffer[self._at :] + piece, 0
        return bool(piece)

    def _cut(self, size: int, reason: str) -> _Piece:
        piece = _Piece(
            Bookmark(self._position, self._offset, self._line), self._buffer[self._at : self._at + size], reason
        )
        self._position += 1
        self._pass(size)
        return piece

    def _pass(self, size: int) -> None:
        self._line += self._buffer.count(b"\n", self._at, self._at + size)
        self._at += size
        self._offset += size


def _stray(between: bytes) -> str:
    if b"<!DOCTYPE" in between or b"<!ENTITY" in between:
        return "it is a document type declaration: its entities are not resolved"
    return "it is none of the known records"


def _json(text: str, keys: XmlKeys) -> str:
    """Write a record's fields as JSON: text by local name, several of one name one a line, or a list.

    Raises:
        ElementTree.ParseError: it is not well-formed.
    """
    prefix = re.match(r"<([\w.-]+):", text)
    around = f'<records xmlns:{prefix[1]}="record">' if prefix else "<records>"
    # One record without any head: there is no declaration in it that could be expanded.
    record = ElementTree.fromstring(f"{around}{text}</records>")[0]  # noqa: S314 - see above
    fields: dict[str, object] = {ELEMENT: _local(record.tag)}
    for child in record:
        name, value = _local(child.tag), "".join(child.itertext()).replace("\0", "")
        if name in keys.lists:
            held = fields.setdefault(name, [])
            if isinstance(held, list):
                held.append(value)
        else:
            fields[name] = f"{fields[name]}\n{value}" if name in fields else value
    return json.dumps(fields, ensure_ascii=False)


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
