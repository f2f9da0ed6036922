"""Rows of what portals say of accepted offers later: validated, at the agency, rejected. A row is never changed.

What a rejection does to the run and its offer is the function's to say (0020_portal_statuses.sql). Not here: asking a portal
(pipelines/submission/executors).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from warehouse.domain.delivery import Standing
from warehouse.ledger.deliveries import Delivery, read_delivery
from warehouse.ledger.store import Deed, Transaction


@dataclass(frozen=True)
class PortalStatus:
    """One thing that a portal said, in its words; `at` is when it was read, UTC."""

    run_id: str
    position: int
    status: str
    words: str
    is_final: bool
    is_rejection: bool
    at: datetime


def statuses_of(tx: Transaction, run_id: str) -> list[PortalStatus]:
    """Return what a portal said of a run, the first first."""
    rows = tx.rows(
        "select run_id::text as run_id, position, status, words, is_final, is_rejection, at from portal_statuses"
        " where run_id = as_uuid(%s) order by position",
        [run_id],
    )
    return [PortalStatus(**row) for row in rows]


def accepted_since(tx: Transaction, executors: Collection[str], since: datetime) -> list[Delivery]:
    """Return the accepted runs of these ways that ended since then and of which more may be heard, the oldest first."""
    rows = tx.rows(
        "select r.id::text as id from submission_runs r where r.outcome = 'accepted' and r.executor = any(%s) and r.ended_at >= %s"
        " and not exists (select from portal_statuses s where s.run_id = r.id and s.is_final) order by r.ended_at",
        [list(executors), since],
    )
    return [run for row in rows if (run := read_delivery(tx, row["id"])) is not None]


def note_status(deed: Deed, run_id: str, said: Standing) -> bool:
    """Write what a portal says, unless it is what it said last; a rejection takes the acceptance back. True when it was new."""
    row = deed.row(
        "select note_portal_status(%s, %s, %s, %s, %s) as is_new",
        [run_id, said.status[:100], said.words[:2000], said.is_final, said.is_rejection],
    )
    return bool(row and row["is_new"])
