"""Marts: the tables people read and script against, one asset a file of warehouse/lake/marts."""

import dagster as dg

from assets.market import awards
from assets.policy import RETRY, only_absence_is_retried, shown
from assets.resources import Stores, World
from assets.scored import fit_scores
from pipelines.qualification.chances import kept_chances
from pipelines.qualification.history import append_decisions, append_scores, record_reliability
from pipelines.qualification.snapshot import snapshot_ledger
from warehouse.clock import now
from warehouse.lake.marts import mart_grain, mart_names, mart_reads, refresh_mart


@dg.asset(group_name="marts", kinds={"duckdb"}, deps=[fit_scores], retry_policy=RETRY, pool="core_ledger_opportunities")
@only_absence_is_retried
def ledger_snapshot(stores: Stores) -> dg.MaterializeResult[None]:
    """Decisions and scores as the ledger holds them, and as they ever were, in the lake for SQL and marts; no people."""
    counts = snapshot_ledger(stores.lake, stores.ledger) | {
        "new_scores": append_scores(stores.lake, stores.ledger),
        "new_decisions": append_decisions(stores.lake, stores.ledger),
        "new_bands": record_reliability(stores.lake, kept_chances(), at=now()),
    }
    return dg.MaterializeResult(metadata=shown(counts))


def mart_asset(name: str) -> dg.AssetsDefinition:
    """Make the asset that refreshes one mart."""

    reads = [ledger_snapshot, awards] if mart_reads(name, "core.awards") else [ledger_snapshot]

    @dg.asset(
        name=name, group_name="marts", kinds={"duckdb"}, deps=reads, retry_policy=RETRY, pool=f"marts_{name}",
        description=mart_grain(name),
    )  # fmt: skip
    @only_absence_is_retried
    def refresh(stores: Stores, world: World) -> dg.MaterializeResult[None]:
        return dg.MaterializeResult(metadata=shown(refresh_mart(stores.lake, name, as_of=world.at)))

    return refresh


mart_assets = [mart_asset(name) for name in mart_names()]
