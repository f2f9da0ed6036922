"""Dagster's own store for this home: its settings file, its making and opening.

Used by `procura run` in its own process and, as `python -m assets.instance`, by `procura up` before any other Dagster
process starts; there it also settles what a stop left half done (orphans.py). Not here: assets, jobs and resources.
"""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
from dagster._core.instance.ref import InstanceRef

from assets import definitions
from assets.deliveries import AT_ONCE, POOL
from assets.orphans import settle_orphans
from warehouse import logs
from warehouse.addresses import address
from warehouse.settings import ROOT, Settings, current
from warehouse.stores import open_stores


def database_url(settings: Settings) -> str:
    """Return the address of Dagster's own database; it holds a password: only for a child's environment."""
    return address("procura_dagster", "dagster", "psycopg2", settings)


@contextmanager
def open_instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """Open Dagster's store of this home, made or upgraded first by exactly one process. The stores must be open."""
    folder = settings.dagster_home
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (settings.run / "dagster.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        shutil.copyfile(ROOT / "dagster.yaml", folder / "dagster.yaml")
        ref = InstanceRef.from_dir(
            str(folder), overrides={"storage": {"postgres": {"postgres_url": database_url(settings)}}}
        )
        instance = dg.DagsterInstance.from_ref(ref)
        # The mark names the version: another Dagster brings its tables to its own shape before anybody uses them.
        mark = settings.run / "dagster.ready"
        if not mark.exists() or mark.read_text() != dg.__version__:
            instance.upgrade()
            mark.write_text(dg.__version__)
        _make_pools(instance)
    # Kept connections: a run asks its store some 300 times, and each new connection costs 5 ms and more.
    instance.optimize_for_webserver(statement_timeout=60_000, pool_recycle=3600, max_overflow=5)
    with instance:
        yield instance


def _make_pools(instance: dg.DagsterInstance) -> None:
    """Make the pools that are missing; one that an operator has set stands, but for the deliveries at once.

    Dagster makes a pool when a step first asks for it: of two runs that ask in the same moment one would die (its issue
    33552).
    """
    store = instance.event_log_storage
    known = {pool.name for pool in store.get_pool_limits()}
    for name in sorted(_pool_names() - known):
        store.set_concurrency_slots(name, 1)
    store.set_concurrency_slots(POOL, AT_ONCE)


def _pool_names() -> set[str]:
    jobs = definitions.defs.get_repository_def().get_all_jobs()
    return {op.pool for job in jobs for op in job.all_node_defs if isinstance(op, dg.OpDefinition) and op.pool}


if __name__ == "__main__":
    logs.start("dagster-store", takes_output=True)
    with open_stores(current()), open_instance(current()) as opened:
        for run_id in settle_orphans(opened, nobody_serves=True):
            print(f"run {run_id} had no process any more")  # noqa: T201 - into the supervisor's log
