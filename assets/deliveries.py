"""Deliveries as Dagster runs them: one run of the job carries one run of an offer, and does nothing without its claimed request.

Dagster never repeats a delivery by itself: what may have arrived is looked for by the rows' own protocol. Not here: that
protocol (pipelines/submission/submit.py), when a run is launched (sensors.py).
"""

from collections.abc import Mapping

import dagster as dg

from assets.policy import only_absence_is_retried, shown
from assets.raw import REQUEST_TAG
from assets.resources import Stores, World
from pipelines.administration.processes import process_name
from pipelines.submission.executor import Executor, find_executors
from pipelines.submission.submit import work_one_delivery
from warehouse.ledger.run_requests import claim_subject
from warehouse.ledger.store import open_ledger

DELIVERY_TAG = "procura/delivery"
"""The run of an offer that a run of the job is for: what Dagster's pages show."""
AT_ONCE = 3
"""Deliveries side by side: each holds a browser or a connection and waits most of its time (assets/instance.py)."""
POOL = "delivery"

audit_log = dg.AssetSpec(
    "audit_log", group_name="ledger", description="Who did what: written by every deed, never by a run of Dagster."
)


class Ways(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The ways to deliver."""

    @property
    def executors(self) -> Mapping[str, Executor]:
        """Those that have a file."""
        return find_executors()


@dg.asset(
    group_name="submission",
    deps=[audit_log],
    pool=POOL,
    description="An approved offer brought to the office, up to its receipt; only while the audit log holds.",
)
@only_absence_is_retried
def deliveries(
    context: dg.AssetExecutionContext, stores: Stores, world: World, ways: Ways
) -> dg.MaterializeResult[None]:
    """Claim the request, then carry its run on as far as it goes within a minute."""
    ledger = open_ledger()
    run_id = claim_subject(ledger, context.run.tags.get(REQUEST_TAG), context.run.run_id)
    if not run_id:
        raise dg.Failure("This run has no request of its own: it does nothing.", allow_retries=False)
    carried = work_one_delivery(ledger, stores.settings, run_id, worker=process_name(), executors=ways.executors)
    return dg.MaterializeResult(metadata=shown(carried))
