"""What happened in a workspace, read from the audit log: records that name the offer, the newest first.

Not here: the log as a whole (audit_records.py), which needs a right of its own.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from warehouse.domain.audit_event import Fact
from warehouse.ledger.store import Transaction


@dataclass(frozen=True)
class Happening:
    """One record of the log about one offer; `who` is an address, or `system` for the product itself."""

    seq: int
    at: datetime
    who: str
    action: str
    subject: str
    facts: Mapping[str, Fact]


def list_happenings(tx: Transaction, submission_id: str, *, limit: int = 100) -> list[Happening]:
    """Return the newest records about an offer; none where row security keeps the offer back."""
    rows = tx.rows(
        "select a.seq, a.at, coalesce(p.email, a.actor) as who, a.action, a.subject, a.body from audit_logs a"
        " left join profiles p on p.id = as_uuid(a.actor) where a.submission_ref = %s order by a.seq desc limit %s",
        [submission_id, limit],
    )
    return [Happening(facts=json.loads(bytes(row.pop("body")))["facts"], **row) for row in rows]


def last_happening(tx: Transaction, submission_id: str) -> int:
    """Return the number of the newest record about an offer: while it is the same, nothing happened."""
    row = tx.row("select seq from audit_logs where submission_ref = %s order by seq desc limit 1", [submission_id])
    return int(row["seq"]) if row else 0
