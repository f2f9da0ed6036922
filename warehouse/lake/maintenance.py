"""Nightly upkeep of the lake's files: small ones merged, removed rows let go, old snapshots ended, their files deleted.

All four belong together: merging alone makes the lake larger, for older snapshots keep the small files. Not here: removing
notices for good (purging.py), which leaves no older snapshot at all.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from warehouse.lake.connection import Cursor, Lake

SNAPSHOTS_LAST = timedelta(days=7)
"""So long the lake can be asked as it stood before (`at (timestamp => ...)`)."""
FILES_LAST = timedelta(days=1)
"""So long a file lies that no snapshot needs any more: longer than any question that is just being read from it."""
REMOVED_SHARE = 0.3
"""A file is written anew when so much of it was removed."""


@dataclass(frozen=True)
class Maintained:
    """What one upkeep did.

    Attributes:
        files: Files of the present tables, before and after.
        bytes: Their size, before and after.
        snapshots_ended: Older states that can no longer be asked.
        files_deleted: Files that nothing needed any more.
    """

    files: tuple[int, int]
    bytes: tuple[int, int]
    snapshots_ended: int
    files_deleted: int

    def as_metadata(self) -> dict[str, int]:
        """Return the counts for a run's page."""
        return {
            "files_before": self.files[0], "files_after": self.files[1], "bytes_before": self.bytes[0],
            "bytes_after": self.bytes[1], "snapshots_ended": self.snapshots_ended, "files_deleted": self.files_deleted,
        }  # fmt: skip


def maintain_lake(lake: Lake, *, at: datetime) -> Maintained:
    """Bring the lake's files into good order; its content is the same before and after, also when it is killed in between.

    Args:
        lake: As the pipeline.
        at: This instant.
    """
    before = lake.write(_size)
    _call(lake, "ducklake_flush_inlined_data('lake')")
    _call(lake, f"ducklake_rewrite_data_files('lake', delete_threshold => {REMOVED_SHARE})")
    _call(lake, "ducklake_merge_adjacent_files('lake')")
    ended = _call(lake, "ducklake_expire_snapshots('lake', older_than => $at)", at - SNAPSHOTS_LAST)
    deleted = _call(lake, "ducklake_cleanup_old_files('lake', older_than => $at)", at - FILES_LAST)
    after = lake.write(_size)
    return Maintained((before[0], after[0]), (before[1], after[1]), ended, deleted)


def _call(lake: Lake, function: str, at: datetime | None = None) -> int:
    """Call one function of DuckLake, again when another writer came first; return how many rows it tells of."""
    given = {} if at is None else {"at": at}
    return lake.write(lambda cursor: len(cursor.execute(f"call {function}", given).fetchall()))


def _size(cursor: Cursor) -> tuple[int, int]:
    found = cursor.execute(
        "select coalesce(sum(file_count), 0), coalesce(sum(file_size_bytes), 0) from ducklake_table_info('lake')"
    ).fetchone()
    return (int(found[0]), int(found[1])) if found else (0, 0)
