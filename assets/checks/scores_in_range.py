"""A fit score lies between 0 and 100 and has reasons."""

import dagster as dg

from assets.policy import to_check_result
from assets.resources import Stores
from pipelines.discovery import checks


@dg.asset_check(asset="fit_scores", blocking=True)
def scores_in_range(stores: Stores) -> dg.AssetCheckResult:
    """Count scores out of range or without a word why."""
    return to_check_result(checks.scores_in_range(stores.ledger))
