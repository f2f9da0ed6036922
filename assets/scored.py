"""Scored: how well what can be answered fits the company profile, and what a model says where one is set."""

import dagster as dg

from assets.core import published_opportunities
from assets.policy import RETRY, only_absence_is_retried, shown
from assets.raw import REQUEST_TAG
from assets.resources import Stores, World
from pipelines.discovery.discover import is_reading_left
from pipelines.qualification.assess import assess_opportunities, chosen_provider, plan_assessments
from pipelines.qualification.bulk_follow import follow_batches
from pipelines.qualification.qualify import qualify_open_opportunities
from warehouse.ledger.run_requests import claim_asked

ASSESSMENTS_POOL = "ledger_assessments"


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
    more_follows = is_reading_left(stores.settings)
    summary = qualify_open_opportunities(stores.ledger, as_of=world.at, more_follows=more_follows)
    return dg.MaterializeResult(metadata=shown(summary))


@dg.asset(group_name="scored", kinds={"postgres"}, deps=[fit_scores], retry_policy=RETRY, pool=ASSESSMENTS_POOL)
@only_absence_is_retried
def assessments(stores: Stores, world: World) -> dg.MaterializeResult[None]:
    """What a model says of what the ranker passes on, with proof; nothing where the provider is offline.

    What batches answered meanwhile comes first; what is asked in batches now is read by a later run (batches.py).
    """
    if is_reading_left(stores.settings):
        return dg.MaterializeResult(metadata={"waiting": 0})  # a further pass of this run may score them otherwise
    done = follow_batches(stores.ledger)
    plan = plan_assessments(stores.ledger, at=world.at)
    done.add(assess_opportunities(stores.ledger, plan.ids, provider=plan.provider, in_bulk=plan.is_bulk))
    return dg.MaterializeResult(metadata=shown(done.as_metadata()))


@dg.asset(group_name="scored", kinds={"postgres"}, retry_policy=RETRY, pool="ledger_second_looks")
@only_absence_is_retried
def second_looks(context: dg.AssetExecutionContext, stores: Stores) -> dg.MaterializeResult[None]:
    """Another answer about one opportunity, because a person asked for it."""
    request = context.run.tags.get(REQUEST_TAG)
    opportunity_id, who = claim_asked(stores.ledger, request, context.run.run_id)
    if not opportunity_id or not request:
        raise dg.Failure("This run has no request of its own: it does nothing.", allow_retries=False)
    done = assess_opportunities(
        stores.ledger, [opportunity_id], provider=chosen_provider(stores.ledger), asked_by=who, nonce=request
    )
    return dg.MaterializeResult(metadata=shown(done.as_metadata()))
