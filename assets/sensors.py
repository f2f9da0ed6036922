"""Turns requests of the app into runs, and the ends of runs into settled requests.

One sensor reconciles both instead of listening to events: what happened while nobody listened (a stop, a crash) is seen at
the next look, some 5 s later. The claim itself is the run's own first line (assets/raw.py, assets/deliveries.py).
"""

from collections.abc import Iterator

import dagster as dg

from assets.deliveries import DELIVERY_TAG
from assets.jobs import DISCOVERY, assessment, delivery, discovery
from assets.orphans import settle_orphans
from assets.raw import REQUEST_TAG
from pipelines.submission.autonomy import start_by_itself
from pipelines.submission.deliveries_due import ask_for_due
from warehouse.clock import now
from warehouse.ledger.run_requests import ASSESSMENT, DELIVERY, open_requests
from warehouse.ledger.store import open_ledger
from warehouse.settings import current


@dg.sensor(jobs=[discovery, assessment], minimum_interval_seconds=1, default_status=dg.DefaultSensorStatus.RUNNING)
def requested_runs(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Launch what people asked for, once an attempt; settle what has ended."""
    settle_orphans(context.instance, nobody_serves=False)
    ledger = open_ledger("procura_pipeline")
    pending = [request for request in open_requests(ledger, jobs=[DISCOVERY, ASSESSMENT]) if not request.is_claimed]
    if not pending:
        yield dg.SkipReason("nobody asked for a run")
    for request in pending:
        yield dg.RunRequest(run_key=request.run_key, job_name=request.job, tags={REQUEST_TAG: request.id})


@dg.sensor(jobs=[delivery], minimum_interval_seconds=1, default_status=dg.DefaultSensorStatus.RUNNING)
def due_deliveries(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Begin what autonomy allows, ask again for what is due to be looked for, and launch each request once an attempt."""
    ledger, at = open_ledger(), now()
    start_by_itself(ledger, current(), at=at)
    ask_for_due(ledger, at=at)
    pending = [request for request in open_requests(ledger, jobs=[DELIVERY]) if not request.is_claimed]
    if not pending:
        yield dg.SkipReason("no delivery is due")
    for request in pending:
        tags = {REQUEST_TAG: request.id, DELIVERY_TAG: request.subject}
        yield dg.RunRequest(run_key=request.run_key, job_name=request.job, tags=tags)
