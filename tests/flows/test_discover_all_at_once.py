"""`procura discover --all` four times at once, with less allowed than is needed: no source gets one request more than it allows."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.discovery.checks import nothing_lost_between_layers
from tests.conformance.doubles import Doubles, running_all
from tests.fakes.sam_gov import v2_record
from warehouse.lake.connection import open_lake
from warehouse.ledger.source_budgets import list_budgets
from warehouse.ledger.store import open_ledger
from warehouse.settings import ROOT, Settings

pytestmark = [pytest.mark.flow, pytest.mark.thorough, pytest.mark.timeout(900)]
ALLOWED = 3
"""Requests a day of the two sources that bind: each needs more for all it holds."""
NOTICES = 4_500
AT_ONCE = 4
ROUNDS = 2


@pytest.fixture
def doubles(home: Settings) -> Iterator[Doubles]:
    """Serve every source; SAM.gov's API and GovCon API hold more pages than a day's requests."""
    today = datetime.now(UTC).date()
    with running_all(today) as served:
        day = (today - timedelta(days=1)).isoformat()
        served.sam_api.records = [v2_record(n, postedDate=day) for n in range(NOTICES)]
        served.sam_api.allowed = ALLOWED
        served.govcon.me = {"plan": "small", "limits": {"requests_per_day": ALLOWED, "max_page_size": 10}}
        for double in (served.sam_api, served.govcon, served.usaspending):
            double.silent_seconds = 0.05  # so that they really ask at the same time
        yield served


def discover_at_once(doubles: Doubles) -> None:
    """Start four and wait for all; each has to end well, whether it came first or found the day's requests spent."""
    environment = {**os.environ, **doubles.settings(), "PROCURA_SAM_GOV_REQUESTS_A_DAY": str(ALLOWED)}
    command = [sys.executable, "-m", "cli.main", "discover", "--all", "--json"]
    begun = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for _ in range(AT_ONCE)
    ]  # fmt: skip
    for one in begun:
        _, errors = one.communicate(timeout=600)
        assert one.returncode == 0, errors


def test_no_source_gets_one_request_too_many_and_what_came_is_there_once(doubles: Doubles) -> None:
    for _ in range(ROUNDS):
        discover_at_once(doubles)
    asked = {
        "sam_gov": len(doubles.sam_api.asked), "govcon": len(doubles.govcon.asked),
        "usaspending": len(doubles.usaspending.asked), "newsapi": len(doubles.newsapi.asked),
    }  # fmt: skip
    with open_ledger().read() as tx:
        budgets = {budget.source: budget for budget in list_budgets(tx)}
    assert (asked["sam_gov"], asked["govcon"]) == (ALLOWED, ALLOWED)
    assert {name: budgets[name].spent_ever for name in asked} == asked, "what was sent is what was counted"
    assert all(budgets[name].spent <= budgets[name].allowed for name in asked)

    holds, facts = nothing_lost_between_layers(open_lake())
    assert holds, facts
    cursor = open_lake().cursor()
    doubled = cursor.execute(
        "select count(*) - count(distinct (source, notice_id, content_hash)) from core.notice_versions"
    ).fetchall()
    assert doubled == [(0,)]
