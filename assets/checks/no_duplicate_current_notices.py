"""A notice has exactly one current version: otherwise an opportunity would speak with two voices."""

import dagster as dg

from assets.policy import to_check_result
from assets.resources import Stores
from pipelines.discovery import checks


@dg.asset_check(asset="notices", blocking=True)
def no_duplicate_current_notices(stores: Stores) -> dg.AssetCheckResult:
    """Count notices with none or several current versions."""
    return to_check_result(checks.no_duplicate_current_notices(stores.lake))
