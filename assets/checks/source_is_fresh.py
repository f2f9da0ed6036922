"""Every source has answered lately; a silent one is a warning, the notices that are here stay good."""

import dagster as dg

from assets.policy import to_check_result
from assets.resources import Stores
from pipelines.discovery import checks
from warehouse.clock import now


@dg.asset_check(asset="notices")
def source_is_fresh(stores: Stores) -> dg.AssetCheckResult:
    """Look at the age of each source's last success."""
    return to_check_result(checks.source_is_fresh(stores.ledger, at=now()), severity=dg.AssetCheckSeverity.WARN)
