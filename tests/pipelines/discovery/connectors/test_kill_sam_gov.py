"""A kill at any moment of asking SAM.gov's API: nothing lost, nothing doubled, no request for a page that has come."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest

from pipelines.discovery.discover import read_landings
from tests.fakes.sam_gov import FakeSite, csv_bytes, csv_row, running_site, v2_record
from tests.fakes.sam_gov_api import SamGovApi, running_api
from warehouse.lake.connection import open_lake
from warehouse.ledger.source_budgets import budget_of
from warehouse.ledger.store import open_ledger
from warehouse.settings import ROOT, Settings

NOTICES = 5_300
AT = "2026-04-10T12:00:00+00:00"
ASKER = f"""
from datetime import datetime
from pipelines.discovery.discover import land_source
from warehouse.settings import current

print("begins", flush=True)
land_source("sam_gov", current(), progress=lambda what, done, total=None: None, at=datetime.fromisoformat("{AT}"))
print("landed", flush=True)
"""


def asker(api: SamGovApi, site: FakeSite) -> "subprocess.Popen[str]":
    """Begin to ask in a process of its own, and wait until it really begins."""
    given = {
        "PROCURA_OFFLINE": "0", "PROCURA_SAM_GOV_API_KEY": api.key, "PROCURA_SAM_GOV_API_URL": api.url,
        "PROCURA_SAM_GOV_BULK_URL": site.url, "PROCURA_SAM_GOV_REQUESTS_A_DAY": "1000",
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-c", ASKER], stdout=subprocess.PIPE, text=True, cwd=ROOT, env={**os.environ, **given}
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begins\n"
    return process


def finished_pages(home: Settings) -> set[str]:
    return {
        str(int(path.stem.removeprefix("page-"))) for path in (home.landing / "sam_gov/.window").glob("page-*.json")
    }


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param(4, marks=pytest.mark.thorough),
        pytest.param(100, marks=[pytest.mark.slow, pytest.mark.timeout(1800)]),
    ],
)
def test_a_killed_asker_loses_and_doubles_nothing_and_pays_for_no_page_twice(home: Settings, kills: int) -> None:
    chance = random.Random(int(os.environ.get("PROCURA_TEST_SEED", "4711")))
    rounds, killed = 0, 0
    with running_api(SamGovApi()) as api, running_site(FakeSite(csv_bytes([csv_row(n) for n in range(3)]))) as site:
        api.silent_seconds = 0.05
        while killed < kills:
            # Other notices each time all of the last ones were there.
            api.records = [v2_record(rounds * 100_000 + n) for n in range(NOTICES)]
            rounds += 1
            (home.landing / "sam_gov/.known.json").unlink(missing_ok=True)
            is_landed = False
            while not is_landed:
                finished, before = finished_pages(home), len(api.asked)
                process = asker(api, site)
                is_landed = wait_or_kill(process, chance.uniform(0.1, 1.6) if killed < kills else 60)
                killed += not is_landed
                asked = Counter(params["offset"] for params in api.asked[before:])
                assert not finished & set(asked), "a page that had come was asked for again"
                assert max(asked.values(), default=1) == 1
            read_landings(home, progress=lambda *_: None)
            counted = (
                open_lake().cursor().execute("select count(distinct notice_id) from core.notice_versions").fetchone()
            )
            assert counted == (rounds * NOTICES,), "every notice of every round, once"
        with open_ledger().read() as tx:
            budget = budget_of(tx, "sam_gov")
        assert budget is not None
        assert budget.spent_ever >= len(api.asked), "a request is counted before it is sent"
        assert budget.spent_ever - len(api.asked) <= killed


def wait_or_kill(process: "subprocess.Popen[str]", patience: float) -> bool:
    """Kill it after a while; say whether it had landed everything by then."""
    assert process.stdout is not None
    end = time.monotonic() + patience
    while process.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with process.stdout:
        is_landed = "landed" in process.stdout.read()
    assert is_landed or process.returncode == -signal.SIGKILL, "it failed by itself"
    return is_landed
