"""Every credential that is set works and will not end soon; one that does not is a warning, and its connector's status says so."""

import dagster as dg

from assets.policy import to_check_result
from assets.resources import Stores
from pipelines.administration.credentials import refresh_statuses
from warehouse.clock import now


@dg.asset_check(asset="notices")
def credentials_will_work_tomorrow(stores: Stores) -> dg.AssetCheckResult:
    """Judge every credential as of now, and write what follows from it into the connectors' status."""
    doubts = refresh_statuses(stores.ledger, at=now())
    return to_check_result((not doubts, {"doubts": "; ".join(doubts)}), severity=dg.AssetCheckSeverity.WARN)
