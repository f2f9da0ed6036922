"""Records of an API one a line, with the bytes of each known.

Lines are cut and checked as columns, never one by one; only lines that something is wrong with are looked at in Python.
Not here: envelopes (envelope.py).
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.discovery.blocks import Blocks
from pipelines.discovery.decode import NUL_REMOVED, REPLACED, decode_line
from pipelines.discovery.slices import BATCH_ROWS, RAW_LIMIT, SLICE_BYTES, Slice
from warehouse.lake.landings import Bookmark
from warehouse.lake.notice_engine import notice_engine
from warehouse.lake.quarantine import Fault

PIECE_BYTES = 16 * 1024 * 1024
USUAL_BYTES = 3_000
"""Of a record, more than most have: so much is read at once for each that is wanted."""
_NUL_ESCAPE = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

Ints = NDArray[np.int64]


class JsonLines:
    """A reader of one file from a bookmark on; `slices` yields until the file ends."""

    def __init__(self, blocks: Blocks, start: Bookmark, feed: str) -> None:
        """Begin at `start`, to whose offset `blocks` must be moved."""
        self._blocks = blocks
        self._feed = feed
        self._bookmark = start
        self._rest = b""
        self._is_ended = False

    def slices(self, max_records: int) -> Iterator[Slice]:
        """Yield slices of at most `max_records` records or 128 MiB."""
        while (block := self._block(max_records)) or self._blocks.damage:
            yield self._slice(block, max_records) if block else self._damaged()

    def _block(self, max_records: int) -> bytes:
        """Read until there are enough lines; what is too much, or the beginning of a line, stays for the next slice."""
        block, self._rest = self._rest, b""
        at_once = max(PIECE_BYTES, max_records * USUAL_BYTES)
        while len(block) < SLICE_BYTES and block.count(b"\n") < max_records:
            piece = self._blocks.read(min(at_once, SLICE_BYTES - len(block)))
            if not piece:
                self._is_ended = True
                break
            block = block + piece if block else piece
        # A file's first bytes may be a mark of the byte order: blanks keep every offset true.
        if self._bookmark.offset == 0 and block.startswith(_BYTE_ORDER_MARK):
            block = b"   " + block[3:]
        return block

    def _slice(self, block: bytes, max_records: int) -> Slice:
        start = self._bookmark
        bounds = _line_bounds(block)
        if not self._is_ended and len(bounds) > 2 and not block.endswith(b"\n"):
            bounds = bounds[:-1]  # the last line goes on behind this block
        numbers = _filled_lines(block, bounds)[:max_records]
        # Blank lines behind the last record go with it, unless the slice is full.
        last = int(numbers[-1]) + 1 if len(numbers) == max_records else len(bounds) - 1
        self._rest = block[int(bounds[last]) :]
        self._bookmark = Bookmark(start.position + len(numbers), start.offset + int(bounds[last]), start.line + last)

        def locate(position: int) -> tuple[int, bytes]:
            line = int(numbers[position - start.position - 1])
            return start.line + line + 1, block[int(bounds[line]) : int(bounds[line + 1])][:RAW_LIMIT]

        positions = start.position + 1 + np.arange(len(numbers), dtype=np.int64)
        text, flags = _decoded(block, bounds, numbers)
        records = record_table(positions, text, flags)
        return Slice(self._feed, start, self._bookmark, records, (), locate, self._is_at_end())

    def _is_at_end(self) -> bool:
        while not self._rest.strip() and (piece := self._blocks.read(PIECE_BYTES)):
            self._rest += piece
        return not self._rest.strip() and self._blocks.damage is None

    def _damaged(self) -> Slice:
        start, reason = self._bookmark, self._blocks.take_damage() or ""
        self._bookmark = Bookmark(start.position + 1, start.offset, start.line)
        fault = Fault(start.position + 1, start.line + 1, reason, b"")
        records = record_table(np.zeros(0, np.int64), [], {})
        return Slice(self._feed, start, self._bookmark, records, (fault,), lambda _: (start.line + 1, b""), True)


def record_table(positions: Ints, text: pa.Array | Sequence[str], flags: dict[int, list[str]]) -> pa.Table:
    """Build the table of a slice: position, text, reading_flags.

    Args:
        positions: Record numbers, one a text.
        text: One JSON text a record, not checked yet.
        flags: Index of a text -> what was odd about its decoding.
    """
    column = text if isinstance(text, pa.Array) else pa.array(text, pa.large_string())
    odd = [flags.get(i, []) for i in range(len(column))] if flags else [[]] * len(column)
    records = pa.table({"position": positions, "text": column, "reading_flags": pa.array(odd, pa.list_(pa.string()))})
    return pa.Table.from_batches(records.to_batches(max_chunksize=BATCH_ROWS), records.schema)


def set_invalid_aside(part: Slice) -> Slice:
    """Return a slice of JSON texts without those that are no JSON, which become faults.

    Asked for only when reading the slice has failed: checking each text costs a tenth of reading it.
    """
    with notice_engine() as engine:
        engine.register("records", part.records)
        found = engine.execute("select position from records where not json_valid(text)").fetchall()
    is_invalid = pc.is_in(part.records["position"], pa.array([row[0] for row in found], pa.int64()))
    kept: list[dict[str, object]] = []
    faults = list(part.faults)
    for row in part.records.filter(is_invalid).to_pylist():
        mended = _mended(row["text"])
        if mended is None:
            line, raw = part.locate(row["position"])
            faults.append(Fault(row["position"], line, "it is not valid JSON", raw))
        else:
            kept.append({**row, "text": mended, "reading_flags": sorted({*row["reading_flags"], REPLACED})})
    good = part.records.filter(pc.invert(is_invalid))
    records = pa.concat_tables([good, pa.Table.from_pylist(kept, part.records.schema)])
    return replace(part, records=records, faults=tuple(faults))


def _mended(text: str) -> str | None:
    """Rewrite what Python reads although DuckDB does not: halves of surrogate pairs. None when it is no JSON."""
    try:
        written = json.dumps(json.loads(text), ensure_ascii=False, allow_nan=False)
    except (ValueError, RecursionError):
        return None
    return written.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _line_bounds(block: bytes) -> Ints:
    """Where lines begin, and behind the last one where it ends."""
    bounds = np.concatenate([np.zeros(1, np.int64), np.flatnonzero(np.frombuffer(block, np.uint8) == 10) + 1])
    return bounds if bounds[-1] == len(block) else np.append(bounds, len(block))


def _filled_lines(block: bytes, bounds: Ints) -> Ints:
    short = np.flatnonzero(np.diff(bounds) < 64)
    blank = [int(i) for i in short if not block[bounds[i] : bounds[i + 1]].strip()]
    return np.delete(np.arange(len(bounds) - 1, dtype=np.int64), blank)


def _decoded(block: bytes, bounds: Ints, numbers: Ints) -> tuple[pa.Array | list[str], dict[int, list[str]]]:
    lines = pa.LargeStringArray.from_buffers(len(bounds) - 1, pa.py_buffer(bounds), pa.py_buffer(block))
    if _is_plain(block, lines):
        if not len(numbers) or numbers[-1] == len(numbers) - 1:  # no blank line in between: no copy
            return lines.slice(0, len(numbers)), {}
        return lines.take(pa.array(numbers)), {}
    texts: list[str] = []
    odd: dict[int, list[str]] = {}
    for i, line in enumerate(numbers):
        text, flags = decode_line(block[bounds[line] : bounds[line + 1]])
        if "\\u0000" in text and (cleaned := _NUL_ESCAPE.sub(r"\1", text)) != text:
            text, flags = cleaned, [*flags, NUL_REMOVED]
        texts.append(text)
        if flags:
            odd[i] = flags
    return texts, odd


def _is_plain(block: bytes, lines: pa.Array) -> bool:
    """Say whether the lines are valid UTF-8 with nothing to be removed or flagged."""
    if b"\0" in block:
        return False
    try:
        lines.validate(full=True)
    except pa.ArrowInvalid:
        return False
    with notice_engine() as engine:
        table = pa.table({"text": lines})
        engine.register("lines", pa.Table.from_batches(table.to_batches(max_chunksize=BATCH_ROWS), table.schema))
        odd = "contains(text, chr(65533)) or contains(text, '\\u0000')"
        return engine.execute(f"select 1 from lines where {odd} limit 1").fetchone() is None  # noqa: S608 - a constant
