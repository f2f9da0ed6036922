"""What is asked once more when a worker takes a run: who started it, the approvals, the package, the deadline, the world's clock.

PostgreSQL asks most of it again in the last act (`begin_act`). Not here: what a person is told before starting (deliver.py).
"""

from datetime import timedelta

from pipelines.submission.autonomy import fault_of_own_start
from pipelines.submission.delivery_sheet import AS_OF
from warehouse import clock
from warehouse.domain.lead import fault_of_time
from warehouse.ledger import deliveries
from warehouse.ledger.deliveries import Delivery
from warehouse.ledger.store import SYSTEM, Transaction
from warehouse.ledger.submissions import Submission
from warehouse.settings import Settings


def fault_of_run(tx: Transaction, run: Delivery, submission: Submission, settings: Settings) -> str:
    """Say why a run may not go on to act; "" when it may."""
    if settings.as_of is not None and not run.is_dry_run:
        return AS_OF
    late = fault_of_time(submission.due_date, needed=timedelta(), at=clock.now())
    stored = late or deliveries.delivery_fault(tx, submission.id, run.manifest_id).replace("_", " ")
    return stored or _fault_of_starter(tx, run, submission)


def _fault_of_starter(tx: Transaction, run: Delivery, submission: Submission) -> str:
    if run.started_by == SYSTEM:
        return fault_of_own_start(tx, submission, is_dry_run=run.is_dry_run)
    row = tx.row("select role::text as role, is_disabled from profiles where id = as_uuid(%s)", [run.started_by])
    if row is None or row["is_disabled"]:
        return f"the account of {run.starter}, who started it, is disabled"
    works_on_it = run.started_by in {submission.owner_id, *submission.members}
    if row["role"] != "contract_officer" or not works_on_it:
        return f"{run.starter}, who started it, may no longer deliver this offer"
    return ""
