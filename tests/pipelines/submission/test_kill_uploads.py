"""A kill at any moment of an upload: what was acknowledged is there, and `doctor --fix` leaves no row and no bytes alone."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.administration.stored_files import examine_files
from pipelines.submission.file_scans import finish_scans
from tests.factories_people import new_person
from tests.factories_submissions import new_submission
from warehouse.clock import now
from warehouse.domain.access import Person
from warehouse.ledger.store import close_ledgers, open_ledger
from warehouse.object_store import is_whole, open_object_store
from warehouse.settings import ROOT, Settings
from warehouse.stores import open_stores


def uploader(owner: Person, submission_id: str, told: Path, seed: int) -> "subprocess.Popen[str]":
    """Start an uploader and wait until it begins."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.pipelines.submission.uploader", owner.id, owner.email, submission_id, str(told), str(seed)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stdout.readline() == "begins\n"
    return child


def end(child: "subprocess.Popen[str]") -> None:
    child.kill()
    child.wait(30)
    if child.stdout is not None:
        child.stdout.close()


def kill_round(
    settings: Settings, chance: random.Random, start: Callable[[], "subprocess.Popen[str]"], *, what: str
) -> None:
    """Let an uploader work for a moment, then kill it, or PostgreSQL under it."""
    child = start()
    try:
        time.sleep(chance.choice([0.05, 0.5, 2.0, 6.0]) * chance.random())
        if what == "postgres":
            os.kill(int((settings.postgres_data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
            child.wait(60)
    finally:
        end(child)


def check_nothing_is_lost(told: Path) -> str:
    """Do what `doctor --fix` does an hour later, and compare rows, bytes, audit records and what was acknowledged."""
    ledger, store, later = open_ledger(), open_object_store(), now() + timedelta(hours=2)
    with ledger.read() as tx:
        left_pending = len(tx.rows("select from submission_files where scan_status = 'pending'"))
    assert finish_scans(ledger, at=later) == 0
    mended = []
    for finding in examine_files(ledger, store, at=later, reads_all=True):
        if not finding.is_good:
            assert finding.mend is not None, finding.what
            finding.mend()
            mended.append(finding.what)
    assert all(finding.is_good for finding in examine_files(ledger, store, at=later, reads_all=True))
    with ledger.read() as tx:
        rows = {
            r["id"]: r
            for r in tx.rows("select id::text as id, sha256, scan_status, storage_path from submission_files")
        }
        uploaded = [r["subject"] for r in tx.rows("select subject from audit_logs where action = 'file:uploaded'")]
        scanned = [r["subject"] for r in tx.rows("select subject from audit_logs where action = 'file:scanned'")]
    assert {one.path for one in store.walk()} == {row["storage_path"] for row in rows.values()}
    assert {row["scan_status"] for row in rows.values()} <= {"clean"}
    assert sorted(uploaded) == sorted(scanned) == sorted(rows), "each row has its two records, and no record is alone"
    acknowledged = [line.split() for line in told.read_text().splitlines()]
    for file_id, digest, _ in acknowledged:
        assert rows[file_id]["sha256"] == digest
        assert is_whole(store, rows[file_id]["storage_path"])
    return f"{len(acknowledged)} acknowledged, {len(rows)} rows, {left_pending} scans finished, mended: {mended}"


def campaign(settings: Settings, folder: Path, *, rounds: int, what: str) -> None:
    """Kill so many times and check at the end."""
    chance, told = random.Random(20_261_124), folder / "acknowledged"
    told.touch()
    with open_stores(settings):
        owner = new_person()
        submission_id = new_submission(owner)
    for number in range(rounds):
        with open_stores(settings):
            kill_round(settings, chance, lambda n=number: uploader(owner, submission_id, told, n), what=what)  # type: ignore[misc]
        close_ledgers()
    with open_stores(settings):
        print(f"{rounds} kills of {what}: {check_nothing_is_lost(told)}")
    close_ledgers()


@pytest.mark.thorough
@pytest.mark.parametrize(("what", "rounds"), [("the app", 5), ("postgres", 2)])
def test_a_few_kills_lose_no_upload_and_leave_nothing_alone(
    own_home: Settings, tmp_path: Path, what: str, rounds: int
) -> None:
    campaign(own_home, tmp_path, rounds=rounds, what=what)


@pytest.mark.slow
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize(("what", "rounds"), [("the app", 60), ("postgres", 40)])
def test_a_hundred_kills_lose_no_upload_and_leave_nothing_alone(
    own_home: Settings, tmp_path: Path, what: str, rounds: int
) -> None:
    campaign(own_home, tmp_path, rounds=rounds, what=what)
