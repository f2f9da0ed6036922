"""Requests for runs: a page writes one beside its audit event, the pipeline claims it once and settles it.

One open request a job: a partial unique index refuses a second click. Not here: launching (assets/sensors.py).
"""

from collections.abc import Callable
from dataclasses import dataclass

from warehouse.domain.audit_event import AuditEvent
from warehouse.ledger.store import SYSTEM, Ledger

AT_ONCE = 10
"""Requests looked at per look; the rest waits for the next one, a few seconds later."""


@dataclass(frozen=True)
class RunRequest:
    """One request that is still open: which job, which attempt, and whether a run has claimed it."""

    id: str
    job: str
    attempt: int
    is_claimed: bool

    @property
    def run_key(self) -> str:
        """The run's key: with the id alone, a failed request could never be tried again."""
        return f"{self.id}-{self.attempt}"


def open_requests(ledger: Ledger) -> list[RunRequest]:
    """Return the requests that are pending or running, oldest first."""
    with ledger.read() as tx:
        rows = tx.rows(
            "select id::text, job, attempt, state = 'running' as is_claimed from run_requests"
            " where state in ('pending', 'running') order by requested_at limit %s",
            [AT_ONCE],
        )
    return [RunRequest(**row) for row in rows]


def claim_request(ledger: Ledger, request_id: str, run_id: str) -> bool:
    """Take a request for a run, once. Say whether this run holds it: now, or since an earlier step of its own."""
    with ledger.read() as tx:
        own = "select 1 from run_requests where id = %s and state = 'running' and run_id = %s"
        if tx.row(own, [request_id, run_id]):
            return True
    has_claimed = False
    with ledger.deed(AuditEvent("run_request:claimed", request_id, SYSTEM, {"run_id": run_id})) as deed:
        claimed = deed.execute(
            "update run_requests set state = 'running', run_id = %s where id = %s and state = 'pending'",
            [run_id, request_id],
        )
        has_claimed = claimed.rowcount == 1
        if not has_claimed:
            deed.nothing_happened()
    return has_claimed


def settle_finished(ledger: Ledger, outcome: Callable[[RunRequest], bool | None]) -> int:
    """Write the end of every open request whose run has one, and return how many.

    Args:
        ledger: As the pipeline.
        outcome: True when the request's run succeeded, False when it failed or cannot come back, None while it goes on.
    """
    settled = 0
    for request in open_requests(ledger):
        result = outcome(request)
        if result is not None:
            _settle(ledger, request, is_success=result)
            settled += 1
    return settled


def _settle(ledger: Ledger, request: RunRequest, *, is_success: bool) -> None:
    state, detail = ("success", "") if is_success else ("failed", "the run failed, was cancelled or was cut off")
    with ledger.deed(AuditEvent("run_request:settled", request.id, SYSTEM, {"state": state})) as deed:
        done = deed.execute(
            "update run_requests set state = %s, detail = %s where id = %s and state in ('pending', 'running')",
            [state, detail, request.id],
        )
        if done.rowcount == 0:
            deed.nothing_happened()
