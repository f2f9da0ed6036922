"""(h) From a landing's commit until its 1,000 notices are scored and stand in the ledger, inside a run of discovery."""

import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from assets.instance import open_instance
from assets.passes import run_passes
from tests.bench.measure import Figure, percentile
from tests.bench.raw_to_lake import quiet
from tests.bench.records import records
from warehouse.landing import Landing
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

WAITING, RUNS = 1_000, 20
MOST_SECONDS = 10.0
AT = datetime(2026, 4, 2, tzinfo=UTC)


class Watch(threading.Thread):
    """Notes when a landing is there that was not, and when so many more notices have their score."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(daemon=True)
        self._landing = Landing(settings.landing)
        self._landings, self._scores = self.landings(), self.scores()
        self.landed = self.scored = 0.0

    def landings(self) -> int:
        """Count what was landed."""
        return len(self._landing.entries())

    def scores(self) -> int:
        """Count what is scored, as a page would see it."""
        with open_ledger().read() as tx:
            row = tx.row("select count(distinct opportunity_id) as n from fit_scores")
        return int(row["n"]) if row else 0

    def run(self) -> None:
        """Look every hundredth of a second until both are there."""
        while self.landings() == self._landings:
            time.sleep(0.01)
        self.landed = time.perf_counter()
        while self.scores() < self._scores + WAITING:
            time.sleep(0.01)
        self.scored = time.perf_counter()


def measure(settings: Settings) -> Iterator[Figure]:
    """Yield the figure: each run brings other notices to those that are there."""
    taken = []
    with open_instance(settings) as instance, tempfile.TemporaryDirectory() as folder:
        for run in range(RUNS):
            inbox = Path(folder) / str(run)
            (inbox / "sam_gov").mkdir(parents=True)
            lines = records(WAITING, first=run * WAITING)
            (inbox / "sam_gov" / "day.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
            watch = Watch(settings)
            watch.start()
            run_passes(instance, as_of=AT, inbox=inbox, progress=quiet)
            watch.join(60)
            if watch.is_alive():
                raise RuntimeError(
                    f"run {run}: {watch.scores():,} notices have a score, {(run + 1) * WAITING:,} were landed"
                )
            taken.append(watch.scored - watch.landed)
    p95 = percentile(taken, 0.95)
    what = f"{WAITING:,} new notices from their landing's commit to scores in the ledger, p95 of {RUNS} runs"
    yield Figure("h", what, f"{p95:.1f} s", f"≤ {MOST_SECONDS:g} s", p95 <= MOST_SECONDS)
