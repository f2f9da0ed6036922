"""Notices into the lake: a slice's versions and sightings, within its one transaction (slice_writing.py).

A version is written once for each content a source
ever showed for a notice; which one is current is said by the narrow sightings. Not here: reading (pipelines/discovery).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from warehouse.lake.connection import Cursor, Lake
from warehouse.lake.landings import Bookmark, Counts
from warehouse.lake.merging import Plan, known_contents, make_plan
from warehouse.lake.purging import without_purged
from warehouse.lake.quarantine import Fault
from warehouse.lake.slice_writing import Part, resolve_in_place, write_in_place
from warehouse.landing import Entry

NOTICE_COLUMNS = [
    "source",
    "notice_id",
    "content_hash",
    "opportunity_id",
    "solicitation_number",
    "solicitation_key",
    "title",
    "agency",
    "sub_agency",
    "office",
    "notice_type",
    "notice_type_raw",
    "base_type",
    "posted_at",
    "posted_raw",
    "posted_precision",
    "response_deadline_at",
    "response_deadline_raw",
    "response_deadline_offset_minutes",
    "response_deadline_precision",
    "archive_on",
    "archive_type",
    "naics_code",
    "naics_codes",
    "psc_code",
    "set_aside_code",
    "set_aside_raw",
    "set_aside_text",
    "place_street",
    "place_city",
    "place_state",
    "place_zip",
    "place_country",
    "office_city",
    "office_state",
    "office_zip",
    "office_country",
    "award_number",
    "award_on",
    "award_ceiling_usd",
    "awardee_name",
    "contacts",
    "description_text",
    "description_url",
    "attachment_urls",
    "url",
    "is_active_raw",
    "flags",
    "kind",
    "eligibility_codes",
    "eligibility_text",
    "aln_codes",
    "funding_category_codes",
    "funding_instrument_codes",
    "unknown_codes",
    "award_floor_usd",
    "program_funding_usd",
    "expected_awards",
    "has_cost_sharing",
    "modified_on",
]
"""core.notice_versions without first_seen_at and first_seen_order."""


@dataclass(frozen=True)
class SliceToWrite:
    """Some records in a row of one landed file, read.

    `rows` holds NOTICE_COLUMNS, position (bigint, unique), record_hash (ubigint) and lacks_keys (boolean); None: no
    record had to be read. `again` are the records that `merging.met_again` found in `seen`, the sightings of all of the
    slice's notices; without `seen` it is asked for.
    """

    entry: Entry
    start: Bookmark
    end: Bookmark
    rows: pa.Table | None
    faults: Sequence[Fault]
    is_last: bool
    again: pa.Table | None = None
    seen: pa.Table | None = None


def write_slice(lake: Lake, part: SliceToWrite) -> Counts | None:
    """Write a slice in one transaction; None when another process has read this part of the file meanwhile."""
    accepted = _rows_of(part.rows) + _rows_of(part.again)
    whole = Part(part.entry, part.start, part.end, accepted, part.faults, part.is_last)
    return write_in_place(lake, whole, lambda cursor: _write_rows(cursor, part.entry, part.rows, part.again, part.seen))


def resolve_faults(lake: Lake, entry: Entry, rows: pa.Table, at: datetime) -> Counts:
    """Write records that were in quarantine and can be read now, as if they had been read in their place.

    Args:
        lake: The lake as the pipeline.
        entry: The file they are of.
        rows: As in SliceToWrite; each position is one of an unresolved fault.
        at: When they were mended.
    """
    return resolve_in_place(lake, entry, rows, at, lambda cursor: _write_rows(cursor, entry, rows))


def sightings_of(cursor: Cursor, source: str, notice_ids: pa.Table) -> pa.Table:
    """Return every sighting of some notices (a table with notice_id), with the number of its row."""
    cursor.register("wanted_ids", notice_ids.select(["notice_id"]))
    seen = cursor.execute(
        "select rowid as row_number, notice_id, content_hash, feeds, last_seen_at, last_seen_order, last_seen_position, record_hash"
        " from core.notice_sightings where source = ? and notice_id in (select notice_id from wanted_ids)",
        [source],
    ).to_arrow_table()
    cursor.unregister("wanted_ids")
    return seen


def has_sightings(cursor: Cursor, source: str) -> bool:
    """Say whether a source has any notice: on a first load nothing needs to be looked up."""
    return (
        cursor.execute("select 1 from core.notice_sightings where source = ? limit 1", [source]).fetchone() is not None
    )


def _rows_of(table: pa.Table | None) -> int:
    return 0 if table is None else int(table.num_rows)


def _write_rows(
    cursor: Cursor, entry: Entry, rows: pa.Table | None, again: pa.Table | None = None, seen: pa.Table | None = None
) -> int:
    """Write what is new of the rows and when all of them were seen; return the number of new versions."""
    rows = rows if rows is None else without_purged(cursor, entry.source, entry.order, rows)
    if not _rows_of(rows) + _rows_of(again):
        return 0
    if seen is None:
        seen = sightings_of(cursor, entry.source, rows)
    plan = make_plan(rows, again, seen, entry, lambda keys: _contents(cursor, entry.source, keys))
    _insert_versions(cursor, entry, plan)
    _replace_sightings(cursor, entry.source, plan)
    return int(plan.new.num_rows)


def _contents(cursor: Cursor, source: str, keys: pa.Table) -> pa.Table:
    """Return the wide rows of some versions (notice_id, content_hash)."""
    cursor.register("wanted", keys)
    rows = cursor.execute(known_contents(NOTICE_COLUMNS), [source]).to_arrow_table()
    cursor.unregister("wanted")
    return rows


def _insert_versions(cursor: Cursor, entry: Entry, plan: Plan) -> None:
    if not plan.new.num_rows:
        return
    columns = ", ".join(NOTICE_COLUMNS)
    cursor.register("new_versions", plan.new)
    cursor.execute(
        f"insert into core.notice_versions ({columns}, first_seen_at, first_seen_order)"  # noqa: S608 - constants
        f" select {columns}, ?, ? from new_versions",
        [entry.fetched_at, entry.order],
    )
    cursor.unregister("new_versions")


def _replace_sightings(cursor: Cursor, source: str, plan: Plan) -> None:
    cursor.register("plan_sightings", plan.sightings)
    if plan.touches_known:
        # By the number of the row: four times faster than by key, for no text has to be read again.
        cursor.execute(
            "delete from core.notice_sightings where rowid in (select row_number from plan_sightings where row_number is not null)"
        )
    cursor.execute(
        "insert into core.notice_sightings"
        " (source, notice_id, content_hash, feeds, last_seen_at, last_seen_order, last_seen_position, record_hash)"
        " select ?, notice_id, content_hash, feeds, last_seen_at, last_seen_order, last_seen_position, record_hash"
        " from plan_sightings",
        [source],
    )
    cursor.unregister("plan_sightings")
