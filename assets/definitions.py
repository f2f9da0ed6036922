"""Everything Dagster is told; loaded by its code server. Checks are found by walking their folder: one file, one check."""

import importlib
import pkgutil

import dagster as dg

from assets import checks
from assets.core import notices, opportunities, published_opportunities
from assets.jobs import discovery
from assets.marts import ledger_snapshot, mart_assets
from assets.raw import raw_assets
from assets.resources import Stores, World, quiet_report
from assets.schedules import daily_discovery
from assets.scored import fit_scores
from assets.sensors import requested_runs
from assets.upkeep import upkeep_jobs
from pipelines.discovery.connector import Progress


def find_checks() -> list[dg.AssetChecksDefinition]:
    """Return the check of each file in assets/checks: the function of the file's name."""
    names = sorted(module.name for module in pkgutil.iter_modules(checks.__path__))
    return [getattr(importlib.import_module(f"{checks.__name__}.{name}"), name) for name in names]


def build_definitions(report: Progress) -> dg.Definitions:
    """Return the whole of it; steps tell `report` how far they have come."""
    return dg.Definitions(
        assets=[
            *raw_assets,
            notices,
            opportunities,
            published_opportunities,
            fit_scores,
            ledger_snapshot,
            *mart_assets,
        ],
        asset_checks=find_checks(),
        jobs=[discovery, *upkeep_jobs],
        schedules=[daily_discovery],
        sensors=[requested_runs],
        resources={"stores": Stores(), "world": World(), "report": report},
        executor=dg.in_process_executor,
    )


defs = build_definitions(quiet_report)
