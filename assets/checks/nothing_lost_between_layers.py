"""What landed was accepted or is in quarantine: no third way."""

import dagster as dg

from assets.policy import to_check_result
from assets.resources import Stores
from pipelines.discovery import checks


@dg.asset_check(asset="notices", blocking=True)
def nothing_lost_between_layers(stores: Stores) -> dg.AssetCheckResult:
    """Compare what each landed file held with what the lake made of it."""
    return to_check_result(checks.nothing_lost_between_layers(stores.lake))
