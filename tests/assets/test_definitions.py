"""Dagster's definitions load, their order is the flow, and what holds for every asset holds for each."""

import itertools
from pathlib import Path

import dagster as dg
import pytest

from assets import checks
from assets.definitions import defs, find_checks
from warehouse.lake.marts import mart_names
from warehouse.settings import ROOT

FLOW = ["raw_sam_gov", "notices", "opportunities", "published_opportunities", "fit_scores", "ledger_snapshot"]
BLOCKING = {
    "no_duplicate_current_notices",
    "deadlines_carry_zones_or_marks",
    "nothing_lost_between_layers",
    "published_equals_open",
    "scores_in_range",
}


def _assets() -> list[dg.AssetsDefinition]:
    return [asset for asset in defs.assets or () if isinstance(asset, dg.AssetsDefinition)]


def test_assets_follow_each_other_as_the_flow_says() -> None:
    graph = defs.resolve_asset_graph()
    for earlier, later in itertools.pairwise(FLOW):
        assert graph.get(dg.AssetKey(later)).parent_keys == {dg.AssetKey(earlier)}
    for mart in mart_names():
        assert graph.get(dg.AssetKey(mart)).parent_keys == {dg.AssetKey("ledger_snapshot")}
    assert {key.path[-1] for key in graph.get_all_asset_keys()} == {*FLOW, *mart_names()}


@pytest.mark.parametrize("asset", _assets(), ids=lambda asset: asset.key.path[-1])
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
    for name in ("discovery", "rebuild_lake", "retry_quarantined"):
        assert defs.resolve_job_def(name).executor_def is dg.in_process_executor


def test_schedule_and_sensor_are_on_from_the_start() -> None:
    repository = defs.get_repository_def()
    assert repository.get_schedule_def("daily_discovery").default_status is dg.DefaultScheduleStatus.RUNNING
    assert repository.get_sensor_def("requested_runs").default_status is dg.DefaultSensorStatus.RUNNING


def test_settings_file_is_a_template_without_secrets() -> None:
    text = (ROOT / "dagster.yaml").read_text()
    assert "env: PROCURA_DAGSTER_DATABASE_URL" in text
    assert "postgresql://" not in text
