"""Runs one upkeep job of the lake in this process, with stores and Dagster's store opened for it."""

from typing import Any

from cli.in_process import open_jobs
from warehouse.settings import current


def run_upkeep_job(job: str, *, sources: list[str] | None = None) -> dict[str, Any]:
    """Run a job of assets/upkeep.py to its end and return what it says.

    Raises:
        ProcuraError: what it met.
    """
    from assets.passes import run_upkeep

    with open_jobs(current()) as (instance, line):
        return run_upkeep(instance, job, progress=line, sources=sources)
