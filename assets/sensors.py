"""Turns requests of the app into runs, and the ends of runs into settled requests.

One sensor reconciles both instead of listening to events: what happened while nobody listened (a stop, a crash) is seen at
the next look, some 5 s later. The claim itself is the run's own first line (assets/raw.py).
"""

from collections.abc import Iterator

import dagster as dg

from assets.jobs import DISCOVERY, discovery
from assets.orphans import settle_orphans
from assets.raw import REQUEST_TAG
from warehouse.ledger.run_requests import open_requests
from warehouse.ledger.store import open_ledger


@dg.sensor(jobs=[discovery], minimum_interval_seconds=1, default_status=dg.DefaultSensorStatus.RUNNING)
def requested_runs(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Launch what people asked for, once an attempt; settle what has ended."""
    settle_orphans(context.instance, nobody_serves=False)
    pending = [r for r in open_requests(open_ledger("procura_pipeline")) if not r.is_claimed and r.job == DISCOVERY]
    if not pending:
        yield dg.SkipReason("nobody asked for a run")
    for request in pending:
        yield dg.RunRequest(run_key=request.run_key, job_name=request.job, tags={REQUEST_TAG: request.id})
