"""Quarantine again: records that an earlier reader could not read are tried with the present one."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import numpy as np
import pyarrow as pa

from pipelines.discovery.blocks import Blocks
from pipelines.discovery.connector import Connector, Progress, connector_of
from pipelines.discovery.csv_records import CsvRecords
from pipelines.discovery.decode import decode_line
from pipelines.discovery.json_records import record_table
from pipelines.discovery.reading import resolve_rows
from pipelines.discovery.shapes import Form, Shape, Skip
from pipelines.discovery.slices import RAW_LIMIT, Slice
from pipelines.discovery.xml_records import XmlRecords
from warehouse.lake.connection import Lake, open_lake
from warehouse.lake.landings import Bookmark
from warehouse.lake.one_reader import one_reader
from warehouse.lake.quarantine import Quarantined, list_quarantine
from warehouse.landing import Entry, Landing
from warehouse.settings import Settings

AT_ONCE = 10_000


@dataclass(frozen=True)
class Retried:
    """How many were tried, and how many of them could be read now."""

    tried: int
    resolved: int


def retry_quarantine(settings: Settings, source: str, *, at: datetime, progress: Progress) -> Retried:
    """Read the quarantined records of a source again; what reads now enters in its own place and is marked resolved.

    Args:
        settings: Of this home.
        source: A connector's name.
        at: This instant, for the marks.
        progress: Told the records tried.

    Raises:
        BadInput: no such source.
    """
    connector, landing, lake = connector_of(source), Landing(settings.landing), open_lake("procura_pipeline")
    with one_reader(settings, progress):
        cursor = lake.cursor()
        open_ones = list_quarantine(cursor, source, limit=AT_ONCE)
        cursor.close()
        entries = {entry.order: entry for entry in landing.entries(source)}
        resolved = tried = 0
        for order, group in groupby(open_ones, key=lambda one: one.landing_order):
            faults = list(group)
            if order in entries:
                resolved += _retry_file(lake, landing, entries[order], connector, faults=faults, at=at)
            tried += len(faults)
            progress(f"reading quarantine of {source} again", tried, len(open_ones))
    return Retried(len(open_ones), resolved)


def _retry_file(
    lake: Lake, landing: Landing, entry: Entry, connector: Connector, *, faults: list[Quarantined], at: datetime
) -> int:
    with landing.open(entry) as stream:
        shape = connector.detect(stream)
    if isinstance(shape, Skip):
        return 0
    tables = [table for fault in faults if (table := _records(fault, shape)) is not None]
    if not tables:
        return 0
    records = pa.concat_tables(tables)
    nowhere = Bookmark()
    part = Slice(shape.feed, nowhere, nowhere, records, (), lambda _: (0, b""), True)
    rows = connector.to_rows(part).rows
    return resolve_rows(lake, entry, connector, rows, at).accepted if rows.num_rows else 0


def _records(fault: Quarantined, shape: Shape) -> pa.Table | None:
    """Read the bytes of one fault by themselves; None when they still are no single record."""
    if len(fault.raw) >= RAW_LIMIT or not fault.raw.strip():
        return None
    if shape.form is Form.CSV:
        return _alone(fault, CsvRecords(Blocks(io.BytesIO(fault.raw)), shape, Bookmark()).slices(2))
    if shape.xml is not None:
        return _alone(fault, XmlRecords(Blocks(io.BytesIO(fault.raw)), Bookmark(), shape.xml).slices(2))
    text, flags = decode_line(fault.raw)
    return record_table(np.array([fault.position]), [text], {0: flags} if flags else {})


def _alone(fault: Quarantined, slices: Iterator[Slice]) -> pa.Table | None:
    """Take the one good record that a fault's bytes are, in its own place."""
    parts = list(slices)
    if len(parts) != 1 or parts[0].faults or parts[0].records.num_rows != 1:
        return None
    position = parts[0].records.schema.get_field_index("position")
    return parts[0].records.set_column(position, "position", pa.array([fault.position], pa.int64()))
