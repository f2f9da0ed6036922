"""Dagster's definitions load, their order is the flow, and what holds for every asset holds for each."""

import itertools
from pathlib import Path

import dagster as dg
import pytest
import yaml

from assets import checks
from assets.definitions import defs, find_checks
from assets.deliveries import AT_ONCE, POOL, deliveries
from assets.jobs import KIND_TAG
from assets.market import raw_awards
from warehouse.lake.marts import mart_names
from warehouse.settings import ROOT

SOURCES = {"raw_govcon", "raw_grants_gov", "raw_sam_gov"}
FLOW = ["notices", "opportunities", "published_opportunities", "fit_scores", "ledger_snapshot"]
BLOCKING = {
    "audit_chain_is_unbroken",
    "no_duplicate_current_notices",
    "deadlines_carry_zones_or_marks",
    "nothing_lost_between_layers",
    "published_equals_open",
    "scores_in_range",
}


def _assets() -> list[dg.AssetsDefinition]:
    return [asset for asset in defs.assets or () if isinstance(asset, dg.AssetsDefinition)]


def test_delivery_hangs_on_the_audit_log_alone_and_is_never_repeated_by_dagster() -> None:
    graph = defs.resolve_asset_graph()
    assert graph.get(dg.AssetKey("deliveries")).parent_keys == {dg.AssetKey("audit_log")}
    assert deliveries.op.retry_policy is None
    assert deliveries.op.pool == POOL
    assert {"deliveries", "audit_log_audit_chain_is_unbroken"} == set(defs.resolve_job_def("delivery").graph.node_dict)
    assert "deliveries" not in defs.resolve_job_def("discovery").graph.node_dict


def test_deliveries_and_the_lake_do_not_wait_for_each_other() -> None:
    limits = yaml.safe_load((ROOT / "dagster.yaml").read_text())["concurrency"]["runs"]
    by_kind = {one["value"]: one["limit"] for one in limits["tag_concurrency_limits"]}
    assert by_kind == {"lake": 2, "delivery": AT_ONCE}
    assert sum(by_kind.values()) < limits["max_concurrent_runs"]
    kinds = {
        name: defs.resolve_job_def(name).tags.get(KIND_TAG)
        for name in ("discovery", "delivery", "rebuild_lake", "delivery")
    }
    assert kinds == {"discovery": "lake", "rebuild_lake": "lake", "delivery": "delivery"}


def test_assets_follow_each_other_as_the_flow_says() -> None:
    graph = defs.resolve_asset_graph()
    assert graph.get(dg.AssetKey("notices")).parent_keys == {dg.AssetKey(name) for name in SOURCES}
    for earlier, later in itertools.pairwise(FLOW):
        assert graph.get(dg.AssetKey(later)).parent_keys == {dg.AssetKey(earlier)}
    of_market = {"agency_spend", "competitors", "incumbents", "recompetes"}
    for mart in mart_names():
        parents = {"ledger_snapshot", "awards"} if mart in of_market else {"ledger_snapshot"}
        assert graph.get(dg.AssetKey(mart)).parent_keys == {dg.AssetKey(name) for name in parents}
    assert graph.get(dg.AssetKey("assessments")).parent_keys == {dg.AssetKey("fit_scores")}
    # No market is waited for: awards are asked for when the notices have their scores, and last of what is ready then.
    assert graph.get(dg.AssetKey("raw_usaspending")).parent_keys == {dg.AssetKey("fit_scores")}
    assert {one.op.tags.get("dagster/priority") for one in raw_awards} == {"-1"}
    assert graph.get(dg.AssetKey("awards")).parent_keys == {dg.AssetKey("raw_usaspending")}
    beside = {
        *("audit_log", "deliveries", "assessments", "second_looks"),
        *("raw_usaspending", "awards", "raw_newsapi", "articles"),
    }
    assert graph.get(dg.AssetKey("raw_newsapi")).parent_keys == {dg.AssetKey("fit_scores")}
    assert graph.get(dg.AssetKey("articles")).parent_keys == {dg.AssetKey("raw_newsapi")}
    assert {key.path[-1] for key in graph.get_all_asset_keys()} == {*SOURCES, *FLOW, *mart_names(), *beside}


def test_a_second_look_belongs_to_its_request_and_to_no_discovery() -> None:
    assert set(defs.resolve_job_def("assessment").graph.node_dict) == {"second_looks"}
    assert "second_looks" not in defs.resolve_job_def("discovery").graph.node_dict


@pytest.mark.parametrize(
    "asset", [one for one in _assets() if one is not deliveries], ids=lambda asset: asset.key.path[-1]
)
def test_every_asset_has_group_description_retries_and_a_pool_of_its_own(asset: dg.AssetsDefinition) -> None:
    assert asset.group_names_by_key[asset.key] in {"raw", "core", "published", "scored", "marts"}
    assert asset.descriptions_by_key[asset.key]
    policy = asset.op.retry_policy
    assert policy is not None
    assert policy.backoff is dg.Backoff.EXPONENTIAL
    pool = asset.op.pool
    assert pool
    assert [other.key for other in _assets() if other.op.pool == pool] == [asset.key]


def test_one_file_is_one_check_of_its_name() -> None:
    files = sorted(path.stem for path in Path(checks.__path__[0]).glob("*.py") if path.stem != "__init__")
    found = {spec.name: spec for check in find_checks() for spec in check.check_specs}
    assert sorted(found) == files
    assert {name for name, spec in found.items() if spec.blocking} == BLOCKING


def test_every_job_runs_in_one_process() -> None:
    jobs = (
        "discovery",
        "rebuild_lake",
        "retry_quarantined",
        "maintain_lake",
        "send_notices",
        "follow_up",
        "read_batches",
    )
    for name in jobs:
        assert defs.resolve_job_def(name).executor_def is dg.in_process_executor


def test_schedules_and_sensors_are_on_from_the_start() -> None:
    repository = defs.get_repository_def()
    for schedule in ("daily_discovery", "nightly_audit", "nightly_upkeep", "half_hourly_follow_up"):
        assert repository.get_schedule_def(schedule).default_status is dg.DefaultScheduleStatus.RUNNING
    for sensor in ("requested_runs", "due_deliveries", "due_notices", "due_batches"):
        assert repository.get_sensor_def(sensor).default_status is dg.DefaultSensorStatus.RUNNING


def test_settings_file_is_a_template_without_secrets() -> None:
    text = (ROOT / "dagster.yaml").read_text()
    assert "env: PROCURA_DAGSTER_DATABASE_URL" in text
    assert "postgresql://" not in text
