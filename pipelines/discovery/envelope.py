"""Records of an API as it answers: an object one of whose keys is the list of records.

An envelope is read as a whole (SAM.gov gives at most 1,000 records in one, USAspending 100). A damaged item costs that item: the next one
is looked for by its first key. A plain list of records, or one record alone, reads the same way.
"""

import json
import re
from collections.abc import Iterator

import numpy as np

from pipelines.discovery.blocks import Blocks
from pipelines.discovery.decode import decode_line
from pipelines.discovery.json_records import record_table
from pipelines.discovery.shapes import JsonKeys
from pipelines.discovery.slices import RAW_LIMIT, Slice
from warehouse.lake.landings import Bookmark
from warehouse.lake.quarantine import Fault

ENVELOPE_LIMIT = 256 * 1024 * 1024

_SPACE = re.compile(r"\s*")
_DECODER = json.JSONDecoder(strict=False)


class EnvelopeRecords:
    """A reader of one file; a bookmark's position is enough to go on, for the file is read from its beginning."""

    def __init__(self, blocks: Blocks, start: Bookmark, keys: JsonKeys) -> None:
        """Take a stream at its beginning."""
        self._blocks = blocks
        self._keys = keys
        self._bookmark = start

    def slices(self, max_records: int) -> Iterator[Slice]:
        """Yield slices of at most `max_records` records."""
        text, flags, damage = self._text()
        items = list(_items(text, self._keys))
        if damage:
            items.append((len(text), len(text), damage))
        while items[self._bookmark.position :]:
            yield self._slice(text, flags, items, max_records)

    def _text(self) -> tuple[str, list[str], str]:
        body = self._blocks.read(ENVELOPE_LIMIT)
        damage = self._blocks.damage or ""
        if not damage and self._blocks.read(1):
            damage = f"the envelope is longer than {ENVELOPE_LIMIT:,} bytes; its rest was not read"
        text, flags = decode_line(body)
        return text.removeprefix("\ufeff"), flags, damage

    def _slice(self, text: str, flags: list[str], items: list[tuple[int, int, str]], max_records: int) -> Slice:
        start = self._bookmark
        end = min(start.position + max_records, len(items))
        self._bookmark = Bookmark(end, 0, 0)

        def locate(position: int) -> tuple[int, bytes]:
            begin, stop, _ = items[position - 1]
            return text.count("\n", 0, begin) + 1, text[begin:stop].encode("utf-8")[:RAW_LIMIT]

        numbers = range(start.position + 1, end + 1)
        good = [number for number in numbers if not items[number - 1][2]]
        bad = [
            Fault(number, *_where(locate(number), items[number - 1][2])) for number in numbers if items[number - 1][2]
        ]
        # The decoder wrote NUL escapes as they came; DuckDB's reader would keep them as characters.
        texts = [text[items[number - 1][0] : items[number - 1][1]].replace("\\u0000", "") for number in good]
        odd = {i: flags for i in range(len(good))} if flags else {}
        records = record_table(np.array(good, dtype=np.int64), texts, odd)
        return Slice(self._keys.feed, start, self._bookmark, records, tuple(bad), locate, end == len(items))


def _where(place: tuple[int, bytes], reason: str) -> tuple[int, str, bytes]:
    return place[0], reason, place[1]


def _items(text: str, keys: JsonKeys) -> Iterator[tuple[int, int, str]]:
    """Yield begin and end of each item, and what is wrong with it ("" for nothing)."""
    found = re.search(rf'"{re.escape(keys.list_key)}"\s*:\s*\[', text)
    next_item = re.compile(rf'\{{\s*"(?:{"|".join(map(re.escape, keys.first_keys))})"')
    at = found.end() if found else (_SPACE.match(text) or found).end()  # type: ignore[union-attr]
    if not found and text[at : at + 1] == "[":
        at += 1
    while True:
        at = _after_blanks(text, at)
        if at >= len(text) or text[at] == "]":
            return
        begin = at
        try:
            _, at = _DECODER.raw_decode(text, at)
        except (json.JSONDecodeError, RecursionError) as error:
            following = next_item.search(text, begin + 1)
            at = following.start() if following else len(text)
            reason = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deep"
            yield begin, at, f"the item is damaged or the envelope ends inside it ({reason})"
        else:
            yield begin, at, ""


def _after_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n,":
        at += 1
    return at
