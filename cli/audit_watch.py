"""The process of `procura up` that signs the log: after a hundred records, or a minute, and once more at the end.

It also freezes packages that all have signed and whose last signature was cut off before (finish_approvals).
It needs neither the app nor Dagster. A fault is told (log, status, banner) and tried again; it never stops the others.
"""

import time
from datetime import timedelta

from cli.stop_signal import StopSignal
from pipelines.administration.audit_log import sign_log
from pipelines.submission.approval_freeze import PATIENCE, finish_approvals
from warehouse.audit.checkpoint import log_size, newest_checkpoint
from warehouse.audit.signer import signer
from warehouse.audit.witness import bring_to_all, forget_signing_fault, remember_signing_fault
from warehouse.clock import now
from warehouse.errors import ProcuraError, StoreUnavailable
from warehouse.ledger.store import Ledger, open_ledger
from warehouse.settings import Settings

LOOK_SECONDS = 0.5
MOST_RECORDS = 100
LONGEST_WAIT = timedelta(seconds=55)
"""Under a minute, with the time that looking and signing take."""
FINISH_SECONDS = 10.0
PAUSE_SECONDS = 10.0
"""After a fault: PostgreSQL may be starting again, a broken log needs a person."""


def watch_log(settings: Settings) -> None:
    """Sign again and again until the process is asked to stop."""
    stop, ledger, said, finish_at = StopSignal(), open_ledger(), "", 0.0
    while not stop.is_set():
        try:
            look(ledger, settings)
            if time.monotonic() >= finish_at:
                finish_at = time.monotonic() + FINISH_SECONDS
                finish_approvals(ledger, settings, at=now(), patience=PATIENCE)
            forget_signing_fault(settings)
            pause, said = LOOK_SECONDS, ""
        except ProcuraError as error:
            if error.what != said:
                print(error, flush=True)
            said, pause = error.what, PAUSE_SECONDS
            if not isinstance(error, StoreUnavailable):
                remember_signing_fault(settings, error.what, at=now())
        end = time.monotonic() + pause
        while not stop.is_set() and time.monotonic() < end:
            time.sleep(0.1)
    try:
        sign_log(ledger, settings, at=now())
    except ProcuraError as error:
        print(error, flush=True)


def look(ledger: Ledger, settings: Settings) -> None:
    """Sign when enough has come together; bring what a second place still misses."""
    with ledger.read() as tx:
        newest = newest_checkpoint(tx.connection)
        covered = newest.size if newest else 0
        waiting = log_size(tx.connection) - covered
        oldest = tx.row("select at from audit_logs where seq = %s", [covered + 1]) if waiting > 0 else None
    if waiting < 0 or waiting >= MOST_RECORDS or (oldest is not None and now() - oldest["at"] >= LONGEST_WAIT):
        sign_log(ledger, settings, at=now())
    else:
        bring_to_all(ledger, settings, signer(settings).origin, at=now())
