"""Scored: how well what can be answered fits the company profile."""

import dagster as dg

from assets.core import published_opportunities
from assets.policy import RETRY, only_absence_is_retried, shown
from assets.resources import Stores, World
from pipelines.qualification.qualify import qualify_open_opportunities


@dg.asset(
    group_name="scored",
    kinds={"postgres"},
    deps=[published_opportunities],
    retry_policy=RETRY,
    pool="ledger_fit_scores",
)
@only_absence_is_retried
def fit_scores(stores: Stores, world: World) -> dg.MaterializeResult[None]:
    """Fit of every open opportunity to the company profile, 0 to 100 points, with reasons."""
    summary = qualify_open_opportunities(stores.ledger, as_of=world.at)
    return dg.MaterializeResult(metadata=shown(summary))
