"""A stretch of days that a source is asked for page by page: pages that have come are kept until all are there.

`landing/<source>/.window/` holds what is asked for and the pages as they came. A page is written before it is landed and read
from there after a kill, so no request is spent on it twice; how far a source is known moves only with the last page. Not
here: asking (polite.py), landing (discover.py).
"""

import fcntl
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from warehouse.errors import DiskFull
from warehouse.whole_file import FULL, write_whole

STALE_AFTER = timedelta(hours=20)
"""Pages shift while days pass: what was begun longer ago is begun anew. What came of it has landed."""


@dataclass(frozen=True)
class Asked:
    """What is asked for.

    Attributes:
        first: The first day; it and the last are included.
        last: The last day.
        begun_at: Since when it is asked for.
        counts_by: How the source counts (a connector's own word for it).
        scope: What of the source is asked for (a connector's own words); with another scope nothing is known yet.
    """

    first: date
    last: date
    begun_at: datetime
    counts_by: str = ""
    scope: str = ""


@dataclass(frozen=True)
class Known:
    """Up to which day all is known, when that was found out, and of what scope."""

    last: date
    at: datetime
    scope: str = ""


class Window:
    """The window of one source in one home; hold it with `held` before anything else."""

    def __init__(self, landing: Path, source: str) -> None:
        """Use the landing folder of a home, which exists."""
        self._source = landing / source
        self._folder = self._source / ".window"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes out until the end: two would ask for the same pages."""
        self._source.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._source / ".window.lock").open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    @property
    def known(self) -> Known | None:
        """How far the source is known; None: nothing of it is."""
        facts = _read(self._source / ".known.json")
        if not facts:
            return None
        # Homes of earlier versions have no scope written down.
        return Known(date.fromisoformat(facts["last"]), datetime.fromisoformat(facts["at"]), facts.get("scope", ""))

    def begin(self, wanted: Asked) -> Asked:
        """Go on with what was begun, where that is not too old; else begin what is wanted."""
        facts = _read(self._folder / "asked.json")
        if facts:
            first, last = date.fromisoformat(facts["first"]), date.fromisoformat(facts["last"])
            begun_at, scope = datetime.fromisoformat(facts["begun_at"]), facts.get("scope", "")
            begun = Asked(first, last, begun_at, facts["counts_by"], scope)
            is_fresh = timedelta() <= wanted.begun_at - begun.begun_at < STALE_AFTER
            if is_fresh and begun.first <= wanted.first and begun.scope == wanted.scope:
                return begun
        self._drop()
        self._folder.mkdir(mode=0o700)
        self._write(wanted)
        return wanted

    def note(self, asked: Asked, counts_by: str) -> Asked:
        """Write down how the source turned out to count."""
        changed = replace(asked, counts_by=counts_by)
        self._write(changed)
        return changed

    def page(self, number: int) -> Path | None:
        """Return a page that has come; None: it must be asked for."""
        path = self._path(number)
        return path if path.exists() else None

    def keep(self, number: int, body: bytes) -> Path:
        """Keep a page as it came, whole or not at all.

        Raises:
            DiskFull: there is no room.
        """
        try:
            write_whole(self._path(number), body)
        except OSError as error:
            if error.errno not in FULL:
                raise
            raise DiskFull(
                f"there is no room for page {number + 1} of {self._source.name} ({error.strerror}).",
                kept="the pages before it; the next run goes on behind them.",
                todo="free some space.",
            ) from error
        return self._path(number)

    def finish(self, asked: Asked) -> None:
        """Say that all pages have landed: the source is known up to the window's last day."""
        known = self.known
        last = max(asked.last, known.last) if known and known.scope == asked.scope else asked.last
        facts = {"last": last.isoformat(), "at": asked.begun_at.isoformat(), "scope": asked.scope}
        write_whole(self._source / ".known.json", json.dumps(facts).encode())
        self._drop()

    def _path(self, number: int) -> Path:
        return self._folder / f"page-{number:05d}.json"

    def _write(self, asked: Asked) -> None:
        facts = {name: value if isinstance(value, str) else value.isoformat() for name, value in asdict(asked).items()}
        write_whole(self._folder / "asked.json", json.dumps(facts).encode())

    def _drop(self) -> None:
        (self._folder / "asked.json").unlink(missing_ok=True)  # first: without it the pages are of nothing
        shutil.rmtree(self._folder, ignore_errors=True)


def _read(path: Path) -> dict[str, str]:
    try:
        return dict(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return {}
