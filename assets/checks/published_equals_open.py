"""Every opportunity that the lake calls open is in the ledger, and no other untouched one."""

import dagster as dg

from assets.policy import to_check_result
from assets.resources import Stores
from pipelines.discovery import checks


@dg.asset_check(asset="published_opportunities", blocking=True)
def published_equals_open(stores: Stores) -> dg.AssetCheckResult:
    """Compare the ids of both sides."""
    return to_check_result(checks.published_equals_open(stores.lake, stores.ledger))
