"""The jobs: discovery, which is the whole graph but deliveries; the delivery of one offer; a second look at one opportunity.

In-process execution everywhere: with one process a step, a killed run is reported as failed while its step works on as an
orphan, which for a delivery is dangerous; and it is quicker from click to first step.
"""

import dagster as dg

from assets.checks.audit_chain_is_unbroken import audit_chain_is_unbroken
from assets.deliveries import audit_log, deliveries
from assets.scored import second_looks
from warehouse.ledger.run_requests import ASSESSMENT, DELIVERY

DISCOVERY = "discovery"
KIND_TAG = "procura/kind"
"""How many runs of a kind go side by side: dagster.yaml. A delivery never waits for the lake."""
OF_LAKE, OF_DELIVERY = {KIND_TAG: "lake"}, {KIND_TAG: "delivery"}

discovery = dg.define_asset_job(
    DISCOVERY,
    selection=dg.AssetSelection.all() - dg.AssetSelection.assets(audit_log.key, deliveries, second_looks),
    description="Discover, normalise, group, publish, score, and refresh the marts.",
    executor_def=dg.in_process_executor,
    tags=OF_LAKE,
)
delivery = dg.define_asset_job(
    DELIVERY,
    selection=dg.AssetSelection.assets(deliveries) | dg.AssetSelection.checks(audit_chain_is_unbroken),
    description="One approved offer to its receipt, while the audit log holds.",
    executor_def=dg.in_process_executor,
    tags=OF_DELIVERY,
)
assessment = dg.define_asset_job(
    ASSESSMENT,
    selection=dg.AssetSelection.assets(second_looks),
    description="Ask a model anew about one opportunity.",
    executor_def=dg.in_process_executor,
)
