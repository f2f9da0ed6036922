"""Core: every version of every notice, the solicitations they belong to, and what of it can still be answered."""

import dagster as dg

from assets.policy import RETRY, only_absence_is_retried, shown
from assets.raw import raw_notices
from assets.resources import Stores, World
from pipelines.discovery.connector import Progress, RecordKind
from pipelines.discovery.discover import read_landings
from pipelines.discovery.group import group_opportunities
from pipelines.discovery.publish import publish_opportunities


class Slice(dg.Config):
    """How much one pass reads; nothing stated: all there is."""

    max_records: int | None = None


@dg.asset(group_name="core", kinds={"duckdb"}, deps=raw_notices, retry_policy=RETRY, pool="core_notices")
@only_absence_is_retried
def notices(config: Slice, stores: Stores, report: dg.ResourceParam[Progress]) -> dg.MaterializeResult[None]:
    """Every version of every notice with first and last seen; what could not be read lies in quarantine."""
    reading = read_landings(stores.settings, kind=RecordKind.NOTICES, max_records=config.max_records, progress=report)
    return dg.MaterializeResult(metadata=shown(reading))


@dg.asset(group_name="core", kinds={"duckdb"}, deps=[notices], retry_policy=RETRY, pool="core_opportunities")
@only_absence_is_retried
def opportunities(stores: Stores, world: World) -> dg.MaterializeResult[None]:
    """One row a solicitation, seen through its latest notice, as of the run's instant."""
    return dg.MaterializeResult(metadata=shown(group_opportunities(stores.lake, as_of=world.at)))


@dg.asset(
    group_name="published", kinds={"postgres"}, deps=[opportunities], retry_policy=RETRY, pool="ledger_opportunities"
)
@only_absence_is_retried
def published_opportunities(stores: Stores, world: World) -> dg.MaterializeResult[None]:
    """What can be answered, or was touched by a person, in the ledger: all pages read it there."""
    return dg.MaterializeResult(metadata=shown(publish_opportunities(stores.lake, stores.ledger, as_of=world.at)))
