"""A worker that is killed at any step: never twice at the office, and every run ends accepted, with a clear end or with a person."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from pipelines.submission.look_up import find_submission
from tests.factories_deliveries import (
    Team,
    new_office,
    new_team,
    newest_run,
    offer_to_office,
    reference,
    start,
    use_profile,
)
from tests.fakes.office import Office
from warehouse.addresses import superuser_conninfo
from warehouse.domain.delivery import Outcome
from warehouse.domain.submission import SubmissionStatus
from warehouse.ledger.store import open_ledger
from warehouse.settings import ROOT, Settings

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def team(home: Settings) -> Team:
    use_profile()
    return new_team()


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return new_office(tmp_path)


def begin_worker(office: Office, name: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.pipelines.submission.delivery_worker", str(office.path), name], cwd=ROOT
    )


def finish(office: Office) -> int:
    """Begin workers one after the other until one ends by itself; returns how many were killed by the office."""
    for killed in range(20):
        if begin_worker(office, f"worker {killed}").wait(timeout=120) == 0:
            return killed
    raise AssertionError("no worker came to an end")


@pytest.mark.parametrize(
    "plan", ["kill in faults", "kill before begin", "kill after begin", "kill after arrival", "kill while looking"]
)
def test_killed_worker_leaves_one_offer_at_the_office(team: Team, office: Office, plan: str) -> None:
    if plan == "kill while looking":
        office.plan("taken, then dead")
        office.plan_looks("kill")
    else:
        office.plan(plan)
    offer, manifest = offer_to_office(team)
    start(offer, manifest, team.owner)
    assert finish(office) == 1
    run = newest_run(offer, team.owner).delivery
    assert run.outcome is Outcome.ACCEPTED
    assert [number for number, _ in office.arrived(reference(manifest))] == [run.receipt_id]


def test_kill_right_after_the_receipts_row_loses_nothing(team: Team, office: Office, home: Settings) -> None:
    offer, manifest = offer_to_office(team)
    start(offer, manifest, team.owner)
    with psycopg.connect(**superuser_conninfo(home), autocommit=True) as ear:
        ear.execute(
            "create function says_so() returns trigger language plpgsql as $$ begin notify receipt; return null; end $$"
        )
        ear.execute("create trigger says_so after insert on receipts for each row execute function says_so()")
        ear.execute("listen receipt")
        worker = begin_worker(office, "first")
        heard = next(ear.notifies(timeout=60))  # it comes with the commit, while the checkpoint is still being written
        worker.kill()
        worker.wait()
        assert heard.channel == "receipt"
        ear.execute("drop trigger says_so on receipts")
        ear.execute("drop function says_so")
    finish(office)
    assert find_submission(open_ledger(), offer, by=team.owner).status is SubmissionStatus.SUBMITTED
    assert len(office.arrived(reference(manifest))) == 1


def test_stopped_worker_that_wakes_up_does_nothing_more(team: Team, office: Office) -> None:
    offers = [offer_to_office(team) for _ in range(3)]
    for offer, manifest in offers:
        start(offer, manifest, team.owner)
    slow = begin_worker(office, "slow")
    _wait_for_a_lease(offers[0][0], team)
    slow.send_signal(signal.SIGSTOP)
    try:
        quick = begin_worker(office, "quick")
        time.sleep(4)  # twice the lease: the quick one takes over what the slow one held
        slow.send_signal(signal.SIGCONT)
        assert quick.wait(timeout=120) == 0
        assert slow.wait(timeout=120) == 0
    finally:
        slow.kill()
    for _, manifest in offers:
        assert len(office.arrived(reference(manifest))) == 1


def _wait_for_a_lease(offer: str, team: Team) -> None:
    for _ in range(600):
        if newest_run(offer, team.owner).delivery.worker:
            return
        time.sleep(0.02)


def test_random_kills_of_several_workers_send_nothing_twice_and_lose_nothing(team: Team, office: Office) -> None:
    chance = random.Random(20_261_129)
    faults = ["busy", "dropped", "taken, then dead", "late", "busy after begin", "", "", ""]
    # Two windows are longer than what comes late takes: else it would be sent again, and rightly so. No offer is given up on.
    use_profile(settle=1.2, attempts=10)
    offers = [offer_to_office(team) for _ in range(8)]
    office.plan(*[chance.choice(faults) for _ in range(12)])
    for offer, manifest in offers:
        start(offer, manifest, team.owner)
    for number in range(5):
        pair = [begin_worker(office, f"worker {number}.{one}") for one in range(2)]
        time.sleep(
            1.5 + 2 * chance.random()
        )  # a worker needs a second to start: the kill meets it anywhere in its work
        for worker in pair:
            worker.kill()
            worker.wait()
    finish(office)
    assert sorted(office.all_references()) == sorted(reference(manifest) for _, manifest in offers)
    for offer, manifest in offers:
        run = newest_run(offer, team.owner).delivery
        assert run.outcome is Outcome.ACCEPTED
        assert run.receipt_id == office.arrived(reference(manifest))[0][0]
    use_profile()
