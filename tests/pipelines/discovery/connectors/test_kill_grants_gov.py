"""A kill at any moment of asking Grants.gov: nothing lost, nothing doubled, no request for a page or a detail that has come."""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from pipelines.discovery.discover import read_landings
from tests.fakes.grants_gov import (
    KEY,
    GrantsGov,
    detail,
    extract,
    hit,
    opportunity,
    running_grants_gov,
    simpler,
    xml_record,
    zipped,
)
from tests.pipelines.discovery.connectors.test_kill_sam_gov import wait_or_kill
from warehouse.lake.connection import open_lake
from warehouse.settings import ROOT, Settings

OPEN, NEW = 600, 25
DAY = date(2026, 4, 10)
ASKER = """
import sys
from datetime import datetime
from pipelines.discovery.discover import land_source
from warehouse.settings import current

print("begins", flush=True)
land_source("grants_gov", current(), progress=lambda what, done, total=None: None, at=datetime.fromisoformat(sys.argv[1]))
print("landed", flush=True)
"""


def asker(served: GrantsGov, at: str) -> "subprocess.Popen[str]":
    """Begin to ask in a process of its own, and wait until it really begins."""
    given = {f"PROCURA_{name.upper()}": value for name, value in served.addresses.items()}
    given |= {"PROCURA_OFFLINE": "0", "PROCURA_SIMPLER_GRANTS_API_KEY": KEY}
    process = subprocess.Popen(
        [sys.executable, "-c", ASKER, at], stdout=subprocess.PIPE, text=True, cwd=ROOT, env={**os.environ, **given}
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begins\n"
    return process


def finished(home: Settings) -> set[tuple[str, int]]:
    """Return what lies in the windows: the service with a page's or an opportunity's number."""
    folders = {"search2": ".window", "fetchOpportunity": ".details/.window", "simpler": ".simpler/.window"}
    return {
        (service, int(path.stem.removeprefix("page-")))
        for service, folder in folders.items()
        for path in (home.landing / "grants_gov" / folder).glob("page-*.json")
        if (path.parent / "asked.json").exists()
    }


def numbered(service: str, question: dict[str, Any], rows: int) -> tuple[str, int]:
    if service == "search2":
        return service, question["startRecordNum"] // rows
    return service, question["opportunityId"] if service == "fetchOpportunity" else question["pagination"][
        "page_offset"
    ] - 1


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param(4, marks=pytest.mark.thorough),
        pytest.param(60, marks=[pytest.mark.slow, pytest.mark.timeout(1800)]),
    ],
)
def test_a_killed_asker_loses_and_doubles_nothing_and_asks_nothing_twice(home: Settings, kills: int) -> None:
    chance = random.Random(int(os.environ.get("PROCURA_TEST_SEED", "4711")))
    known = [opportunity(n) for n in range(OPEN)]
    killed, rounds, lasts = 0, 0, 0.0
    with running_grants_gov(GrantsGov(most_rows=60)) as served:
        served.silent_seconds = 0.03
        while killed < kills:
            day = DAY + timedelta(days=rounds)
            new = [opportunity(1_000 + 100 * rounds + n, opened=day) for n in range(NEW)]
            served.extracts = {day: zipped(extract(xml_record(opp) for opp in known))}
            served.listed, served.opportunities = [hit(opp) for opp in [*known, *new]], [simpler(opp) for opp in known]
            served.details = {opp.id: detail(opp) for opp in new}
            noon, is_landed, lives = datetime(day.year, day.month, day.day, 12, tzinfo=UTC), False, 0
            while not is_landed:
                kept, before = finished(home), len(served.asked)
                # Each life begins a minute later: within one, all of them share sixty requests.
                began = time.monotonic()
                process = asker(served, (noon + timedelta(minutes=lives)).isoformat())
                lives += 1
                # The first life of all is left in peace: how long it takes says when to kill the others.
                is_landed = wait_or_kill(process, chance.uniform(0.1, lasts) if lasts and killed < kills else 600)
                lasts = lasts or time.monotonic() - began
                killed += not is_landed
                asked = Counter(
                    numbered(service, question, served.most_rows)
                    for service, question in served.asked[before:]
                    if service != "extract"
                )
                assert not kept & set(asked), "what had come was asked for again"
                assert max(asked.values(), default=1) == 1
            read_landings(home, progress=lambda *_: None)
            known, rounds = [*known, *new], rounds + 1
            ids, twice = open_lake().cursor().execute(
                "select count(distinct notice_id), count(*) - count(distinct (notice_id, content_hash)) from core.notice_versions"
            ).fetchone() or (0, 0)
            assert (ids, twice) == (len(known), 0), "every opportunity of every round, once"
