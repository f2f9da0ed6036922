"""Records that could not be read: kept with reason, place and bytes until a later reader can.

Not here: reading them again (pipelines/discovery/retry.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from warehouse.lake.connection import Cursor
from warehouse.landing import Entry


@dataclass(frozen=True)
class Fault:
    """A record that could not be read: where it stands (record and physical line, from 1), why, and its bytes."""

    position: int
    line: int
    reason: str
    raw: bytes


@dataclass(frozen=True)
class Quarantined:
    """A fault as it lies in the lake."""

    quarantine_id: str
    source: str
    landing_sha256: str
    landing_order: int
    origin: str
    position: int
    line: int | None
    reason: str
    raw: bytes
    quarantined_at: datetime
    resolved_at: datetime | None


def write_faults(cursor: Cursor, entry: Entry, faults: Sequence[Fault]) -> None:
    """Add the faults of a slice; their time is the landing's, so that a rebuild gives the same rows."""
    if not faults:
        return
    rows = pa.table(
        {
            "position": pa.array([fault.position for fault in faults], pa.int64()),
            "line": pa.array([fault.line for fault in faults], pa.int64()),
            "reason": pa.array([fault.reason for fault in faults], pa.string()),
            "raw": pa.array([fault.raw for fault in faults], pa.binary()),
        }
    )
    cursor.register("new_faults", rows)
    cursor.execute(
        "insert into core.quarantine (quarantine_id, source, landing_sha256, landing_order, origin, position, line, reason, raw,"
        " quarantined_at, resolved_at)"
        " select $sha256 || ':' || position, $source, $sha256, $landing_order, $origin, position, line, reason, raw, $at, null"
        " from new_faults",
        {
            "sha256": entry.sha256,
            "source": entry.source,
            "landing_order": entry.order,
            "origin": entry.origin,
            "at": entry.fetched_at,
        },
    )
    cursor.unregister("new_faults")


def list_quarantine(
    cursor: Cursor, source: str | None = None, *, with_resolved: bool = False, limit: int = 1_000
) -> list[Quarantined]:
    """Return what could not be read, the newest file first, each in the order of its records."""
    rows = cursor.execute(
        "select quarantine_id, source, landing_sha256, landing_order, origin, position, line, reason, raw, quarantined_at,"
        " resolved_at from core.quarantine"
        " where ($source is null or source = $source) and ($all or resolved_at is null)"
        " order by landing_order desc, position limit $limit",
        {"source": source, "all": with_resolved, "limit": limit},
    ).fetchall()
    return [Quarantined(*row) for row in rows]


def resolve(cursor: Cursor, entry: Entry, positions: Sequence[int], at: datetime) -> None:
    """Mark the faults of one entry at `positions` as read after all."""
    cursor.register("resolved", pa.table({"position": pa.array(positions, pa.int64())}))
    where = "landing_order = $landing_order and source = $source and resolved_at is null and position in (select position from resolved)"
    names = {"landing_order": entry.order, "source": entry.source}
    cursor.execute(f"create or replace temp table mended as select * from core.quarantine where {where}", names)  # noqa: S608 - constants
    cursor.execute(f"delete from core.quarantine where {where}", names)  # noqa: S608 - constants
    cursor.execute("insert into core.quarantine select * replace ($at as resolved_at) from mended", {"at": at})
    cursor.execute("drop table mended")
    cursor.unregister("resolved")
