"""Runs the job in this process, pass after pass, until everything landed is read: what `procura run` does.

The first pass is small, so that the app shows rows soon; the later ones are large, so that a file of hundreds of MB does
not pay the way from lake to marts too often. Not here: the assets themselves.
"""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.errors import DagsterAssetCheckFailedError, DagsterExecutionInterruptedError

from assets.definitions import build_definitions
from assets.jobs import DISCOVERY, OF_DELIVERY
from assets.orphans import PROCESS_TAG
from pipelines.administration.processes import is_alive, process_name
from pipelines.discovery.connector import Progress, load_connectors
from warehouse.errors import WrongState

FIRST_PASS_RECORDS = 5_000
LATER_PASS_RECORDS = 50_000
COUNTS = ("landed", "accepted", "quarantined", "unchanged", "versions")
OF_MARKET = ("awards", "articles")
"""Assets that read what is no notice."""
GOING = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
# What a run has to say, errors apart, is in Dagster's store and on its pages.
QUIET = {"console": {"config": {"log_level": "CRITICAL"}}}


@dataclass
class RunSummary:
    """What one `procura run` did; the names are those of the command line's contract. Counts are of notices, those of `market`
    are of what is no notice, by its name."""

    landed: int = 0
    accepted: int = 0
    quarantined: int = 0
    unchanged: int = 0
    versions: int = 0
    open: int = 0
    scored: int = 0
    market: dict[str, dict[str, int]] = field(default_factory=dict)
    skipped_files: list[dict[str, str]] = field(default_factory=list)
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints; of awards and articles it speaks where some were read."""
        said = asdict(self)
        return said | {name: counts for name, counts in said.pop("market").items() if counts["landed"]}

    def reading(self) -> dict[str, Any]:
        """Return the part that a source without publishing has."""
        return {name: value for name, value in self.as_json().items() if name not in {"open", "scored"}}

    def in_words(self, *, is_published: bool = True) -> str:
        """Return the same for a person."""
        lines = [
            f"{self.landed:,} records read: {self.accepted:,} accepted ({self.unchanged:,} unchanged,"
            f" {self.versions:,} new versions), {self.quarantined:,} in quarantine."
        ]
        lines += [
            f"{counts['landed']:,} {name} read: {counts['accepted']:,} accepted ({counts['versions']:,} new or changed),"
            f" {counts['quarantined']:,} in quarantine."
            for name, counts in self.market.items()
            if counts["landed"]
        ]
        if is_published:
            lines.append(f"{self.open:,} opportunities are open, {self.scored:,} newly scored.")
        lines += [f"Skipped {file['name']}: {file['reason']}" for file in self.skipped_files]
        return "\n".join([*lines, f"{self.seconds:.1f} s."])


def run_passes(
    instance: dg.DagsterInstance, *, as_of: datetime | None, inbox: Path | None, progress: Progress
) -> RunSummary:
    """Run the whole graph until nothing landed is left unread.

    Args:
        instance: Dagster's store of this home; the stores must be open.
        as_of: The instant to look at the world from; None: the settings', else now.
        inbox: A folder to read instead of the usual ways.
        progress: Told how far each step has come.

    Raises:
        WrongState: a blocking check does not hold.
        ProcuraError: what a step met; everything of earlier passes is kept.
    """
    began = time.monotonic()
    world = {"as_of": as_of.isoformat() if as_of else "", "inbox": str(inbox.resolve()) if inbox else ""}
    summary, bound, selection = RunSummary(), FIRST_PASS_RECORDS, None
    defs = build_definitions(progress)
    while True:
        _wait_for_turn(instance, progress)
        said = _run_job(defs, instance, world=world, max_records=bound, selection=selection)
        _add(summary, said)
        if not said.get("notices", {}).get("has_more"):
            break
        # What was landed is landed: later passes begin with reading it.
        of_job = defs.resolve_job_def(DISCOVERY).asset_layer.selected_asset_keys
        bound, selection = LATER_PASS_RECORDS, [key for key in of_job if not _is_raw(key)]
    summary.seconds = round(time.monotonic() - began, 2)
    return summary


def discover_sources(
    instance: dg.DagsterInstance, sources: list[str], *, since: datetime | None = None, progress: Progress
) -> RunSummary:
    """Land and read some sources, without publishing or scoring.

    Args:
        instance: Dagster's store of this home; the stores must be open.
        sources: Names of connectors.
        since: What is older need not be sent again; older files of the inbox are skipped.
        progress: Told how far each step has come.

    Raises:
        WrongState: a blocking check does not hold.
        ProcuraError: what a step met.
    """
    began = time.monotonic()
    known = load_connectors()
    readers = sorted(
        {known[name].kind.value for name in sources}
    )  # the asset that reads a kind of records is named after it
    selection = [dg.AssetKey(name) for name in (*(f"raw_{name}" for name in sources), *readers)]
    summary = RunSummary()
    world = {"since": since.isoformat()} if since else {}
    _add(summary, _run_job(build_definitions(progress), instance, world=world, max_records=None, selection=selection))
    summary.seconds = round(time.monotonic() - began, 2)
    return summary


def run_upkeep(
    instance: dg.DagsterInstance, job: str, *, progress: Progress, sources: list[str] | None = None
) -> dict[str, Any]:
    """Run one job of upkeep.py and return what its only step returned.

    Raises:
        ProcuraError: what the step met.
    """
    _wait_for_turn(instance, progress)
    definition = build_definitions(progress).resolve_job_def(job)
    step = definition.graph.nodes[0].name
    config: dict[str, Any] = {"loggers": QUIET}
    if sources:
        config["ops"] = {step: {"config": {"names": sources}}}
    result = _execute(definition, instance, run_config=config)
    told: dict[str, Any] = result.output_for_node(step)
    return told


def _wait_for_turn(instance: dg.DagsterInstance, progress: Progress) -> None:
    """Wait while another run goes on that is no delivery, and say so; the pools would wait as well, but deaf to Ctrl-C."""
    waited = 0
    while any(
        is_alive(run.tags.get(PROCESS_TAG, "")) and not OF_DELIVERY.items() <= run.tags.items()
        for run in instance.get_runs(dg.RunsFilter(statuses=GOING))
    ):
        progress("waiting for another run to end", waited, None)
        time.sleep(1)
        waited += 1


def _is_raw(key: dg.AssetKey) -> bool:
    return key.path[-1].startswith("raw_")


def _run_job(
    defs: dg.Definitions,
    instance: dg.DagsterInstance,
    *,
    world: Mapping[str, str],
    max_records: int | None,
    selection: list[dg.AssetKey] | None,
) -> dict[str, dict[str, Any]]:
    """Run the job once and return each asset's counts by its name."""
    config: dict[str, Any] = {"resources": {"world": {"config": dict(world)}}, "loggers": QUIET}
    if max_records is not None:
        config["ops"] = {"notices": {"config": {"max_records": max_records}}}
    result = _execute(defs.resolve_job_def(DISCOVERY), instance, run_config=config, asset_selection=selection)
    told = (event.step_materialization_data.materialization for event in result.get_asset_materialization_events())
    return {made.asset_key.path[-1]: {name: value.value for name, value in made.metadata.items()} for made in told}


def _execute(
    job: dg.JobDefinition,
    instance: dg.DagsterInstance,
    *,
    run_config: dict[str, Any],
    asset_selection: list[dg.AssetKey] | None = None,
) -> dg.ExecuteInProcessResult:
    """Run a job in this process, tagged with it; turn Dagster's ways of failing into ours."""
    try:
        return job.execute_in_process(
            run_config=run_config,
            instance=instance,
            asset_selection=asset_selection,
            tags={PROCESS_TAG: process_name()},
        )
    except DagsterExecutionInterruptedError as error:
        raise KeyboardInterrupt from error
    except dg.Failure as error:
        if isinstance(error.__cause__, DagsterExecutionInterruptedError):
            raise KeyboardInterrupt from error
        raise
    except DagsterAssetCheckFailedError as error:
        raise WrongState(
            f"a check of the data does not hold: {error}",
            kept="what was published before; nothing that depends on the check was touched.",
            todo="look at the check in Dagster's pages, or with `procura sql`.",
        ) from error


def _add(summary: RunSummary, said: Mapping[str, Mapping[str, Any]]) -> None:
    for name in COUNTS:
        setattr(summary, name, getattr(summary, name) + int(said.get("notices", {}).get(name, 0)))
    for kind in OF_MARKET:
        before, read = summary.market.get(kind, {}), said.get(kind, {})
        summary.market[kind] = {name: before.get(name, 0) + int(read.get(name, 0)) for name in COUNTS}
    summary.open = int(said.get("opportunities", {}).get("open", summary.open))
    summary.scored += int(said.get("fit_scores", {}).get("scored", 0))
    for name, counts in said.items():
        if name.startswith("raw_"):
            # What lies beside the folders of all sources is told by each of them.
            summary.skipped_files += [
                file for file in counts.get("skipped_files", []) if file not in summary.skipped_files
            ]
