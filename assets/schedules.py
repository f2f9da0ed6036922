"""When the machine itself starts a run."""

import dagster as dg

from assets.jobs import discovery
from warehouse.domain import daily_run

daily_discovery = dg.ScheduleDefinition(
    name="daily_discovery",
    job=discovery,
    cron_schedule=f"{daily_run.AT.minute} {daily_run.AT.hour} * * *",
    execution_timezone=daily_run.ZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every morning before the offices open.",
)
