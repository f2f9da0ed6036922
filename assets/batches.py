"""When batches of questions to models are read: by each run of discovery, and by a run of its own while any is out.

Not here: what reading and concluding are (pipelines/qualification/bulk_follow.py), sending (scored.py).
"""

from collections.abc import Iterator

import dagster as dg

from assets.policy import only_absence_is_retried
from assets.resources import Stores
from assets.scored import ASSESSMENTS_POOL
from pipelines.qualification.bulk_follow import follow_batches
from pipelines.qualification.bulk_read import is_look_due
from warehouse.clock import now
from warehouse.ledger.llm_batches import unfinished
from warehouse.ledger.store import open_ledger

GOING = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]


@dg.op(pool=ASSESSMENTS_POOL)
@only_absence_is_retried
def read_answers(context: dg.OpExecutionContext, stores: Stores) -> dict[str, object]:
    """Conclude from what batches have answered, and send what follows from it."""
    return follow_batches(stores.ledger).as_metadata()


@dg.job(executor_def=dg.in_process_executor, description="What batches of questions to models have answered.")
def read_batches() -> None:
    """Read what has ended."""
    read_answers()


@dg.sensor(jobs=[read_batches], minimum_interval_seconds=30, default_status=dg.DefaultSensorStatus.RUNNING)
def due_batches(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Ask for a run where a batch is due to be looked at and none is under way; nobody waits in a run for a vendor's day."""
    at = now()
    with open_ledger("procura_pipeline").read() as tx:
        due = [batch for batch in unfinished(tx) if is_look_due(batch, at)]
    if not due:
        yield dg.SkipReason("no batch is due to be looked at")
    elif context.instance.get_runs_count(dg.RunsFilter(job_name=read_batches.name, statuses=GOING)):
        yield dg.SkipReason("a run is reading already")
    else:
        yield dg.RunRequest(job_name=read_batches.name)
