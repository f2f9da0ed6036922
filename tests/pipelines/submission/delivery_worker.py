"""A worker process of deliveries that ends when nothing is left to do; it is killed. Run as a module: the office's file, a name."""

import sys
from pathlib import Path

from pipelines.submission.submit import work_deliveries
from tests.fakes.office import Office
from warehouse.ledger.store import open_ledger
from warehouse.settings import current


def main() -> None:
    office, worker = Office(Path(sys.argv[1])), sys.argv[2]
    work_deliveries(
        open_ledger(), current(), worker=worker, until_idle=True, executors={office.name: office},
        lease_seconds=int(sys.argv[3]) if len(sys.argv) > 3 else 2, pause_seconds=0.05,
    )  # fmt: skip


if __name__ == "__main__":
    main()
