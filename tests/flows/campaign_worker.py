"""A worker process of the campaign: deliveries by every way of the product, until nothing is left to do. It is killed."""

import sys

from pipelines.submission.submit import work_deliveries
from warehouse.ledger.store import open_ledger
from warehouse.settings import current


def main() -> None:
    """Work under the name given, with leases of so many seconds."""
    work_deliveries(
        open_ledger(), current(), worker=sys.argv[1], until_idle=True, lease_seconds=int(sys.argv[2]), pause_seconds=0.2
    )


if __name__ == "__main__":
    main()
