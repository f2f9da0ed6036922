"""Eight processes append at once, two of them killed while they hold the lock: no gap, no fork, nothing lost, all fair."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.administration.audit_log import sign_log
from warehouse.audit.verify import verify_log
from warehouse.clock import now
from warehouse.ledger.store import open_ledger
from warehouse.settings import ROOT, Settings

WORKERS, DOOMED = 8, 2


def run_appenders(home: Settings, folder: Path, seconds: float) -> None:
    commands = [
        [sys.executable, "-m", "tests.warehouse.audit.appender", f"w{n}", str(seconds), str(folder / f"w{n}"),
         *(["dies"] if n < DOOMED else [])]
        for n in range(WORKERS)
    ]  # fmt: skip
    running = [subprocess.Popen(command, cwd=ROOT) for command in commands]
    try:
        while any(process.poll() is None for process in running[DOOMED:]):
            sign_log(open_ledger(), home, at=now())
        codes = [process.wait(30) for process in running]
    finally:
        for process in running:
            process.kill()
    assert codes == [-9] * DOOMED + [0] * (WORKERS - DOOMED)
    sign_log(open_ledger(), home, at=now())
    verdict = verify_log(open_ledger(), home, at=now())
    assert verdict.holds, verdict.first_fault
    acknowledged = [(folder / f"w{n}").read_text().split() for n in range(WORKERS)]
    with open_ledger().read() as tx:
        rows = tx.rows("select subject from audit_logs where action = 'soak:appended'")
    subjects = [row["subject"] for row in rows]
    assert len(subjects) == len(set(subjects))
    assert {name for names in acknowledged for name in names} <= set(subjects)
    living = [len(names) for names in acknowledged[DOOMED:]]
    print(f"{len(subjects)} records, by living worker {living}, {verdict.checkpoints} checkpoints")
    assert min(living) >= sum(living) / len(living) / 2


@pytest.mark.thorough
def test_eight_processes_for_a_few_seconds(home: Settings, tmp_path: Path) -> None:
    run_appenders(home, tmp_path, 8)


@pytest.mark.slow
def test_eight_processes_for_a_minute(home: Settings, tmp_path: Path) -> None:
    run_appenders(home, tmp_path, 60)
