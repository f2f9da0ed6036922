"""Requests for runs: a page writes one beside its audit event, the pipeline claims it once and settles it.

One open request a job and subject: a partial unique index refuses a second click. Requests of the job `delivery` are
written, claimed and settled by the app's role, which holds deliveries. Not here: launching (assets/sensors.py).
"""

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from warehouse.domain.audit_event import AuditEvent
from warehouse.ledger.store import SYSTEM, Ledger, Transaction

DELIVERY = "delivery"
"""The job whose requests are about one run of an offer each, their subject."""

ASSESSMENT = "assessment"
"""The job whose requests are about one opportunity each, their subject: a model is asked about it anew."""

AT_ONCE = 100
"""Requests looked at per look; the rest waits for the next one, a few seconds later."""


@dataclass(frozen=True)
class RunRequest:
    """One request that is still open: which job, which attempt, whether a run has claimed it, and what it is about."""

    id: str
    job: str
    attempt: int
    is_claimed: bool
    subject: str = ""

    @property
    def run_key(self) -> str:
        """The run's key: with the id alone, a failed request could never be tried again."""
        return f"{self.id}-{self.attempt}"


def ask_for_run(tx: Transaction, job: str, subject: str, *, by: str | None, at: datetime) -> None:
    """Write a request within a deed; nothing where one about the same is open already.

    Args:
        by: A profile's id; None is the product itself, which may ask only for deliveries.
    """
    tx.execute(
        "insert into run_requests (id, job, subject, requested_by, requested_at) select %(id)s, %(job)s, %(subject)s, %(by)s, %(at)s"
        " where not exists (select from run_requests where job = %(job)s and subject = %(subject)s and state in ('pending', 'running'))",
        {"id": str(uuid.uuid4()), "job": job, "subject": subject, "by": by, "at": at},
    )


def open_requests(ledger: Ledger, *, jobs: Collection[str] | None = None, limit: int = AT_ONCE) -> list[RunRequest]:
    """Return the requests that are pending or running, oldest first.

    Args:
        jobs: Of these jobs alone; None: of all.
    """
    with ledger.read() as tx:
        rows = tx.rows(
            "select id::text, job, attempt, state = 'running' as is_claimed, subject from run_requests"
            " where state in ('pending', 'running') and (%(jobs)s::text[] is null or job = any(%(jobs)s))"
            " order by requested_at limit %(limit)s",
            {"jobs": None if jobs is None else list(jobs), "limit": limit},
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


def claim_subject(ledger: Ledger, request_id: str | None, run_id: str) -> str:
    """Take a request for a run, once, and return what it is about; "" where there is none or another run holds it."""
    if not request_id or not claim_request(ledger, request_id, run_id):
        return ""
    with ledger.read() as tx:
        row = tx.row("select subject from run_requests where id = %s", [request_id])
    return str(row["subject"]) if row else ""


def claim_asked(ledger: Ledger, request_id: str | None, run_id: str) -> tuple[str, str]:
    """Take a request for a run, once, and return what it is about and who asked; two empty texts where there is none."""
    if not request_id or not claim_request(ledger, request_id, run_id):
        return "", ""
    with ledger.read() as tx:
        row = tx.row("select subject, requested_by::text as who from run_requests where id = %s", [request_id])
    return (row["subject"], row["who"] or SYSTEM) if row else ("", "")


def is_asked(tx: Transaction, job: str, subject: str) -> bool:
    """Say whether a request about this is open."""
    known = "select 1 from run_requests where job = %s and subject = %s and state in ('pending', 'running')"
    return tx.row(known, [job, subject]) is not None


def settle_requests(tx: Transaction, job: str, subject: str) -> None:
    """Write, within a deed that did what was asked, that nobody asks for it any more."""
    tx.execute(
        "update run_requests set state = 'success' where job = %s and subject = %s and state in ('pending', 'running')",
        [job, subject],
    )


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


def asked_since(tx: Transaction, job: str, subjects: Collection[str], *, since: datetime) -> set[str]:
    """Return those of the subjects for which a request is open, or was written since an instant."""
    rows = tx.rows(
        "select distinct subject from run_requests where job = %s and subject = any(%s)"
        " and (state in ('pending', 'running') or requested_at > %s)",
        [job, list(subjects), since],
    )
    return {row["subject"] for row in rows}
