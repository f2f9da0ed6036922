"""Deliveries by several workers through a portal that goes wrong, with kills at random points: none twice, none lost."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines.administration.audit_log import verify_audit_log
from pipelines.submission.browser.home import HOW_TO_INSTALL, find_browser
from pipelines.submission.proof import write_proof
from tests.fakes.portal.faults import Fault, Faults
from tests.fakes.portal.running import running_portal
from tests.flows.campaign import LATE_SECONDS, SHARES, balance, carry_on, is_delivered, start_offers, use_portal
from warehouse import clock
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find_browser() is None, reason=f"no browser found; {HOW_TO_INSTALL}"),
]


def deliver(
    home: Settings, folder: Path, count: int, *, workers: int, kills: int, seconds: float, first: tuple[Fault, ...] = ()
) -> None:
    """Deliver so many offers and hold everything that must hold against what came of it; print the figures."""
    faults = Faults(
        seed=20261009, at_last_button={} if first else SHARES, hang_seconds=45, late_seconds=LATE_SECONDS,
        takes_duplicates=True,
    )  # fmt: skip
    begin = time.monotonic()
    with running_portal(folder, faults) as portal:
        for fault in first:
            portal.store.let_happen(fault)
        use_portal(portal)
        sent = start_offers(portal, home, count)
        prepared = time.monotonic()
        crew = carry_on(count, workers=workers, kills=kills, seconds=seconds, rng=random.Random(7))
        took = time.monotonic() - prepared
        found = balance(portal, sent)
    verdict = verify_audit_log(open_ledger(), home, at=clock.now())
    print(
        f"\n{count} offers prepared in {prepared - begin:.0f} s, delivered in {took:.0f} s by {workers} workers"
        f" ({crew.kills} killed, {crew.started} started)\n  runs: {dict(found.states)}\n"
        f"  presses of the last button: {found.presses.total()} {dict(found.presses)}\n  lists of own offers opened: {found.looks}\n"
        f"  audit log: {verdict.records:,} records, {'holds' if verdict.holds else verdict.first_fault}"
    )
    assert found.faults() == []
    assert verdict.holds
    assert found.states["open"] == 0
    assert found.states["success accepted"] + found.states["person"] == count, found.states
    assert crew.kills >= kills
    proven = next(one for one in sent if is_delivered(one.run))
    write_proof(open_ledger(), home, proven.offer, folder / "proof", at=clock.now())
    verifier = [sys.executable, "-I", str(folder / "proof" / "verify_submission.py"), str(folder / "proof")]
    done = subprocess.run(verifier, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_each_fault_and_some_kills_leave_every_offer_delivered_once(home: Settings, tmp_path: Path) -> None:
    first = (
        Fault.BUSY, Fault.DROP_BEFORE, Fault.HANG_AFTER, Fault.ERROR_AFTER, Fault.DROP_AFTER, Fault.LATE, Fault.EXPIRE,
        Fault.DROP_AFTER,
    )  # fmt: skip
    deliver(home, tmp_path, 12, workers=2, kills=3, seconds=300, first=first)


@pytest.mark.slow
@pytest.mark.timeout(2 * 3600)
def test_eight_hundred_offers_and_two_hundred_kills(home: Settings, tmp_path: Path) -> None:
    deliver(home, tmp_path, 800, workers=3, kills=200, seconds=3600)
