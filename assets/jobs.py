"""The jobs: one, the whole graph.

In-process execution everywhere: with one process a step, a killed run is reported as failed while its step works on as an
orphan, which for a delivery is dangerous; and it is quicker from click to first step.
"""

import dagster as dg

DISCOVERY = "discovery"

discovery = dg.define_asset_job(
    DISCOVERY,
    selection=dg.AssetSelection.all(),
    description="Discover, normalise, group, publish, score, and refresh the marts.",
    executor_def=dg.in_process_executor,
)
