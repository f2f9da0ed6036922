"""Records of the daily CSV file, with the bytes of each known and damage kept to the record that has it.

A line break inside quotes is data, so a missing quote could swallow the rest of a file. The strict reader stops at the
first thing no writer of CSV makes; then the next line that begins like a record is looked for and reading goes on there.
"""

import csv
import re
from collections.abc import Iterator

import pyarrow as pa

from pipelines.discovery.blocks import Blocks
from pipelines.discovery.line_feed import LineFeed
from pipelines.discovery.shapes import CSV_COLUMNS, Shape
from pipelines.discovery.slices import BATCH_ROWS, RAW_LIMIT, RECORD_LIMIT, SLICE_BYTES, Slice
from warehouse.lake.landings import Bookmark
from warehouse.lake.quarantine import Fault

ODD_QUOTES = "text_odd_quotes"
"""Flag: a quote stands where CSV allows none; the record was read nevertheless."""
SEARCH_LINES = 20_000
"""Physical lines after a damaged record in which the next one is looked for."""

_ID = re.compile(r"[\w.\-]{1,100}")
_FIRST_FIELD = re.compile(r'"?[\w.\-]{1,100}"?,')
_SAM_ID_FIRST = re.compile(r'"?[0-9a-fA-F]{32}"?,')


class CsvRecords:
    """A reader of one file from a bookmark on; `slices` yields until the file ends."""

    def __init__(self, blocks: Blocks, shape: Shape, start: Bookmark) -> None:
        """Begin at `start`, to whose offset (or, at the very beginning, behind the header) `blocks` must be moved."""
        csv.field_size_limit(RECORD_LIMIT)
        self._feed = LineFeed(blocks)
        self._width = len(shape.header)
        self._columns = {ours: _index(shape.header, theirs) for theirs, ours in CSV_COLUMNS.items()}
        self._id = shape.header.index("NoticeId")
        self._bookmark = start
        self._reader = csv.reader(self._feed.texts(), strict=True)

    def slices(self, max_records: int) -> Iterator[Slice]:
        """Yield slices of at most `max_records` records or 128 MiB."""
        while (part := self._slice(max_records)).landed:
            yield part

    def _slice(self, max_records: int) -> Slice:
        start, first_line = self._bookmark, self._feed.index
        rows: list[list[str]] = []
        positions: list[int] = []
        flags: dict[int, list[str]] = {}
        faults: list[Fault] = []
        position, size = start.position, 0
        while position - start.position < max_records and size < SLICE_BYTES:
            line = self._feed.index
            outcome = self._next_record()
            if outcome is None:
                break
            size += self._feed.size(line, self._feed.index)
            if not outcome:
                continue  # an empty line
            position += 1
            if isinstance(outcome, str):
                raw = self._feed.raw(line, self._feed.index)[:RAW_LIMIT]
                faults.append(Fault(position, start.line + line - first_line + 1, outcome, raw))
                continue
            odd = self._feed.flags(line, self._feed.index)
            if len(outcome) > self._width:
                odd = [*odd, outcome.pop()]
            if odd:
                flags[len(rows)] = odd
            rows.append(outcome)
            positions.append(position)
        self._bookmark = Bookmark(position, start.offset + size, start.line + self._feed.index - first_line)
        self._feed.forget(self._feed.index)
        is_last = not self._feed.has(self._feed.index) and not self._feed.is_damaged
        return Slice(
            "bulk_csv", start, self._bookmark, self._table(rows, positions, flags), tuple(faults), _located, is_last
        )

    def _next_record(self) -> list[str] | str | None:
        """Read one record: its fields (one more: a flag), [] for an empty line, a reason, or None at the end."""
        start = self._feed.index
        try:
            row = next(self._reader)
        except StopIteration:
            return self._feed.take_damage()
        except csv.Error as error:
            return self._mend(start, str(error))
        inner = self._inner_record(start, self._feed.index)
        if inner:
            self._feed.index = inner
            return "a quote is missing: the record runs into the next one"
        if row and len(row) != self._width:
            return f"it has {len(row)} columns instead of {self._width}"
        return "the notice id is empty" if row and not row[self._id].strip() else row

    def _mend(self, start: int, trouble: str) -> list[str] | str:
        """Read a record that the strict reader refused leniently, or find where the next one begins."""
        reader = csv.reader(self._counted(start), strict=False)
        try:
            row = next(reader)
        except (csv.Error, StopIteration):
            row = []
        end = start + reader.line_num
        ends_inside = trouble.startswith("unexpected end") or (end > start + 1 and not self._feed.has(end))
        is_one = len(row) == self._width and _ID.fullmatch(row[self._id].strip()) and not ends_inside
        if is_one and not self._inner_record(start, end):
            self._feed.index = end
            self._reader = csv.reader(self._feed.texts(), strict=True)
            return [*row, ODD_QUOTES]
        self._feed.index = self._next_start(start)
        self._reader = csv.reader(self._feed.texts(), strict=True)
        if not self._feed.has(self._feed.index):
            return f"the file ends inside this record ({trouble})"
        return f"a quote is missing or too many ({trouble})"

    def _counted(self, start: int) -> Iterator[str]:
        size = 0
        for text in self._feed.texts_from(start):
            size += len(text)
            if size > RECORD_LIMIT:
                return
            yield text

    def _next_start(self, start: int) -> int:
        """Return the first line after `start` that begins like a record; the end of the search when none does."""
        line, size = start + 1, 0
        while self._feed.has(line) and line - start < SEARCH_LINES and size < RECORD_LIMIT:
            if (self._id == 0 and _SAM_ID_FIRST.match(self._feed.text(line))) or self._begins_record(line):
                return line
            size += len(self._feed.text(line))
            line += 1
        return line

    def _inner_record(self, start: int, end: int) -> int | None:
        """Return the first line inside [start, end) but not at its beginning that is a whole record by itself."""
        return next((line for line in range(start + 1, end) if self._begins_record(line)), None)

    def _begins_record(self, line: int) -> bool:
        text = self._feed.text(line)
        if self._id == 0 and not _FIRST_FIELD.match(text):
            return False
        if '"' not in text and text.count(",") + 1 != self._width:
            return False
        try:
            row = next(csv.reader(self._counted(line), strict=True), [])
        except csv.Error:
            return False
        return len(row) == self._width and _ID.fullmatch(row[self._id].strip()) is not None

    def _table(self, rows: list[list[str]], positions: list[int], flags: dict[int, list[str]]) -> pa.Table:
        columns: dict[str, pa.Array] = {"position": pa.array(positions, pa.int64())}
        for name, index in self._columns.items():
            if index is None:
                columns[name] = pa.nulls(len(rows))
            else:
                columns[name] = pa.array([row[index] for row in rows], pa.large_string())
        columns["reading_flags"] = pa.array([flags.get(i, []) for i in range(len(rows))], pa.list_(pa.string()))
        table = pa.table(columns)
        return pa.Table.from_batches(table.to_batches(max_chunksize=BATCH_ROWS), table.schema)


def _index(header: tuple[str, ...], name: str) -> int | None:
    return header.index(name) if name in header else None


def _located(position: int) -> tuple[int, bytes]:
    raise LookupError(f"record {position} was refused after reading")  # an empty notice id is found while reading
