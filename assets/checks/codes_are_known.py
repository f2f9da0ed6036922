"""Codes are well formed; a new one at the source is no fault of ours, so it warns and stops nothing."""

import dagster as dg

from assets.policy import to_check_result
from assets.resources import Stores
from pipelines.discovery import checks


@dg.asset_check(asset="notices")
def codes_are_known(stores: Stores) -> dg.AssetCheckResult:
    """Count codes that are not well formed or that nobody here has heard of."""
    return to_check_result(checks.codes_are_known(stores.lake), severity=dg.AssetCheckSeverity.WARN)
