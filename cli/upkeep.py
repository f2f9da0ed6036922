"""Runs one upkeep job of the lake in this process, with stores and Dagster's store opened for it."""

from typing import Any

from cli.output import progress_line
from cli.state import is_held
from warehouse.settings import current


def run_upkeep_job(job: str, *, sources: list[str] | None = None) -> dict[str, Any]:
    """Run a job of assets/upkeep.py to its end and return what it says.

    Raises:
        ProcuraError: what it met.
    """
    from assets.instance import open_instance
    from assets.orphans import settle_orphans
    from assets.passes import run_upkeep
    from warehouse.stores import open_stores

    settings = current()
    with progress_line() as line, open_stores(settings), open_instance(settings) as instance:
        settle_orphans(instance, nobody_serves=not is_held(settings))
        return run_upkeep(instance, job, progress=line, sources=sources)
