"""Every case there is, by kind, from a seed; and a campaign over all of them in real child processes.

python -m tests.hostile_files.all_cases [SEED]   prints a table: kind, cases, verdicts, slowest, memory
"""

import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from pipelines.submission.scan import scan_file
from tests.hostile_files import (
    honest_documents,
    honest_others,
    honest_pictures,
    hostile_archives,
    hostile_combined,
    hostile_office,
    hostile_others,
    hostile_pdfs,
)
from tests.hostile_files.case import Case
from warehouse.domain.submission_file import ScanStatus
from warehouse.settings import ROOT, Settings

Maker = Callable[[random.Random], Iterator[tuple[str, bytes]]]


def _named(*modules: object) -> dict[str, Maker]:
    return {
        f"{module.__name__.rpartition('.')[2]}: {maker.__name__}": maker  # type: ignore[attr-defined]
        for module in modules
        for maker in module.MAKERS  # type: ignore[attr-defined]
    }


HONEST = _named(honest_documents, honest_pictures, honest_others)
HOSTILE = _named(hostile_archives, hostile_pdfs, hostile_office, hostile_others, hostile_combined)


def cases(kind: str, seed: int) -> Iterator[Case]:
    """Make the cases of one kind."""
    maker = HONEST.get(kind) or HOSTILE[kind]
    for name, data in maker(random.Random(f"{seed}:{kind}")):
        yield Case(kind, name, data)


@dataclass(frozen=True)
class Outcome:
    """What became of one kind's cases."""

    kind: str
    verdicts: Counter[str]
    wrong: tuple[str, ...]
    slowest_seconds: float
    peak_mebibytes: float
    """Resident memory of the largest child, the interpreter included."""


def judge_kind(kind: str, seed: int) -> Outcome:
    """Scan every case of a kind in its own child; hostile ones may not be clean, honest ones must be."""
    verdicts: Counter[str] = Counter()
    wrong, slowest = [], 0.0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        for case in cases(kind, seed):
            path.write_bytes(case.data)
            began = time.perf_counter()
            result = scan_file(path, case.name, settings=Settings(clamav=""))
            slowest = max(slowest, time.perf_counter() - began)
            verdicts[str(result.status)] += 1
            if (result.status is ScanStatus.CLEAN) != (kind in HONEST):
                wrong.append(f"{case.label}: {result.status} {result.reason}")
        peak = peak_of_largest(kind, seed, path)
    return Outcome(kind, verdicts, tuple(wrong), slowest, peak)


PEAK = """import re, sys
from pipelines.submission.scanning.child import examine, limit_itself
from pipelines.submission.scanning.judge import find_checks
find_checks()
limit_itself()
examine(*sys.argv[1:])
print(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
"""


def peak_of_largest(kind: str, seed: int, path: Path) -> float:
    """Return the peak memory of looking into the largest case, as the child itself sees it.

    What the system says of ended children counts their parent's memory before the start of the program.
    """
    case = max(cases(kind, seed), key=lambda one: len(one.data))
    path.write_bytes(case.data)
    command = [sys.executable, "-c", PEAK, str(path), case.name.replace("\0", "")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return int(done.stdout or 0) / 1024


def campaign(seed: int) -> list[Outcome]:
    """Judge all kinds, each from a process of its own so that its memory is told apart."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        return list(pool.map(judge_kind, [*HONEST, *HOSTILE], [seed] * (len(HONEST) + len(HOSTILE))))


def main() -> None:
    """Print the table."""
    outcomes = campaign(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    for one in outcomes:
        counts = " ".join(f"{name} {count}" for name, count in sorted(one.verdicts.items()))
        print(
            f"| {one.kind} | {one.verdicts.total()} | {counts} | {one.slowest_seconds:.2f} s | {one.peak_mebibytes:.0f} MiB |"
        )
    print(*(wrong for one in outcomes for wrong in one.wrong), sep="\n")


if __name__ == "__main__":
    main()
