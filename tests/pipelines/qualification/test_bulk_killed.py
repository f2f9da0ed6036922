"""Runs that send and read batches are killed at random moments: nothing is paid twice, nothing is lost, no ceiling is passed."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from pipelines.administration.system_settings import set_setting
from pipelines.qualification.assess import assess_opportunities
from pipelines.qualification.bulk_follow import follow_batches
from pipelines.qualification.qualify import qualify_open_opportunities
from tests.factories_ledger import AT, opportunity, publish
from tests.factories_people import new_person
from tests.fakes.model_batches import HungUp
from tests.fakes.model_vendors import Vendors, vendors_here
from warehouse.domain.access import Role
from warehouse.domain.assessment import Stage
from warehouse.ledger.assessments import assessments_of
from warehouse.ledger.llm_batches import unfinished
from warehouse.ledger.llm_calls import spent
from warehouse.ledger.store import Row, open_ledger
from warehouse.settings import ROOT, Settings

pytestmark = pytest.mark.thorough
CEILING = 5
ROUNDS = 12
numbers = count(1)
KILLS = Counter[str]()

LIFE = """
import sys
from datetime import datetime
from pipelines.qualification.assess import assess_opportunities
from pipelines.qualification.bulk_follow import follow_batches
from warehouse.ledger.store import open_ledger
provider, now, *ids = sys.argv[1:]
ledger, clock = open_ledger("procura_pipeline"), lambda: datetime.fromisoformat(now)
print("begins", flush=True)
follow_batches(ledger, clock=clock)
assess_opportunities(ledger, ids, provider=provider, clock=clock, in_bulk=True)
"""


@pytest.fixture(scope="module", autouse=True)
def _published(home: Settings) -> None:
    said = {"title": "Network operations and cyber security", "psc_code": "DJ01"}
    plain = {"fit_score": None, "recommendation": None, "fit_reasons": [], "scorer": None}
    publish(
        [opportunity(n, description=f"Operate the campus network of site {n}.", **said, **plain) for n in range(1, 241)]
    )
    qualify_open_opportunities(open_ledger("procura_pipeline"), as_of=AT)
    set_setting(open_ledger(), "llm_provider", "anthropic", by=new_person(Role.ADMIN))


@pytest.fixture
def vendors(home: Settings) -> Iterator[Vendors]:
    with vendors_here() as running:
        yield running


def killed_life(vendors: Vendors, rng: random.Random, provider: str, now: datetime, ids: list[str]) -> None:
    """Run a process that looks at batches and asks, and kill it at some moment, if it has not ended before."""
    moment, after = rng.choice(["come", "lost", "done", "answered"]), rng.randrange(1, 6)
    pause, seen = rng.choice([0, 0, rng.uniform(0, 0.05)]), count(1)
    command = [sys.executable, "-c", LIFE, provider, now.isoformat(), *ids]
    life = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)

    def kill_here(at: str, address: str) -> None:
        if at == ("come" if moment == "lost" else moment) and next(seen) == after:
            time.sleep(pause)
            with suppress(ProcessLookupError):
                os.kill(life.pid, signal.SIGKILL)
            if moment == "lost" and "batches" in address:
                raise HungUp

    vendors.at_request = kill_here
    life.communicate()
    vendors.at_request = lambda _moment, _address: None
    KILLS[moment] += life.returncode == -signal.SIGKILL


def calls(since: datetime) -> list[Row]:
    with open_ledger().read() as tx:
        return tx.rows("select * from llm_calls where asked_at >= %s order by asked_at", [since])


@pytest.mark.parametrize("seed", [*range(12), *(pytest.param(n, marks=pytest.mark.slow) for n in range(12, 72))])
def test_killed_at_a_random_moment_no_question_is_paid_twice_none_is_lost_and_no_ceiling_is_passed(
    vendors: Vendors, seed: int
) -> None:
    rng, ledger = random.Random(seed), open_ledger("procura_pipeline")
    provider = ("anthropic", "openai")[seed % 2]
    start = now = datetime(2040 + seed // 12, 1 + seed % 12, 10, 8, tzinfo=UTC)
    batches = vendors.claude if provider == "anthropic" else vendors.gpt
    vendors.claude.clock = vendors.gpt.clock = lambda: now
    batches.ends_after = rng.choice([0, 0, 2])
    ids = [f"o{next(numbers):08d}" for _ in range(3)]
    calm, lives = rng.randrange(3), 0
    for turn in range(ROUNDS):
        if turn >= calm and lives < 2:
            lives += 1
            killed_life(vendors, rng, provider, now, ids)
        else:
            follow_batches(ledger, clock=lambda now=now: now)  # type: ignore[misc]
            assess_opportunities(ledger, ids, provider=provider, clock=lambda now=now: now, in_bulk=True)  # type: ignore[misc]
        with ledger.read() as tx:
            assert spent(tx, at=now).day <= CEILING
            is_over = lives and not unfinished(tx) and all(len(assessments_of(tx, one)) == 2 for one in ids)
        if is_over:
            break
        now += timedelta(minutes=20)
    for one in ids:
        with ledger.read() as tx:
            stages = [kept.assessment.stage for kept in assessments_of(tx, one)]
        assert stages == [Stage.ANALYSIS, Stage.TRIAGE], "concluded once at each stage"
    answered = Counter(batches.answered)
    assert (len(answered), set(answered.values()), vendors.asked) == (2 * len(ids), {1}, 0)
    made = calls(start)
    assert sum(row["state"] == "answered" for row in made) == 2 * len(ids)
    assert {row["state"] for row in made} <= {"answered", "failed"}, "nothing stays open, and nothing counts as lost"
    with ledger.read() as tx:
        assert unfinished(tx) == []


def test_the_kills_met_their_runs(vendors: Vendors) -> None:
    if not KILLS:
        pytest.skip("no run was killed here: this looks back at the kills above")
    assert sum(KILLS.values()) >= 6, "a kill that meets nobody shows nothing"
