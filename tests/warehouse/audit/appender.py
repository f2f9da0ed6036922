"""A process that appends to the audit log until its time is over, and writes down what was acknowledged.

python -m tests.warehouse.audit.appender NAME SECONDS FILE [dies]
"""

import os
import signal
import sys
import time

from warehouse.domain.audit_event import AuditEvent
from warehouse.ledger.store import open_ledger


def main(name: str, seconds: float, path: str, *, dies: bool) -> None:
    """Append as fast as it goes; who dies, dies a third of the way through, holding the log's lock."""
    ledger, number, began = open_ledger(), 0, time.monotonic()
    with open(path, "w") as acknowledged:
        while (passed := time.monotonic() - began) < seconds:
            with ledger.deed(AuditEvent("soak:appended", f"{name}-{number}", "system", {"number": number})) as deed:
                if dies and passed > seconds / 3:
                    deed.execute("select audit_head()")
                    os.kill(os.getpid(), signal.SIGKILL)
            acknowledged.write(f"{name}-{number}\n")
            acknowledged.flush()
            number += 1


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), sys.argv[3], dies="dies" in sys.argv[4:])
