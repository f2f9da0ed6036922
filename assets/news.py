"""News: what the press says of the firm's topics and buyers. It comes last, as awards do: no ranked notice waits for it."""

import dagster as dg

from assets.policy import RETRY, only_absence_is_retried, shown
from assets.raw import raw_asset
from assets.resources import Stores
from assets.scored import fit_scores
from pipelines.discovery.connector import Progress, RecordKind, load_connectors
from pipelines.discovery.discover import read_landings

raw_news = [
    raw_asset(connector, after=[fit_scores])
    for connector in load_connectors().values()
    if connector.kind is RecordKind.ARTICLES
]


@dg.asset(group_name="core", kinds={"duckdb"}, deps=raw_news, retry_policy=RETRY, pool="core_articles")
@only_absence_is_retried
def articles(stores: Stores, report: dg.ResourceParam[Progress]) -> dg.MaterializeResult[None]:
    """One row a story: headline, publisher, day and address; what could not be read lies in quarantine."""
    return dg.MaterializeResult(
        metadata=shown(read_landings(stores.settings, kind=RecordKind.ARTICLES, progress=report))
    )
