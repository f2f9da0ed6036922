"""Each deadline is an instant with its office's offset, or says that the zone was assumed or nothing could be read."""

import dagster as dg

from assets.policy import to_check_result
from assets.resources import Stores
from pipelines.discovery import checks


@dg.asset_check(asset="notices", blocking=True)
def deadlines_carry_zones_or_marks(stores: Stores) -> dg.AssetCheckResult:
    """Count deadlines whose instant, offset and precision do not fit each other."""
    return to_check_result(checks.deadlines_carry_zones_or_marks(stores.lake))
