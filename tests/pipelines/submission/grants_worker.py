"""A worker process of deliveries, with the ways that the product has, that ends when nothing is left to do; it is killed."""

import sys

from pipelines.submission.submit import work_deliveries
from warehouse.ledger.store import open_ledger
from warehouse.settings import current


def main() -> None:
    work_deliveries(
        open_ledger(), current(), worker=sys.argv[1], until_idle=True, lease_seconds=2, pause_seconds=0.05
    )  # fmt: skip


if __name__ == "__main__":
    main()
