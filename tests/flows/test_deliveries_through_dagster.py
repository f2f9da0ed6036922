"""Twenty deliveries as the product itself makes them: runs of Dagster, some killed, through a portal that goes wrong."""

import os
import random
import signal
import time
from pathlib import Path

import pytest

from pipelines.administration.audit_log import verify_audit_log
from pipelines.administration.processes import is_alive
from pipelines.submission.browser.home import HOW_TO_INSTALL, find_browser
from tests.fakes.portal.faults import Faults
from tests.fakes.portal.running import running_portal
from tests.flows.campaign import LATE_SECONDS, SHARES, balance, start_offers, states, use_portal, what_is_open
from tests.flows.conftest import Product, wait_for
from warehouse import clock
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

pytestmark = [
    pytest.mark.slow,
    pytest.mark.flow,
    pytest.mark.browser,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(find_browser() is None, reason=f"no browser found; {HOW_TO_INSTALL}"),
]
OFFERS, KILLS = 20, 5
SECONDS = 2400


def workers_at_work() -> list[str]:
    """Name the processes that hold a delivery now and live: each is a run of Dagster."""
    statement = "select worker from submission_runs where ended_at is null and worker <> '' and lease_until > now()"
    with open_ledger().read() as tx:
        return [row["worker"] for row in tx.rows(statement) if is_alive(row["worker"])]


def carry_on(count: int, kills: int, rng: random.Random) -> int:
    """Wait until Dagster has nothing left to deliver, killing runs on the way; return how many were killed."""
    killed, next_kill, until = 0, time.monotonic(), time.monotonic() + SECONDS
    while (now := states())["open"]:
        assert time.monotonic() < until, f"after {SECONDS} s: {dict(now)}\n{what_is_open()}"
        is_due = time.monotonic() > next_kill and killed * count < kills * (count - now["open"] + 1)
        if killed < kills and is_due and (working := workers_at_work()):
            os.kill(int(rng.choice(working).partition(":")[0]), signal.SIGKILL)
            killed, next_kill = killed + 1, time.monotonic() + rng.uniform(1, 8)
        time.sleep(0.2)  # a poll: the runs are worked on by other processes
    return killed


def test_twenty_offers_through_dagster_are_delivered_once_although_runs_are_killed(
    product_here: Product, settings: Settings, tmp_path: Path
) -> None:
    product_here.up()
    product_here.wait_until_serving()
    faults = Faults(
        seed=20261130, at_last_button=SHARES, hang_seconds=45, late_seconds=LATE_SECONDS, takes_duplicates=True
    )
    with running_portal(tmp_path / "portal", faults) as portal:
        use_portal(portal)
        sent = start_offers(portal, settings, OFFERS)
        began = time.monotonic()
        killed = carry_on(OFFERS, KILLS, random.Random(20))
        took = time.monotonic() - began
        found = balance(portal, sent)
    verdict = verify_audit_log(open_ledger(), settings, at=clock.now())
    print(
        f"\n{OFFERS} offers through Dagster in {took:.0f} s, {killed} of its runs killed\n  runs: {dict(found.states)}\n"
        f"  presses of the last button: {found.presses.total()} {dict(found.presses)}"
    )
    assert found.faults() == []
    assert verdict.holds
    assert found.states["success accepted"] + found.states["person"] == OFFERS, found.states
    assert killed == KILLS
    wait_for("no run of Dagster is left open", lambda: not open_runs(product_here))
    assert product_here.stop() == 0
    assert product_here.tree() == []


def open_runs(product: Product) -> list[dict[str, str]]:
    """Return the runs of Dagster that it takes for unfinished, killed ones among them until it has noticed."""
    statuses = "QUEUED,NOT_STARTED,STARTING,STARTED,CANCELING"
    question = f"{{runsOrError(filter:{{statuses:[{statuses}]}}){{... on Runs{{results{{runId status jobName}}}}}}}}"
    found: list[dict[str, str]] = product.ask_dagster(question)["data"]["runsOrError"]["results"]
    return found
