"""Stories into the lake: one row a story, as it was told first.

A story known under its address or its headline is not written again, so that the content does not depend on how often a
source repeats itself. Not here: reading (pipelines/discovery/stories.py).
"""

from datetime import datetime

import pyarrow as pa

from warehouse.lake.connection import Cursor, Lake
from warehouse.lake.landings import Counts
from warehouse.lake.slice_writing import RowsToWrite, resolve_in_place, write_in_place
from warehouse.landing import Entry

ARTICLE_COLUMNS = ["source", "article_id", "title", "title_key", "publisher", "url", "published_at"]
"""core.articles without first_seen_at and landing_order."""
_NEW = """
create or replace temp table new_stories as
select * from (
  select * from read_articles where not is_removed
  qualify row_number() over (partition by article_id order by position) = 1
) anti join core.articles k using (source, article_id)
where title_key not in (select title_key from core.articles where source = $source)
qualify row_number() over (partition by title_key order by position) = 1
"""


def write_articles(lake: Lake, part: RowsToWrite) -> Counts | None:
    """Write a slice in one transaction; None when another process has read this part of the file meanwhile.

    Args:
        part: Its rows hold ARTICLE_COLUMNS and is_removed.
    """
    return write_in_place(lake, part.part, lambda cursor: _write_rows(cursor, part.entry, part.rows))


def resolve_articles(lake: Lake, entry: Entry, rows: pa.Table, at: datetime) -> Counts:
    """Write stories that were in quarantine and can be read now, as if they had been read in their place."""
    return resolve_in_place(lake, entry, rows, at, lambda cursor: _write_rows(cursor, entry, rows))


def _write_rows(cursor: Cursor, entry: Entry, rows: pa.Table) -> int:
    """Write the stories that are new, and return how many they are."""
    if not rows.num_rows:
        return 0
    columns = ", ".join(ARTICLE_COLUMNS)
    cursor.register("read_articles", rows)
    cursor.execute(_NEW, {"source": entry.source})
    cursor.unregister("read_articles")
    found = cursor.execute("select count(*) from new_stories").fetchone()
    written = int(found[0]) if found else 0
    if written:
        cursor.execute(
            f"insert into core.articles ({columns}, first_seen_at, landing_order)"  # noqa: S608 - constants
            f" select {columns}, ?, ? from new_stories",
            [entry.fetched_at, entry.order],
        )
    return written
