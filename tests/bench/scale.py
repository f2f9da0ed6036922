"""(i) A million notices and two million awards in the lake, and (j) fifty thousand notices a day for thirty days.

Each in a process of its own, whose memory is looked at. What is held is whether the last tenth goes as quickly as the first.
The thirty days begin in a world as full as it stays, for the first daily file holds all that is open: each day closes as many
notices as it brings.
"""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from pipelines.discovery.discover import land_source, read_landings
from pipelines.discovery.group import group_opportunities
from pipelines.discovery.publish import publish_opportunities
from tests.bench.measure import Figure, seconds
from tests.bench.raw_to_lake import quiet
from tests.bench.records import records, write_records
from tests.fakes.usaspending import award_record
from warehouse.clock import now
from warehouse.lake.connection import open_lake
from warehouse.lake.maintenance import maintain_lake
from warehouse.lake.marts import mart_names, refresh_mart
from warehouse.ledger.store import open_ledger
from warehouse.settings import ROOT, Settings, current

NOTICES, NOTICES_A_FILE = 1_000_000, 50_000
AWARDS, AWARDS_A_FILE = 2_000_000, 100_000
DAYS, NOTICES_A_DAY, OPEN_DAYS = 30, 50_000, 10
FIRST_DAY = date(2026, 4, 1)
MOST_BYTES = 1.5 * 1024**3
LEAST = 0.9
"""Of the first tenth's rate."""


def measure(settings: Settings) -> Iterator[Figure]:
    """Yield the figures of (i) and (j)."""
    yield from _ingest_figures(_child("ingest"))
    yield from _day_figures(_child("days"))


def _child(what: str) -> dict[str, list[float]]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.scale", what], cwd=ROOT, stdout=subprocess.PIPE, check=True
    )
    told: dict[str, list[float]] = json.loads(done.stdout)
    return told


def _ingest_figures(told: dict[str, list[float]]) -> Iterator[Figure]:
    for name, count, at_once in (("notices", NOTICES, NOTICES_A_FILE), ("awards", AWARDS, AWARDS_A_FILE)):
        flat, first, last = _flatness(told[name])
        what = f"{count:,} {name} into the lake: the last tenth's rate against the first's"
        rates = f"{flat:.2f}x ({at_once / first:,.0f}/s, then {at_once / last:,.0f}/s)"
        yield Figure("i", what, rates, f"≥ {LEAST}x", flat >= LEAST)
    most = told["peak_bytes"][0]
    yield Figure(
        "i", "memory of that process at its most", f"{most / 1024**3:.2f} GiB", "≤ 1.5 GiB", most <= MOST_BYTES
    )
    first, again, more = told["marts"]
    yield Figure("i", "all marts made, then again with nothing new", f"{first:.1f} s, then {again / first:.2f}x of it")
    rows = f"{int(told['mart_rows'][1]):,} of {int(told['mart_rows'][0]):,} rows written, {more / first:.2f}x"
    yield Figure("i", "all marts again after 1,000 new notices and 1,000 new awards", rows)
    before, after, upkeep = told["upkeep"]
    files = f"{int(before):,} files become {int(after):,}, {upkeep:.1f} s"
    yield Figure("i", "the nightly upkeep of that lake", files)


def _day_figures(told: dict[str, list[float]]) -> Iterator[Figure]:
    first_load = f"{OPEN_DAYS * NOTICES_A_DAY:,} open notices before the first day, landed to published"
    yield Figure("j", first_load, f"{told['backlog'][0]:.0f} s")
    flat, first, last = _flatness(told["days"])
    what = f"{NOTICES_A_DAY:,} notices a day for {DAYS} days, landed to published: the last three days' rate against the first's"
    value = f"{flat:.2f}x ({first:.1f} s, then {last:.1f} s a day)"
    yield Figure("j", what, value, f"≥ {LEAST}x", flat >= LEAST)
    for name in ("reading", "grouping", "publishing"):
        _, first, last = _flatness(told[name])
        yield Figure("j", f"of which {name}", f"{first:.1f} s, then {last:.1f} s")


def _flatness(taken: Sequence[float]) -> tuple[float, float, float]:
    """Return the first tenth's median seconds over the last's, and both."""
    tenth = max(2, len(taken) // 10)
    first, last = statistics.median(taken[:tenth]), statistics.median(taken[-tenth:])
    return first / last, first, last


def ingest() -> dict[str, list[float]]:
    """Fill the lake file by file, then make marts and upkeep."""
    settings = current()
    notices = [
        _taken_in("sam_gov", records(NOTICES_A_FILE, first=first), settings)
        for first in range(0, NOTICES, NOTICES_A_FILE)
    ]
    awards = [
        _taken_in("usaspending", _awards(first, AWARDS_A_FILE), settings) for first in range(0, AWARDS, AWARDS_A_FILE)
    ]
    peak = float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
    at = datetime(2026, 4, 2, tzinfo=UTC)
    first, rows, _ = _marts(at)
    again, _, _ = _marts(at)
    _taken_in("sam_gov", records(1_000, first=NOTICES), settings)
    _taken_in("usaspending", _awards(AWARDS, 1_000), settings)
    more, _, written = _marts(at)
    upkeep = maintain_lake(open_lake(), at=now())
    took = seconds(lambda: maintain_lake(open_lake(), at=now() + timedelta(days=10)))
    return {
        "notices": notices, "awards": awards, "peak_bytes": [peak], "marts": [first, again, more],
        "mart_rows": [rows, written], "upkeep": [*upkeep.files, took],
    }  # fmt: skip


def days() -> dict[str, list[float]]:
    """Live through the days: each brings its notices and closes those of ten days ago."""
    reading, grouping, publishing = list[float](), list[float](), list[float]()
    before = [_read_day(number) for number in range(-OPEN_DAYS, 0)]
    backlog = sum(before) + sum(_made_public(-1))
    print(f"before: {backlog:.0f} s", file=sys.stderr)
    for number in range(DAYS):
        reading.append(_read_day(number))
        grouped, published = _made_public(number)
        grouping.append(grouped)
        publishing.append(published)
        print(f"day {number + 1}: {reading[-1]:.1f} + {grouping[-1]:.1f} + {publishing[-1]:.1f} s", file=sys.stderr)
    whole = [sum(parts) for parts in zip(reading, grouping, publishing, strict=True)]
    return {"backlog": [backlog], "days": whole, "reading": reading, "grouping": grouping, "publishing": publishing}


def _read_day(number: int) -> float:
    """Land and read the notices of one day, counted from the first of the thirty; return the seconds."""
    first = (number + OPEN_DAYS) * NOTICES_A_DAY
    lines = records(NOTICES_A_DAY, first=first, posted=FIRST_DAY + timedelta(days=number), open_days=OPEN_DAYS)
    return _taken_in("sam_gov", lines, current())


def _made_public(number: int) -> tuple[float, float]:
    """Group and publish as of a day's evening; return the seconds of both."""
    at = datetime.combine(FIRST_DAY + timedelta(days=number), time(23), UTC)
    lake, ledger = open_lake(), open_ledger("procura_pipeline")
    grouped = seconds(lambda: group_opportunities(lake, as_of=at))
    return grouped, seconds(lambda: publish_opportunities(lake, ledger, as_of=at))


def _taken_in(source: str, lines: Iterator[str], settings: Settings) -> float:
    """Write lines as a file of the inbox, and return how long landing and reading it takes."""
    with tempfile.TemporaryDirectory(dir=settings.temporary) as folder:
        write_records(Path(folder) / source / "day.jsonl", lines)

        def work() -> None:
            land_source(source, settings, inbox=Path(folder), progress=quiet, at=now())
            read_landings(settings, progress=quiet)

        return seconds(work)


def _awards(first: int, count: int) -> Iterator[str]:
    for number in range(first, first + count):
        yield json.dumps(award_record(number, generated_internal_id=f"CONT_AWD_{number}_9700_-NONE-_-NONE-"))


def _marts(at: datetime) -> tuple[float, int, int]:
    """Refresh all marts; return the seconds, the rows there are and those written."""
    done = list[dict[str, int]]()
    took = seconds(lambda: done.extend(refresh_mart(open_lake(), name, as_of=at) for name in mart_names()))
    return took, sum(one["rows"] for one in done), sum(one["written"] for one in done)


WORK: dict[str, Callable[[], dict[str, list[float]]]] = {"ingest": ingest, "days": days}

if __name__ == "__main__":
    print(json.dumps(WORK[sys.argv[1]]()))
