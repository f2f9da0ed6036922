"""A run held by one worker: a thread lengthens its lease while an executor works, and says when it is lost.

A lease that ran out tells nothing about who held it: that worker may be dead or only slow. So the thread also keeps a mark in
PostgreSQL that ends with its process. Not here: what is done with a run (submit.py).
"""

import logging
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

import psycopg

from pipelines.submission.delivery_refusals import delivery_refusals
from pipelines.submission.executor import Fenced
from warehouse.errors import ProcuraError
from warehouse.ledger import deliveries
from warehouse.ledger.deliveries import Delivery
from warehouse.ledger.store import Ledger, Transaction

LEASE_SECONDS = 30
"""After that long without a sign of its worker a run is another one's; looks and acts of any length renew it themselves."""
LOG = logging.getLogger("procura.deliveries")


class Lease:
    """Holds a taken run for the time of the `with`."""

    def __init__(self, ledger: Ledger, run: Delivery, *, seconds: int = LEASE_SECONDS) -> None:
        self.run_id, self.fence, self.seconds = run.id, run.fence, seconds
        self.is_alone = False
        """Whether no earlier worker of this run lives: only then can nothing be under way any more."""
        self._ledger = ledger
        self._ended, self._begun = threading.Event(), threading.Event()
        self._is_lost = False
        self._until = time.monotonic() + seconds
        self._thread = threading.Thread(target=self._keep, name=f"lease of {run.id}", daemon=True)

    def __enter__(self) -> Self:
        """Mark the run as this process's and begin to lengthen."""
        self._thread.start()
        self._begun.wait(self.seconds)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the mark away; the lease itself ends by its time, or was given up by who put the run down."""
        self._ended.set()
        self._thread.join(self.seconds)

    def check(self) -> None:
        """Go on only while the run is this worker's.

        Raises:
            Fenced: it is not, or nobody knows.
        """
        if self._is_lost or time.monotonic() > self._until:
            raise Fenced("the lease ran out, or another worker holds this delivery")

    def hold(self, tx: Transaction) -> None:
        """Lock the run in a transaction that writes about it; stands within `delivery_refusals`.

        Raises:
            Fenced: another worker holds it.
        """
        self.check()
        started = time.monotonic()
        deliveries.hold_delivery(tx, self.run_id, self.fence, seconds=self.seconds)
        self._until = max(self._until, started + self.seconds)

    def _keep(self) -> None:
        # A connection that breaks takes the mark with it, which is as if this process had ended: the lease is then lost too.
        with suppress(ProcuraError, psycopg.Error), self._ledger.read() as marked:
            self.is_alone = not deliveries.is_taken_elsewhere(marked, self.run_id)
            self._begun.set()
            self._lengthen()
        self._begun.set()

    def _lengthen(self) -> None:
        while not self._ended.wait(self.seconds / 3):
            try:
                with delivery_refusals(), self._ledger.housekeeping() as tx:
                    self.hold(tx)
            except Fenced:
                self._is_lost = True
                return
            except ProcuraError as error:  # tried again while the lease lasts
                LOG.warning("the lease of delivery %s was not lengthened: %s", self.run_id, error)
