"""When the machine itself starts a run."""

import dagster as dg

from assets.jobs import discovery

daily_discovery = dg.ScheduleDefinition(
    name="daily_discovery",
    job=discovery,
    # SAM.gov's bulk file of the night is complete by then (docs/connectors, SAM.gov).
    cron_schedule="0 7 * * *",
    execution_timezone="America/New_York",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every morning before the offices open.",
)
