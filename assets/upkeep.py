"""Upkeep of the lake as jobs: they hold the same pool as the readers of notices, so that two never write side by side.

Its files are put in order each night; the others are asked for.
"""

from dataclasses import asdict

import dagster as dg
from pydantic import Field

from assets.jobs import OF_LAKE
from assets.policy import only_absence_is_retried, shown
from assets.resources import Stores
from pipelines.discovery.connector import Progress, load_connectors
from pipelines.discovery.grouping_mark import forget_mark
from pipelines.discovery.rebuild import rebuild_lake as rebuild_from_landing
from pipelines.discovery.retry import retry_quarantine
from warehouse.clock import now
from warehouse.domain import daily_run
from warehouse.lake.maintenance import maintain_lake as put_files_in_order

NOTICES_POOL = "core_notices"


class Sources(dg.Config):
    """Which sources; none stated: all of them."""

    names: list[str] = Field(default_factory=list)


@dg.op(pool=NOTICES_POOL)
@only_absence_is_retried
def read_all_landings(
    context: dg.OpExecutionContext, stores: Stores, report: dg.ResourceParam[Progress]
) -> dict[str, int]:
    """Empty the tables that are made from the landing and read all of it again."""
    return asdict(rebuild_from_landing(stores.settings, report))


@dg.op(pool=NOTICES_POOL)
@only_absence_is_retried
def read_quarantine(
    context: dg.OpExecutionContext, config: Sources, stores: Stores, report: dg.ResourceParam[Progress]
) -> dict[str, dict[str, int]]:
    """Read what is in quarantine with the present reader, source by source."""
    names = config.names or sorted(load_connectors())
    return {name: asdict(retry_quarantine(stores.settings, name, at=now(), progress=report)) for name in names}


@dg.op(pool=NOTICES_POOL)
@only_absence_is_retried
def tidy_files(context: dg.OpExecutionContext, stores: Stores) -> dict[str, int]:
    """Merge small files, end snapshots older than a week, delete what nothing needs; the next grouping looks at everything."""
    done = put_files_in_order(stores.lake, at=now()).as_metadata()
    stores.lake.write(forget_mark)
    context.add_output_metadata(shown(done))
    return done


@dg.job(executor_def=dg.in_process_executor, tags=OF_LAKE, description="The lake again from the landing alone.")
def rebuild_lake() -> None:
    """Read every landed file again into empty tables."""
    read_all_landings()


@dg.job(executor_def=dg.in_process_executor, tags=OF_LAKE, description="What is in quarantine, read again.")
def retry_quarantined() -> None:
    """Read quarantined records again."""
    read_quarantine()


@dg.job(executor_def=dg.in_process_executor, tags=OF_LAKE, description="The lake's files in good order.")
def maintain_lake() -> None:
    """Put the lake's files in order."""
    tidy_files()


upkeep_jobs = [rebuild_lake, retry_quarantined, maintain_lake]
upkeep_schedules = [
    dg.ScheduleDefinition(
        name="nightly_upkeep",
        job=maintain_lake,
        cron_schedule="10 3 * * *",
        execution_timezone=daily_run.ZONE,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every night, hours before the daily run.",
    )
]
