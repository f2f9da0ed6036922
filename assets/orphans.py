"""What a stop or power cut left half done in Dagster's store: runs whose process is gone, and what they hold.

Run monitoring never looks at started runs of the default launcher. Without this a run that was going at a power cut would
stay started and keep its claim on a pool for ever, and its request would block the button (one open request a job).
"""

import dagster as dg

from pipelines.administration.operations import Finding
from pipelines.administration.processes import is_alive
from warehouse.ledger.run_requests import RunRequest, settle_finished
from warehouse.ledger.store import open_ledger

PROCESS_TAG = "procura/process"
Status = dg.DagsterRunStatus
UNFINISHED = [Status.NOT_STARTED, Status.STARTING, Status.STARTED, Status.CANCELING]


def orphaned_runs(instance: dg.DagsterInstance, *, nobody_serves: bool) -> list[dg.DagsterRun]:
    """Return unfinished runs whose process is gone; one that lives, in whatever terminal, is none.

    Args:
        instance: Dagster's store.
        nobody_serves: No `up` of this home is running, so that a run without a named process cannot be alive.
    """
    found = []
    for run in instance.get_runs(dg.RunsFilter(statuses=UNFINISHED)):
        process = run.tags.get(PROCESS_TAG, "")
        if not is_alive(process) and (process or nobody_serves):
            found.append(run)
    return found


def settle_orphans(instance: dg.DagsterInstance, *, nobody_serves: bool) -> list[str]:
    """Mark orphaned runs as failed, give back their claims, settle their requests; return the runs' ids."""
    settled = []
    for run in orphaned_runs(instance, nobody_serves=nobody_serves):
        instance.report_run_failed(run, "The program was stopped while this run was going.")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        settled.append(run.run_id)
    settle_finished(open_ledger("procura_pipeline"), lambda request: _outcome(instance, request))
    return settled


def examine_runs(instance: dg.DagsterInstance, *, nobody_serves: bool) -> Finding:
    """Say whether runs are left that nobody works on; the mend settles them."""
    left = orphaned_runs(instance, nobody_serves=nobody_serves)
    what = f"{len(left)} runs are marked as going, but their process is gone" if left else "no run is left half done"

    def mend() -> None:
        settle_orphans(instance, nobody_serves=nobody_serves)

    return Finding("runs", not left, what, "`procura doctor --fix`, or start: both settle them.", mend)


def _outcome(instance: dg.DagsterInstance, request: RunRequest) -> bool | None:
    runs = instance.get_runs(dg.RunsFilter(tags={"dagster/run_key": request.run_key}), limit=1)
    if not runs:
        return False if request.is_claimed else None  # claimed by a run that Dagster no longer knows
    return runs[0].is_success if runs[0].is_finished else None
