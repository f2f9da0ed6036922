"""`procura discover --all` killed at any moment and begun again: nothing lost, nothing doubled, hardly a request spent again."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime

import pytest

from pipelines.discovery.checks import nothing_lost_between_layers
from tests.conformance.doubles import Doubles, running_all
from tests.pipelines.discovery.connectors.anew import begin_anew
from warehouse.lake.connection import open_lake
from warehouse.settings import ROOT, Settings

pytestmark = [pytest.mark.flow]
TABLES = (
    "landings", "notice_versions", "notice_sightings", "filled_notices", "opportunities", "opportunity_aliases", "awards",
    "articles", "quarantine", "grouping_state",
)  # fmt: skip
SLOW_ANSWER = 0.1
"""Seconds that the doubles take to answer: kills shall fall into the asking too."""


def begun(doubles: Doubles) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "cli.main", "discover", "--all", "--json"], cwd=ROOT, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, env={**os.environ, **doubles.settings()}, start_new_session=True,
    )  # fmt: skip


def ended(process: "subprocess.Popen[str]", patience: float) -> bool:
    """Kill it and all it started after a while; say whether it had done everything by then."""
    try:
        told, _ = process.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return False
    assert process.returncode == 0
    assert json.loads(told)["landed"] >= 0
    return True


def asked(doubles: Doubles) -> Counter[str]:
    """Count the requests that each source got so far."""
    return Counter({
        "sam_gov": len(doubles.sam_api.asked), "govcon": len(doubles.govcon.asked), "newsapi": len(doubles.newsapi.asked),
        "usaspending": len(doubles.usaspending.asked), "grants_gov": len(doubles.grants_gov.asked),
    })  # fmt: skip


def hold_whole(doubles: Doubles) -> None:
    """Hold that every record is there, once."""
    counted = {
        "notices": "select count(distinct notice_id), count(*) - count(distinct (source, notice_id, content_hash))"
        " from core.notice_versions where source <> 'demo'",
        "awards": "select count(distinct award_id), count(*) - count(distinct award_id) from core.awards",
        "stories": "select count(distinct url), count(*) - count(distinct url) from core.articles",
    }  # fmt: skip
    cursor = open_lake().cursor()
    found = {name: cursor.execute(statement).fetchone() for name, statement in counted.items()}
    assert found == {"notices": (doubles.notices, 0), "awards": (doubles.awards, 0), "stories": (doubles.stories, 0)}
    holds, facts = nothing_lost_between_layers(open_lake())
    assert holds, facts
    assert facts["quarantined"] == 0


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param(3, marks=[pytest.mark.thorough, pytest.mark.timeout(900)]),
        pytest.param(100, marks=[pytest.mark.slow, pytest.mark.timeout(7200)]),
    ],
)
def test_killed_at_any_moment_and_begun_again_it_loses_and_doubles_nothing(home: Settings, kills: int) -> None:
    chance = random.Random(int(os.environ.get("PROCURA_TEST_SEED", "4711")))
    with running_all(datetime.now(UTC).date()) as doubles:
        for double in (doubles.sam_api, doubles.usaspending, doubles.grants_gov):
            double.silent_seconds = SLOW_ANSWER
        began = time.monotonic()
        assert ended(begun(doubles), 300)
        lasts = time.monotonic() - began
        needed = asked(doubles)
        assert ended(begun(doubles), 300)
        looked_again = asked(doubles) - needed
        hold_whole(doubles)

        killed = 0
        while killed < kills:
            begin_anew(home, TABLES)
            before, restarts, is_done = asked(doubles), -1, False
            while not is_done:
                restarts += 1
                is_done = ended(begun(doubles), chance.uniform(0.1, lasts) if killed < kills else 300)
                killed += not is_done
            hold_whole(doubles)
            # Each start may look for news once more, and of each source the request that was under way is lost.
            for source, count in (asked(doubles) - before).items():
                assert count <= needed[source] + restarts * (looked_again[source] + 1), source
            print(f"{killed} of {kills} kills, nothing lost or doubled", flush=True)
