"""How far grouping has come: the mark that one pass leaves, and what the next one finds changed since.

Rows of the lake are numbered as they come, and keep their number when files are merged: what has a higher number than the
mark is new. A mark that does not fit the lake any more (rows went, an earlier instant, other rules) leads to a whole pass.
"""

from dataclasses import astuple, dataclass, replace
from datetime import datetime

from warehouse.lake.connection import Cursor

_CHANGED = """
with changed as (
  select notice_id from core.notice_versions where rowid > {last_version}
  -- Seen again: of several versions another one may be current now.
  union all select s.notice_id from core.notice_sightings s where s.rowid > {last_sighting} and notice_id in
    (select notice_id from core.notice_versions group by notice_id having count(*) > 1)
  -- Posted since: was not seen before, whenever it came.
  union all select notice_id from core.notice_versions, world where posted_at > timestamptz '{as_of}' and posted_at <= world.as_of
)
select opportunity_id from core.notice_versions where notice_id in (from changed)
-- Time has closed it.
union all select opportunity_id from core.opportunities, world where is_open
  and case when response_deadline_at is not null then response_deadline_at < world.as_of
           else archive_on < (world.as_of at time zone 'UTC')::date end
-- Demo notices go once there are others.
union all select opportunity_id from core.opportunities where source = 'demo'
  and exists (select 1 from core.notice_versions where source <> 'demo')
"""


@dataclass(frozen=True)
class Mark:
    """core.grouping_state's row: the latest instant that was grouped for, by which rules, and over which rows."""

    as_of: datetime
    rules: str
    versions: int
    last_version: int
    last_sighting: int

    def leads_to(self, cursor: Cursor, later: "Mark") -> bool:
        """Say whether what happened between the two marks can be found: nothing was removed, no rule changed, no step back."""
        still = cursor.execute("select count(*) from core.notice_versions where rowid <= ?", [self.last_version])
        return (
            self.rules == later.rules
            and self.as_of <= later.as_of
            and self.last_sighting <= later.last_sighting
            and still.fetchall() == [(self.versions,)]
        )

    def differs_from(self, before: "Mark | None") -> bool:
        """Say whether it stands for other rows or rules; another instant alone need not be written down."""
        return before is None or replace(self, as_of=before.as_of) != before


def read_mark(cursor: Cursor) -> Mark | None:
    """Return the mark that the pass before left; None: there is none."""
    row = cursor.execute(
        "select as_of, rules, versions, last_version, last_sighting from core.grouping_state"
    ).fetchone()
    return Mark(*row) if row else None


def present_mark(cursor: Cursor, as_of: datetime, rules: str) -> Mark:
    """Return the mark of a pass that looks at the lake as this cursor sees it."""
    (numbers,) = cursor.execute(
        "select (select count(*) from core.notice_versions), (select coalesce(max(rowid), -1) from core.notice_versions),"
        " (select coalesce(max(rowid), -1) from core.notice_sightings)"
    ).fetchall()
    return Mark(as_of, rules, *numbers)


def write_mark(cursor: Cursor, mark: Mark) -> None:
    """Leave the mark for the next pass, in the transaction that wrote what it stands for."""
    forget_mark(cursor)
    cursor.execute("insert into core.grouping_state values (?, ?, ?, ?, ?)", list(astuple(mark)))


def forget_mark(cursor: Cursor) -> None:
    """Let the next pass look at everything."""
    cursor.execute("delete from core.grouping_state")


def changed_since(mark: Mark) -> str:
    """Return the query (over `world`) for the ids of opportunities that may have changed since, as opportunity_id."""
    return _CHANGED.format(
        last_version=mark.last_version, last_sighting=mark.last_sighting, as_of=mark.as_of.isoformat()
    )
