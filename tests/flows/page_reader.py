"""What the pages ask, over and over, in a process of its own: `python -m tests.flows.page_reader SECONDS`."""

import json
import sys
import time

from warehouse.clock import now
from warehouse.lake.connection import open_lake
from warehouse.ledger.opportunities import list_opportunities, read_opportunity
from warehouse.ledger.opportunity_counts import facet_counts
from warehouse.ledger.opportunity_filter import OpportunityFilter
from warehouse.ledger.store import open_ledger


def read_for(seconds: float) -> dict[str, float]:
    """Read list, facets, one opportunity and the lake until the time is up; any error ends it."""
    ledger, lake = open_ledger("procura_app"), open_lake("procura_analyst", read_only=True)
    end, rounds, slowest = time.monotonic() + seconds, 0, 0.0
    while time.monotonic() < end:
        began = time.monotonic()
        with ledger.read() as tx:
            page = list_opportunities(tx, OpportunityFilter(text="maintenance"), at=now())
            facet_counts(tx, OpportunityFilter(), at=now())
            if page.rows:
                read_opportunity(tx, page.rows[0].id)
        lake.cursor().execute("select count(*) from core.notices where is_current").fetchone()
        lake.cursor().execute("select count(*) from core.quarantine").fetchone()
        slowest = max(slowest, time.monotonic() - began)
        rounds += 1
        time.sleep(0.05)
    return {"rounds": rounds, "slowest_seconds": round(slowest, 3)}


if __name__ == "__main__":
    print(json.dumps(read_for(float(sys.argv[1]))))
