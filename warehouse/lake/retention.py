"""Notices whose time is over: finding them, and the landed files that hold nothing else.

Not here: removing them (purging.py), how long a class is kept (warehouse/domain/retention.py), the decision and its trace
(pipelines/administration).
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from warehouse.domain.retention import Decided, Hold
from warehouse.lake.connection import Cursor, Lake
from warehouse.lake.purging import give
from warehouse.landing import Entry

SQL = Path(__file__).with_name("retention_notices.sql")
SAMPLES = 5


@dataclass(frozen=True)
class DueNotices:
    """What is due among the notices.

    Attributes:
        fingerprint: Of exactly these notices with their contents.
        held: Notices that would be due, and are held.
        with_bid: Notices that would be due, and belong to a bid.
        samples: (title, where from, what began the clock, when) of the oldest ones.
    """

    count: int
    oldest: datetime | None
    newest: datetime | None
    fingerprint: str
    held: int
    with_bid: int
    samples: list[tuple[str, str, str, datetime]]


@dataclass(frozen=True)
class LandedFile:
    """What becomes of a landed file: it goes when every record in it is due. `stays_for` says why not, else ''."""

    entry: Entry
    stays_for: str
    until_start: datetime | None
    """The clock of the record that keeps it longest; None: a hold or a bid does, or the file's own arrival."""


class NoticeRecords:
    """The notices of one snapshot of the lake, judged as of one instant."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def due(self) -> DueNotices:
        """Count what is due."""
        row = self._cursor.execute(
            "select count(*) filter (is_due), min(starts_at) filter (is_due), max(starts_at) filter (is_due),"
            " coalesce(sha256(string_agg(subject_hash || payload_hash, '' order by subject_hash) filter (is_due)), ''),"
            " count(*) filter (is_held and starts_at <= (select instant from cutoff)),"
            " count(*) filter (has_bid and not is_held and starts_at <= (select instant from cutoff)) from notice_records"
        ).fetchone()
        assert row is not None  # noqa: S101 - an aggregate always answers
        samples = self._cursor.execute(
            "select coalesce(title, '(no title)'), source || ' ' || notice_id, clock, starts_at from notice_records where is_due"
            " order by starts_at, source, notice_id limit ?",
            [SAMPLES],
        ).fetchall()
        count, oldest, newest, fingerprint, held, with_bid = row
        return DueNotices(count, oldest, newest, fingerprint, held, with_bid, samples)

    def hashes(self) -> Iterator[list[tuple[bytes, bytes]]]:
        """Yield (hash of id, hash of contents) of the due notices, in blocks."""
        found = self._cursor.execute(
            "select unhex(subject_hash), unhex(payload_hash) from notice_records where is_due order by subject_hash"
        )
        while block := found.fetchmany(20_000):
            yield [(bytes(subject), bytes(payload)) for subject, payload in block]

    def opportunity_ids(self) -> list[str]:
        """Return the opportunities all of whose notices are due, and the ids that led to them."""
        rows = self._cursor.execute(
            "with due as (select opportunity_id from notice_records group by 1 having bool_and(is_due))"
            " select opportunity_id from due union"
            " select alias_id from core.opportunity_aliases join due using (opportunity_id)"
            " where alias_id not in (select opportunity_id from notice_records where not is_due) order by 1"
        ).fetchall()
        return [row[0] for row in rows]

    def held_among(self, hashes: Collection[bytes]) -> set[bytes]:
        """Return those of some notices that are held, or belong to a bid."""
        give(self._cursor, "asked", pa.table({"subject_hash": pa.array([one.hex() for one in hashes], pa.string())}))
        rows = self._cursor.execute(
            "select subject_hash from notice_records semi join asked using (subject_hash) where is_held or has_bid"
        ).fetchall()
        return {bytes.fromhex(row[0]) for row in rows}

    def landed_files(self, entries: Iterable[Entry]) -> list[LandedFile]:
        """Say of each landed file whether it goes.

        Which files between its first and its last sighting a notice was in is not kept anywhere: a file that may hold a
        notice that stays does stay.
        """
        given = list(entries)
        self._cursor.execute(
            "create or replace temp table files (source varchar, landing_order bigint, fetched_at timestamptz)"
        )
        if given:
            self._cursor.executemany(
                "insert into files values (?, ?, ?)", [[e.source, e.order, e.fetched_at] for e in given]
            )
        rows = self._cursor.execute(_FILES).fetchall()
        fates = {(source, order): (why, until) for source, order, why, until in rows}
        return [LandedFile(entry, *fates[entry.source, entry.order]) for entry in given]


_FILES = """
with spans as (
  select source, first_order, last_order, is_due, bool_or(is_held) as is_held, bool_or(has_bid) as has_bid, max(starts_at) as starts_at
  from notice_records group by all
), fates as (
  select f.source, f.landing_order, coalesce(bool_or(not s.is_due), false) as is_needed, coalesce(bool_or(s.is_due), false) as has_due,
    coalesce(bool_or(s.is_held and not s.is_due), false) as is_held, coalesce(bool_or(s.has_bid and not s.is_due), false) as has_bid,
    max(s.starts_at) filter (not s.is_due) as starts_at
  from files f left join spans s on s.source = f.source and f.landing_order between s.first_order and s.last_order
  group by all
), judged as (
  select f.source, f.landing_order, t.fetched_at, starts_at,
    case when f.is_held then 'a hold' when f.has_bid then 'a bid' when f.is_needed then 'notices that are not due yet'
      when not coalesce(l.is_complete, false) then 'it is not read to its end'
      -- A file of which no notice is known, and what could not be read, count from their arrival.
      when (l.quarantined > 0 or not f.has_due) and t.fetched_at > (select instant from cutoff) then 'records in quarantine, or none'
      else '' end as stays_for
  from fates f join files t using (source, landing_order) left join core.landings l using (source, landing_order)
)
select source, landing_order, stays_for,
  case stays_for when 'notices that are not due yet' then starts_at when 'records in quarantine, or none' then fetched_at end
from judged
"""


@contextmanager
def judge_notices(
    lake: Lake, *, cutoff: datetime, holds: Iterable[Hold], decided: Collection[Decided]
) -> Iterator[NoticeRecords]:
    """Judge every notice in one snapshot of the lake.

    Args:
        lake: Any role's; nothing is written.
        cutoff: What began to count by then is due.
        holds: The active ones; those on a bid name its opportunity (see `Decided`) as kind `opportunity`.
        decided: What people decided.
    """
    cursor = lake.cursor()
    try:
        cursor.execute("begin")
        active = [hold for hold in holds if hold.is_active]
        given = pa.table(
            {
                "kind": pa.array([h.kind.value for h in active], pa.string()),
                "subject": pa.array([h.subject for h in active], pa.string()),
            }
        )
        give(cursor, "holds", given)
        give(
            cursor,
            "decided",
            pa.table(
                {
                    "opportunity_id": pa.array([one.opportunity_id for one in decided], pa.string()),
                    "decided_at": pa.array([one.decided_at for one in decided], pa.timestamp("us", "UTC")),
                    "has_bid": pa.array([one.has_bid for one in decided], pa.bool_()),
                }
            ),
        )
        cursor.execute("create or replace temp table cutoff as select ?::timestamptz as instant", [cutoff])
        cursor.execute(SQL.read_text(encoding="utf-8"))
        yield NoticeRecords(cursor)
    finally:
        cursor.execute("rollback")
        cursor.close()
