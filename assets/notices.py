"""When people are told: what time brought is written into Inboxes at each look, what is due to be sent becomes a run.

The looks cost milliseconds. `procura notify` does the same without Dagster; both side by side send nothing twice.
"""

from collections.abc import Iterator

import dagster as dg

from assets.policy import only_absence_is_retried
from pipelines.administration.notices_due import tell_what_is_due
from pipelines.administration.notification_channels import open_channels
from pipelines.administration.notification_sending import look_ahead, plan, send_due
from warehouse.clock import now, world_instant
from warehouse.ledger.store import open_ledger
from warehouse.settings import current

GOING = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]


@dg.op
@only_absence_is_retried
def send_messages(context: dg.OpExecutionContext) -> dict[str, int]:
    """Send what is due by mail and hooks."""
    return send_due(open_ledger(), current(), at=now()).as_json()


@dg.job(executor_def=dg.in_process_executor, description="What people are told, by mail and hooks.")
def send_notices() -> None:
    """Send what is due."""
    send_messages()


@dg.sensor(jobs=[send_notices], minimum_interval_seconds=30, default_status=dg.DefaultSensorStatus.RUNNING)
def due_notices(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Tell what time has brought, and ask for a run where something is to be sent and none is under way."""
    ledger, at = open_ledger(), now()
    tell_what_is_due(ledger, at=at, world_at=world_instant())
    plan(ledger, current(), at=at)
    if not open_channels(current()) or not look_ahead(ledger, at=at)["due"]:
        yield dg.SkipReason("nothing is to be sent")
    elif context.instance.get_runs_count(dg.RunsFilter(job_name=send_notices.name, statuses=GOING)):
        yield dg.SkipReason("a run is sending already")
    else:
        yield dg.RunRequest(job_name=send_notices.name)
