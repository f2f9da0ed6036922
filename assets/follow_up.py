"""When accepted offers are asked about again at their portals: each half hour, beside everything else."""

import dagster as dg

from assets.deliveries import Ways
from pipelines.submission.follow_up import follow_up_deliveries
from warehouse.clock import now
from warehouse.ledger.store import open_ledger


@dg.op
def standings(context: dg.OpExecutionContext, ways: Ways) -> dict[str, int]:
    """Ask how each accepted offer stands of which more may be heard."""
    return follow_up_deliveries(open_ledger(), at=now(), executors=ways.executors)


@dg.job(executor_def=dg.in_process_executor, description="How accepted offers stand at their portals.")
def follow_up() -> None:
    """Ask the portals that can tell."""
    standings()


half_hourly_follow_up = dg.ScheduleDefinition(
    name="half_hourly_follow_up",
    job=follow_up,
    cron_schedule="11,41 * * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Off the full hour when others begin.",
)
