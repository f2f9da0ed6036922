"""Asks, in the product's own name, for a worker where a run is due and nobody asked: to look again, or after a killed worker.

Not here: launching (assets/sensors.py), what a worker does (submit.py).
"""

from datetime import datetime, timedelta

from warehouse.ledger import deliveries
from warehouse.ledger.run_requests import DELIVERY, ask_for_run, asked_since
from warehouse.ledger.store import Ledger

AT_ONCE = 50
IS_WAITED_FOR = timedelta(seconds=5)
"""A worker that waits for its next look by itself has taken it by then."""
AGAIN = timedelta(seconds=20)
"""So long after it was asked for last: where runs fail before they begin (a broken audit log), the store is not filled."""


def ask_for_due(ledger: Ledger, *, at: datetime) -> int:
    """Write a request for each run that is due and that nobody works on; returns how many there were."""
    with ledger.housekeeping() as tx:
        due = [run for run in deliveries.due_deliveries(tx, limit=AT_ONCE) if run.look_at <= at - IS_WAITED_FOR]
        asked = asked_since(tx, DELIVERY, [run.id for run in due], since=at - AGAIN)
        wanted = [run.id for run in due if run.id not in asked]
        for run_id in wanted:
            ask_for_run(tx, DELIVERY, run_id, by=None, at=at)
    return len(wanted)
