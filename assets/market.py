"""Awards: what was bought, from whom, until when. They come last: a morning's ranked notices wait for no market."""

import dagster as dg

from assets.policy import RETRY, only_absence_is_retried, shown
from assets.raw import raw_asset
from assets.resources import Stores
from assets.scored import fit_scores
from pipelines.discovery.connector import Progress, RecordKind, load_connectors
from pipelines.discovery.discover import read_landings

raw_awards = [
    raw_asset(connector, after=[fit_scores])
    for connector in load_connectors().values()
    if connector.kind is RecordKind.AWARDS
]


@dg.asset(group_name="core", kinds={"duckdb"}, deps=raw_awards, retry_policy=RETRY, pool="core_awards")
@only_absence_is_retried
def awards(stores: Stores, report: dg.ResourceParam[Progress]) -> dg.MaterializeResult[None]:
    """One row an award, as its source said it last; what could not be read lies in quarantine."""
    return dg.MaterializeResult(metadata=shown(read_landings(stores.settings, kind=RecordKind.AWARDS, progress=report)))
