"""Everything Dagster is told; loaded by its code server. Checks are found by walking their folder: one file, one check."""

import importlib
import pkgutil

import dagster as dg

from assets import checks
from assets.audit import audit_jobs, audit_schedules
from assets.batches import due_batches, read_batches
from assets.core import notices, opportunities, published_opportunities
from assets.deliveries import Ways, audit_log, deliveries
from assets.follow_up import follow_up, half_hourly_follow_up
from assets.jobs import assessment, delivery, discovery
from assets.market import awards, raw_awards
from assets.marts import ledger_snapshot, mart_assets
from assets.news import articles, raw_news
from assets.notices import due_notices, send_notices
from assets.raw import raw_notices
from assets.resources import Stores, World, quiet_report
from assets.schedules import daily_discovery
from assets.scored import assessments, fit_scores, second_looks
from assets.sensors import due_deliveries, requested_runs
from assets.upkeep import upkeep_jobs, upkeep_schedules
from pipelines.discovery.connector import Progress


def find_checks() -> list[dg.AssetChecksDefinition]:
    """Return the check of each file in assets/checks: the function of the file's name."""
    names = sorted(module.name for module in pkgutil.iter_modules(checks.__path__))
    return [getattr(importlib.import_module(f"{checks.__name__}.{name}"), name) for name in names]


def build_definitions(report: Progress) -> dg.Definitions:
    """Return the whole of it; steps tell `report` how far they have come."""
    return dg.Definitions(
        assets=[
            *raw_notices,
            notices,
            opportunities,
            published_opportunities,
            fit_scores,
            *raw_awards,
            awards,
            *raw_news,
            articles,
            assessments,
            second_looks,
            ledger_snapshot,
            *mart_assets,
            audit_log,
            deliveries,
        ],
        asset_checks=find_checks(),
        jobs=[discovery, delivery, assessment, *upkeep_jobs, *audit_jobs, send_notices, follow_up, read_batches],
        schedules=[daily_discovery, *audit_schedules, *upkeep_schedules, half_hourly_follow_up],
        sensors=[requested_runs, due_deliveries, due_notices, due_batches],
        resources={"stores": Stores(), "world": World(), "ways": Ways(), "report": report},
        executor=dg.in_process_executor,
    )


defs = build_definitions(quiet_report)
