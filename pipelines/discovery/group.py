"""Group notices into opportunities: one solicitation seen through its latest notice, as of one instant.

Here: running the grouping and writing what changed. Not here: the group key (normalize.py gives each version its
`opportunity_id`), what is published (publish.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo

import holidays

from pipelines.discovery.grouping_mark import changed_since, present_mark, read_mark, write_mark
from pipelines.discovery.reach import reach_everything, reach_from
from warehouse.domain import deadlines
from warehouse.domain.codes import STATE_ZONES
from warehouse.domain.deadlines import FIFTY_STATES, previous_working_day, safe_instant, zone_of_office
from warehouse.domain.notice import BIDDABLE
from warehouse.lake.connection import Cursor, Lake

SQL = Path(__file__).parent
ZONES = tuple(ZoneInfo(name) for name in sorted({*FIFTY_STATES, *STATE_ZONES.values()}))


@dataclass(frozen=True)
class Grouping:
    """What one grouping found and wrote.

    Attributes:
        opportunities: Solicitations known as of the instant.
        open: Those of them that can still be answered.
        written: Rows of core.opportunities that are new or changed.
        removed: Rows that no notice bears any more.
        aliases_changed: Rows of core.opportunity_aliases written or removed.
    """

    opportunities: int
    open: int
    written: int
    removed: int
    aliases_changed: int


def group_opportunities(lake: Lake, *, as_of: datetime) -> Grouping:
    """Bring core.opportunities, core.opportunity_aliases and core.filled_notices to what notices posted up to `as_of` say.

    Looks at what changed since the pass before and at what time has closed, and writes only rows that differ: with
    nothing new, nothing is written.
    """
    return lake.write(lambda cursor: _group(cursor, as_of))


def _group(cursor: Cursor, as_of: datetime) -> Grouping:
    cursor.execute("create or replace temp table world as select ?::timestamptz as as_of", [as_of])
    before, mark = read_mark(cursor), present_mark(cursor, as_of, _rules())
    if before and before.leads_to(cursor, mark):
        reach_from(cursor, changed_since(before))
    else:
        reach_everything(cursor)
    cursor.execute("create or replace temp table biddable as select unnest(?) as notice_type", [sorted(BIDDABLE)])
    for name in ("seen_notices.sql", "filled_notices.sql", "group.sql"):
        cursor.execute((SQL / name).read_text(encoding="utf-8"))
    _find_working_days(cursor)
    cursor.execute((SQL / "group_rows.sql").read_text(encoding="utf-8"))
    filled = _replace(cursor, "filled_notices", "notice_id")
    written, removed = _replace(cursor, "opportunities", "opportunity_id")
    aliases_changed = sum(_replace(cursor, "opportunity_aliases", "alias_id"))
    if sum(filled) + written + removed + aliases_changed or mark.differs_from(before):
        write_mark(cursor, mark)
    return Grouping(
        opportunities=_count(cursor, "from core.opportunities"),
        open=_count(cursor, "from core.opportunities where is_open"),
        written=written,
        removed=removed,
        aliases_changed=aliases_changed,
    )


def _rules() -> str:
    """Fingerprint what decides how notices are grouped: another release looks at everything once."""
    texts = (path.read_bytes() for path in (Path(__file__), Path(deadlines.__file__), *sorted(SQL.glob("*.sql"))))
    return sha256(b"".join(texts) + version("holidays").encode()).hexdigest()


def _find_working_days(cursor: Cursor) -> None:
    """Find, for each distinct local date of a deadline, the federal working day before it."""
    found = cursor.execute(
        "select distinct ((response_deadline_at at time zone 'UTC')"
        " + to_minutes(coalesce(response_deadline_offset_minutes, 0)))::date as deadline_on from speaking"
        # Years outside are typing errors of the source; they keep their deadline and get no safe instant.
        " where year(response_deadline_at) between 1900 and 2200 order by 1"
    ).fetchall()
    deadlines: list[date] = [row[0] for row in found]
    federal = holidays.country_holidays("US")
    # Looking a date up fills in its year's holidays.
    safe = [previous_working_day(day, federal) for day in deadlines]
    cursor.execute(
        "create or replace temp table working_days as select unnest(?::date[]) as deadline_on, unnest(?::date[]) as safe_on",
        [deadlines, safe],
    )
    changing = [day for day, before in zip(deadlines, safe, strict=True) if _clocks_change(before, day)]
    _find_clock_changes(cursor, changing, federal)


def _clocks_change(start: date, end: date) -> bool:
    """Say whether somewhere in the trade's zones the clocks change after one day's evening and before another day is over."""
    first, last = datetime.combine(start, time(17), UTC), datetime.combine(end, time(23, 59), UTC)
    return any(first.astimezone(zone).utcoffset() != last.astimezone(zone).utcoffset() for zone in ZONES)


def _find_clock_changes(cursor: Cursor, days: Sequence[date], federal: holidays.HolidayBase) -> None:
    """Find the safe instants of deadlines on these days by the office's zone and not by the deadline's own offset."""
    found = cursor.execute(
        "select opportunity_id, response_deadline_at at time zone 'UTC', response_deadline_offset_minutes, place_state from speaking"
        " where ((response_deadline_at at time zone 'UTC') + to_minutes(coalesce(response_deadline_offset_minutes, 0)))::date"
        " in (select unnest(?::date[]))",
        [days],
    ).fetchall()
    safe = [
        safe_instant(at.replace(tzinfo=UTC), zone_of_office(at.replace(tzinfo=UTC), offset, state), federal)
        for _, at, offset, state in found
    ]
    cursor.execute(
        "create or replace temp table clock_changes as select unnest(?::varchar[]) as opportunity_id, unnest(?::timestamp[]) as safe_utc",
        [[row[0] for row in found], [instant.astimezone(UTC).replace(tzinfo=None) for instant in safe]],
    )


_REPLACEMENTS = {
    "filled_notices": ("changed_filled", "filled"),
    "opportunities": ("changed_opportunities", "grouped"),
    "opportunity_aliases": ("changed_aliases", "grouped_aliases"),
}


def _replace(cursor: Cursor, table: str, key: str) -> tuple[int, int]:
    """Write the changed keys of a table anew; return how many rows were written and how many only removed."""
    changed, rows = _REPLACEMENTS[table]
    everything = _count(cursor, f"from {changed}")
    if not everything:
        return 0, 0  # an empty DELETE would still make a snapshot of the lake
    cursor.execute(f"delete from core.{table} where {key} in (select {key} from {changed})")  # noqa: S608 - own names
    cursor.execute(f"insert into core.{table} by name select r.* from {rows} r semi join {changed} using ({key})")  # noqa: S608
    written = _count(cursor, f"from {rows} semi join {changed} using ({key})")
    return written, everything - written


def _count(cursor: Cursor, source: str) -> int:
    found = cursor.execute(f"select count(*) {source}").fetchone()
    return int(found[0]) if found else 0
