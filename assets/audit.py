"""When the audit log is verified by the machine itself: what is new each hour, the whole log each night."""

import dagster as dg

from assets.checks.audit_chain_is_unbroken import WHOLE_LOG_TAG, audit_chain_is_unbroken

verify_new_audit_records = dg.define_asset_job(
    "verify_new_audit_records",
    selection=dg.AssetSelection.checks(audit_chain_is_unbroken),
    description="What was appended to the audit log since it last held.",
    executor_def=dg.in_process_executor,
)
verify_whole_audit_log = dg.define_asset_job(
    "verify_whole_audit_log",
    selection=dg.AssetSelection.checks(audit_chain_is_unbroken),
    description="Every record and every checkpoint of the audit log.",
    executor_def=dg.in_process_executor,
    tags={WHOLE_LOG_TAG: "yes"},
)
audit_jobs = [verify_new_audit_records, verify_whole_audit_log]
audit_schedules = [
    dg.ScheduleDefinition(
        name="hourly_audit",
        job=verify_new_audit_records,
        cron_schedule="20 * * * *",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every hour, off the full hour when others begin.",
    ),
    dg.ScheduleDefinition(
        name="nightly_audit",
        job=verify_whole_audit_log,
        cron_schedule="40 2 * * *",
        execution_timezone="America/New_York",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every night while nobody works.",
    ),
]
