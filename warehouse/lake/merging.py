"""What a slice changes: which versions are new, which are seen again, and how two feeds' words about a notice combine.

Pure but for the question for known contents, which is asked only when it matters: a notice that was seen through this feed
alone, in records that lack no key and state no day of their last change, is replaced without reading what was known. The
rule for one notice is notice_merge.sql.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from warehouse.lake.notice_engine import notice_engine, sql
from warehouse.landing import Entry

BATCH_ROWS = 8_192
Contents = Callable[[pa.Table], pa.Table]


@dataclass(frozen=True)
class Plan:
    """What to write: wide rows of new versions; narrow rows of every version met.

    `sightings` holds notice_id, content_hash, feeds, last_seen_at, last_seen_order, last_seen_position, record_hash and
    row_number (of the row that is to be replaced; null: there is none).
    """

    new: pa.Table
    sightings: pa.Table
    touches_known: bool


def known_contents(columns: Sequence[str]) -> str:
    """Return the query for the wide rows of the versions in `wanted` (notice_id, content_hash), by source."""
    return (
        f"select {', '.join(columns)} from core.notice_versions"  # noqa: S608 - constants
        " where source = ? and notice_id in (select notice_id from wanted)"
        " and (notice_id, content_hash) in (select (notice_id, content_hash) from wanted)"
    )


def met_again(keys: pa.Table, seen: pa.Table) -> pa.Table:
    """Find the records that are byte for byte what their notice's current version was read from.

    Reading such a record again gives the current version again, also where feeds are merged: a merge is idempotent.

    Args:
        keys: position, notice_id and record_hash of a slice's records.
        seen: Every sighting of their notices so far.

    Returns:
        position, notice_id, content_hash, record_hash; of notices with one record in the slice only.
    """
    with notice_engine() as engine:
        engine.register("keys", keys)
        engine.register("seen", seen)
        engine.execute(_CURRENT)
        return engine.execute(_MET_AGAIN).to_arrow_table(BATCH_ROWS)


def make_plan(rows: pa.Table | None, again: pa.Table | None, seen: pa.Table, entry: Entry, contents: Contents) -> Plan:
    """Decide what a slice changes.

    Args:
        rows: The slice's records as read (see SliceToWrite), in any order; positions say which came last.
        again: What `met_again` found; their records are not among `rows`.
        seen: Every sighting of their notices so far.
        entry: The file they are of.
        contents: Gives the wide rows of versions (notice_id, content_hash).
    """
    rows = _NO_ROWS if rows is None else rows
    with notice_engine() as engine:
        engine.register("rows", rows)
        engine.register("again", _NO_ROWS if again is None else again)
        engine.register("seen", seen)
        names = {"feed": entry.feed, "at_order": entry.order}
        engine.execute(_CURRENT)
        engine.execute(_TO_MERGE, names)
        merged = _merge(engine, rows, entry.feed, contents) if _count(engine, "to_merge") else None
        engine.register("merged", merged if merged is not None else rows.slice(0, 0))
        engine.execute(_EMITTED, {"feed": entry.feed})
        engine.execute(_SEEN_AGAIN)
        sightings = engine.execute(_SIGHTINGS, {**names, "fetched_at": entry.fetched_at}).to_arrow_table(BATCH_ROWS)
        return Plan(_new_rows(engine, rows, merged), sightings, _count(engine, "seen_again") > 0)


_NO_ROWS = pa.table(
    {
        "position": pa.array([], pa.int64()),
        "notice_id": pa.array([], pa.string()),
        "content_hash": pa.array([], pa.string()),
        "record_hash": pa.array([], pa.uint64()),
        "lacks_keys": pa.array([], pa.bool_()),
        "modified_on": pa.array([], pa.date32()),
    }
)
_CURRENT = """
create temp table current as
with latest as (
  select notice_id, max_by({'content_hash': content_hash, 'feeds': feeds, 'record_hash': record_hash,
    'last_seen_order': last_seen_order, 'last_seen_position': last_seen_position},
    last_seen_order * 1099511627776 + last_seen_position) as sighting  -- 2^40 records a file
  from seen group by notice_id
)
select notice_id, unnest(sighting) from latest
"""
_MET_AGAIN = """
select k.position, k.notice_id, c.content_hash, k.record_hash
from keys k join current c on c.notice_id = k.notice_id and c.record_hash = k.record_hash
where k.notice_id not in (select notice_id from keys where notice_id is not null group by notice_id having count(*) > 1)
"""
# Notices whose records have to be read together with what was known of them, or with each other.
_TO_MERGE = """
create temp table to_merge as
select r.notice_id from rows r join current c using (notice_id)
where c.last_seen_order < $at_order or c.last_seen_order = $at_order and c.last_seen_position < r.position
group by all having bool_or(r.content_hash <> c.content_hash and (r.lacks_keys or c.feeds <> $feed or r.modified_on is not null))
union
select notice_id from rows group by all
having count(*) > 1 and bool_or(lacks_keys or modified_on is not null) and count(distinct content_hash) > 1
"""
_TURNS = """
create temp table turns as
select r.*, coalesce(c.feeds <> $feed, false) as has_other_feed, row_number() over (partition by notice_id order by position) as turn
from rows r semi join to_merge using (notice_id) left join current c using (notice_id)
"""
# A statement that its source has changed since fills holes only: it and what is known change their places.
_OLDER = """
create or replace temp table older as
select i.* from incoming i join known k using (source, notice_id) where i.modified_on < k.modified_on
"""
_IN_ORDER = (
    """
create or replace temp table incoming as
select * from incoming anti join older using (position)
union all by name
select k.*, o.position, o.record_hash, false as lacks_keys, true as has_other_feed from known k join older o using (source, notice_id)
""",
    """
create or replace temp table known as
select * from known anti join older using (source, notice_id)
union all by name select * exclude (position, record_hash, lacks_keys, has_other_feed) from older
""",
)
_EMITTED = """
create temp table emitted as
select e.notice_id, e.content_hash, e.position, e.record_hash,
  case when c.feeds <> $feed and (is_merged or e.content_hash = c.content_hash)
    then array_to_string(list_sort(list_distinct(list_append(string_split(c.feeds, ','), $feed))), ',') end as merged_feeds
from (
  select notice_id, content_hash, position, record_hash, false as is_merged from rows
  where notice_id not in (select notice_id from to_merge)
  union all select notice_id, content_hash, position, record_hash, false from again
  union all select notice_id, content_hash, position, record_hash, true from merged
) e left join current c using (notice_id)
"""
_SEEN_AGAIN = """
create temp table seen_again as
select e.notice_id, e.content_hash from emitted e semi join seen s using (notice_id, content_hash)
"""
# A record that is read later than its place in the order (a mended one) does not become current.
_SIGHTINGS = """
with met as (
  select notice_id, content_hash, max(position) as position, max_by(coalesce(merged_feeds, $feed), position) as feeds,
    max_by(record_hash, position) as record_hash
  from emitted group by notice_id, content_hash
), placed as (
  select m.*, s.feeds as known_feeds, s.row_number, s.last_seen_at as known_at,
    s.last_seen_order as known_order, s.last_seen_position as known_position, s.record_hash as known_hash,
    s.content_hash is not null
      and (s.last_seen_order, s.last_seen_position) > (cast($at_order as bigint), m.position) as was_later
  from met m left join seen s using (notice_id, content_hash)
)
select notice_id, content_hash, row_number,
  case when known_feeds is null or known_feeds = feeds then feeds
    else array_to_string(list_sort(list_distinct(list_concat(string_split(known_feeds, ','), string_split(feeds, ',')))), ',') end as feeds,
  case when was_later then known_at else cast($fetched_at as timestamptz) end as last_seen_at,
  case when was_later then known_order else cast($at_order as bigint) end as last_seen_order,
  case when was_later then known_position else position end as last_seen_position,
  case when was_later then known_hash else record_hash end as record_hash
from placed
"""
_NEW_POSITIONS = """
create temp table new_positions as
select min(position) as position from emitted e anti join seen s using (notice_id, content_hash) group by notice_id, content_hash
"""


def _merge(engine: duckdb.DuckDBPyConnection, rows: pa.Table, feed: str, contents: Contents) -> pa.Table:
    """Read the records of notices in `to_merge` over what was known, each notice's one after the other."""
    keys = "select notice_id, content_hash from current semi join to_merge using (notice_id)"
    engine.register("contents", contents(engine.execute(keys).to_arrow_table()))
    engine.execute("create temp table known as select * from contents")
    engine.execute(_TURNS, {"feed": feed})
    merged: list[pa.Table] = []
    for turn in range(1, _count(engine, "turns", "max(turn)") + 1):
        engine.execute(
            "create or replace temp table incoming as select * exclude (turn) from turns where turn = ?", [turn]
        )
        engine.execute(_OLDER)
        if _count(engine, "older"):
            for statement in _IN_ORDER:
                engine.execute(statement)
        engine.execute(f"create or replace temp view described as {sql('notice_merge.sql')}")
        engine.execute(f"create or replace temp table read_together as {sql('notice_finish.sql')}")
        engine.execute("delete from known where notice_id in (select notice_id from read_together)")
        engine.execute(
            "insert into known by name select * exclude (position, record_hash, lacks_id, lacks_keys) from read_together"
        )
        merged.append(engine.execute("select * exclude (lacks_id) from read_together").to_arrow_table(BATCH_ROWS))
    return pa.concat_tables(merged).select(rows.column_names)


def _new_rows(engine: duckdb.DuckDBPyConnection, rows: pa.Table, merged: pa.Table | None) -> pa.Table:
    engine.execute(_NEW_POSITIONS)
    count = _count(engine, "new_positions")
    if merged is None and count == rows.num_rows:
        return rows  # a first load: nothing to look up, nothing to copy
    if not count:
        return rows.slice(0, 0)
    engine.register("all_rows", rows if merged is None else _together(rows, merged))
    return engine.execute("select * from all_rows semi join new_positions using (position)").to_arrow_table(BATCH_ROWS)


def _together(rows: pa.Table, merged: pa.Table) -> pa.Table:
    with notice_engine() as engine:
        engine.register("rows", rows)
        engine.register("merged", merged)
        return engine.execute(
            "select * from rows anti join merged using (position) union all by name select * from merged"
        ).to_arrow_table(BATCH_ROWS)


def _count(engine: duckdb.DuckDBPyConnection, table: str, what: str = "count(*)") -> int:
    row = engine.execute(f"select {what} from {table}").fetchone()  # noqa: S608 - constants
    return int(row[0] or 0) if row else 0
