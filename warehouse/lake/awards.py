"""Awards into the lake: one row an award, as its source said it last.

The newest Last Modified Date stands; where it is the same, the file that landed later does, and within one file the first
record: so the content does not depend on how files are sliced. Not here: reading (pipelines/discovery/awards.py).
"""

from datetime import datetime

import pyarrow as pa

from warehouse.lake.connection import Cursor, Lake
from warehouse.lake.landings import Counts
from warehouse.lake.slice_writing import RowsToWrite, resolve_in_place, write_in_place
from warehouse.landing import Entry

AWARD_COLUMNS = [
    "source",
    "award_id",
    "piid",
    "parent_piid",
    "description",
    "recipient_name",
    "recipient_uei",
    "agency",
    "sub_agency",
    "agency_key",
    "naics_code",
    "psc_code",
    "set_aside_code",
    "place_state",
    "obligated_usd",
    "ceiling_usd",
    "signed_on",
    "starts_on",
    "ends_on",
    "modified_on",
    "url",
    "flags",
    "content_hash",
]
"""core.awards without first_seen_at, changed_at and landing_order."""

_NEWS = """
create or replace temp table award_news as
with stated as (
  select * from new_awards
  qualify row_number() over (partition by award_id order by modified_on desc nulls last, position) = 1
), known as (
  select award_id, content_hash, modified_on, landing_order, first_seen_at from core.awards where source = $source
)
select s.*, coalesce(k.first_seen_at, $fetched_at) as first_seen_at, k.award_id is not null as is_known
from stated s left join known k using (award_id)
where k.award_id is null or (
  s.content_hash <> k.content_hash
  and (coalesce(s.modified_on, date '0001-01-01'), $landing_order) > (coalesce(k.modified_on, date '0001-01-01'), k.landing_order)
)
"""


def write_awards(lake: Lake, part: RowsToWrite) -> Counts | None:
    """Write a slice in one transaction; None when another process has read this part of the file meanwhile.

    Args:
        part: Its rows hold AWARD_COLUMNS.
    """
    return write_in_place(lake, part.part, lambda cursor: _write_rows(cursor, part.entry, part.rows))


def resolve_awards(lake: Lake, entry: Entry, rows: pa.Table, at: datetime) -> Counts:
    """Write awards that were in quarantine and can be read now, as if they had been read in their place."""
    return resolve_in_place(lake, entry, rows, at, lambda cursor: _write_rows(cursor, entry, rows))


def _write_rows(cursor: Cursor, entry: Entry, rows: pa.Table) -> int:
    """Write the awards that are new or changed, and return how many they are."""
    if not rows.num_rows:
        return 0
    columns = ", ".join(AWARD_COLUMNS)
    cursor.register("new_awards", rows)
    cursor.execute(_NEWS, {"source": entry.source, "fetched_at": entry.fetched_at, "landing_order": entry.order})
    cursor.unregister("new_awards")
    found = cursor.execute("select count(*), count(*) filter (is_known) from award_news").fetchone()
    written, known = found or (0, 0)
    if known:
        cursor.execute(
            "delete from core.awards where source = ? and award_id in (select award_id from award_news where is_known)",
            [entry.source],
        )
    if written:
        cursor.execute(
            f"insert into core.awards ({columns}, first_seen_at, changed_at, landing_order)"  # noqa: S608 - constants
            f" select {columns}, first_seen_at, ?, ? from award_news",
            [entry.fetched_at, entry.order],
        )
    return int(written)
