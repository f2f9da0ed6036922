"""How far each landed file is read: one row of core.landings a file, written in the transaction of its slice."""

from collections.abc import Iterable
from dataclasses import dataclass

from warehouse.lake.connection import Cursor
from warehouse.landing import Entry


@dataclass(frozen=True)
class Bookmark:
    """How far a file is read: records, bytes of plain content, physical lines."""

    position: int = 0
    offset: int = 0
    line: int = 0


@dataclass(frozen=True)
class Counts:
    """Records read (`landed` = accepted + quarantined), how many of the accepted said nothing new, rows newly written."""

    landed: int = 0
    accepted: int = 0
    quarantined: int = 0
    unchanged: int = 0
    versions: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Add up, field by field."""
        return Counts(
            self.landed + other.landed,
            self.accepted + other.accepted,
            self.quarantined + other.quarantined,
            self.unchanged + other.unchanged,
            self.versions + other.versions,
        )

    def seen_again(self) -> "Counts":
        """Count the same records as met again without reading them: all unchanged, nothing written."""
        return Counts(self.landed, self.accepted, self.quarantined, self.accepted, 0)


@dataclass(frozen=True)
class LandingState:
    """What is read of one file."""

    bookmark: Bookmark = Bookmark()
    is_complete: bool = False
    counts: Counts = Counts()


_COLUMNS = "next_position, next_offset, next_line, is_complete, landed, accepted, quarantined, unchanged, versions"


def landing_state(cursor: Cursor, entry: Entry) -> LandingState:
    """Return what is read of one entry; a fresh state when nothing is."""
    row = cursor.execute(
        f"select {_COLUMNS} from core.landings where source = ? and landing_order = ?",  # noqa: S608 - a constant
        [entry.source, entry.order],
    ).fetchone()
    return _state(row) if row else LandingState()


def landing_states(cursor: Cursor) -> dict[tuple[str, int], LandingState]:
    """Return what is read of every file, by source and order."""
    rows = cursor.execute(f"select source, landing_order, {_COLUMNS} from core.landings").fetchall()  # noqa: S608 - a constant
    return {(row[0], row[1]): _state(row[2:]) for row in rows}


def write_landing_state(cursor: Cursor, entry: Entry, state: LandingState) -> None:
    """Replace the row of one entry."""
    cursor.execute("delete from core.landings where source = ? and landing_order = ?", [entry.source, entry.order])
    counts, mark = state.counts, state.bookmark
    cursor.execute(
        f"insert into core.landings (source, landing_order, sha256, feed, origin, fetched_at, {_COLUMNS})"  # noqa: S608 - a constant
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            *(entry.source, entry.order, entry.sha256, entry.feed, entry.origin, entry.fetched_at),
            *(mark.position, mark.offset, mark.line, state.is_complete),
            *(counts.landed, counts.accepted, counts.quarantined, counts.unchanged, counts.versions),
        ],
    )


def add_counts(states: Iterable[LandingState]) -> Counts:
    """Add up the counts of several files."""
    total = Counts()
    for state in states:
        total += state.counts
    return total


def _state(row: tuple[int, int, int, bool, int, int, int, int, int]) -> LandingState:
    return LandingState(Bookmark(row[0], row[1], row[2]), row[3], Counts(*row[4:]))
