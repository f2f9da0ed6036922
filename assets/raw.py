"""Raw: what each source sent, as it came. One asset a connector, made for every connector file that is found."""

from collections.abc import Sequence

import dagster as dg

from assets.policy import RETRY, only_absence_is_retried, shown
from assets.resources import Stores, World
from pipelines.discovery.connector import Connector, Progress, RecordKind, load_connectors
from pipelines.discovery.discover import land_source
from pipelines.qualification.profiles import ensure_company
from warehouse.clock import now
from warehouse.ledger.run_requests import claim_request

REQUEST_TAG = "procura/request"


def check_claimed(context: dg.AssetExecutionContext, stores: Stores) -> None:
    """Take the request that this run was launched for; a run whose request is not its own does nothing.

    The claim is the run's own first line and not a sensor's: that would come 3 s later.
    """
    request = context.run.tags.get(REQUEST_TAG)
    if request and not claim_request(stores.ledger, request, context.run_id):
        raise dg.Failure("The request of this run was taken by another one, or has ended.", allow_retries=False)


LAST = {"dagster/priority": "-1"}
"""Of steps that are ready, these come behind all others."""


def raw_asset(connector: Connector, *, after: Sequence[dg.AssetsDefinition] = ()) -> dg.AssetsDefinition:
    """Make the asset that lands what one source offers; one that comes after others comes last of what is ready then."""

    @dg.asset(
        name=f"raw_{connector.name}",
        group_name="raw",
        kinds={"http"},
        deps=list(after),
        op_tags=LAST if after else {},
        retry_policy=RETRY,
        pool=f"landing_{connector.name}",
        description=f"Bytes of {connector.name} as they came; see {connector.documentation_url}.",
    )
    @only_absence_is_retried
    def land(
        context: dg.AssetExecutionContext, stores: Stores, world: World, report: dg.ResourceParam[Progress]
    ) -> dg.MaterializeResult[None]:
        check_claimed(context, stores)
        ensure_company(stores.ledger)  # some sources are asked about the firm's own industries
        landed = land_source(
            connector.name,
            stores.settings,
            inbox=world.inbox_folder,
            progress=report,
            at=now(),
            as_of=world.stated_as_of,
            since=world.since_instant,
        )
        return dg.MaterializeResult(metadata=shown(landed))

    return land


raw_notices = [raw_asset(connector) for connector in load_connectors().values() if connector.kind is RecordKind.NOTICES]
