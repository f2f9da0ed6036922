"""What follows from batches: what they answered is concluded, and what it leads to is put into the next batch.

Called by a run before it asks anything new, and by a run of its own while batches are out. What a batch left unanswered is asked by
itself here, with the other vendor behind as always. Not here: reading (bulk_read.py), the cascade itself (assess.py).
"""

from collections.abc import Callable
from datetime import datetime

from pipelines.qualification.assess import OFFLINE, Assessed, assess_opportunities, chosen_provider
from pipelines.qualification.bulk_read import read_batches
from warehouse.clock import now
from warehouse.ledger.llm_batches import finish, settled_opportunities
from warehouse.ledger.store import Ledger


def follow_batches(ledger: Ledger, *, clock: Callable[[], datetime] = now) -> Assessed:
    """Read what has ended, conclude from it, and send what follows as further batches (role: pipeline).

    Killed in between, a batch stays settled and not done: the next call concludes again from the kept answers, free of charge.
    Where an admin has set nobody to be asked meanwhile, answers are kept and nothing is concluded.
    """
    done = Assessed()
    is_offline = chosen_provider(ledger) == OFFLINE
    for read in read_batches(ledger, clock):
        if not (read.settled or read.is_settled):
            continue
        if not is_offline:
            with ledger.read() as tx:
                ids = list(dict.fromkeys(settled_opportunities(tx, read.batch.id)))
            done.add(assess_opportunities(ledger, ids, provider=read.batch.provider, clock=clock, in_bulk=True))
        if read.is_settled:
            with ledger.housekeeping() as tx:
                finish(tx, read.batch.id)
    return done
