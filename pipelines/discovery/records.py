"""A landed file as slices of records: its shape is told, its reader chosen, and reading goes on at a bookmark.

Not here: what fields mean (normalize.py, awards.py), where slices go (reading.py).
"""

from collections.abc import Iterator
from typing import BinaryIO

from pipelines.discovery.blocks import Blocks
from pipelines.discovery.csv_records import CsvRecords
from pipelines.discovery.envelope import EnvelopeRecords
from pipelines.discovery.json_records import JsonLines
from pipelines.discovery.shapes import Form, Shape
from pipelines.discovery.slices import SLICE_RECORDS, Slice
from pipelines.discovery.xml_records import XmlRecords
from warehouse.lake.landings import Bookmark


def read_slices(
    stream: BinaryIO, shape: Shape, start: Bookmark | None = None, *, max_records: int = SLICE_RECORDS
) -> Iterator[Slice]:
    """Yield the records of a file behind `start` in slices of at most `max_records` records or 128 MiB.

    Args:
        stream: The file's plain bytes, at their beginning.
        shape: What `shapes.detect` said of the same bytes.
        start: Where an earlier reading stopped; nothing: the beginning.
        max_records: Bound of one slice.
    """
    start, blocks = start or Bookmark(), Blocks(stream)
    if shape.form is Form.ENVELOPE:
        yield from EnvelopeRecords(blocks, start, shape.keys).slices(max_records)
    elif shape.xml is not None:
        blocks.skip(start.offset)
        yield from XmlRecords(blocks, start, shape.xml).slices(max_records)
    elif shape.form is Form.LINES:
        blocks.skip(start.offset)
        yield from JsonLines(blocks, start, shape.feed).slices(max_records)
    else:
        if not start.offset:
            start = Bookmark(0, shape.header_bytes, shape.header_lines)
        blocks.skip(start.offset)
        yield from CsvRecords(blocks, shape, start).slices(max_records)
