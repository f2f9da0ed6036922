"""What becomes of a run, written down in one deed with its record: accepted, refused, failed, with a person, or put down.

Every deed asks first whether the run is still this worker's. Not here: who decides which of them it is (submit.py,
reconcile.py).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from psycopg.types.json import Jsonb

from pipelines.submission.delivery_news import tell_delivered, tell_failed, tell_needs_person
from pipelines.submission.delivery_refusals import delivery_refusals
from pipelines.submission.lease import Lease
from warehouse import clock
from warehouse.audit.checkpoint import write_checkpoint
from warehouse.domain.audit_event import AuditEvent, Fact
from warehouse.domain.delivery import EvidenceKind, FoundReceipt, Outcome, Phase, RunStatus
from warehouse.ledger import deliveries, receipts
from warehouse.ledger.deliveries import Delivery, Evidence
from warehouse.ledger.run_requests import DELIVERY, settle_requests
from warehouse.ledger.store import SYSTEM, Deed, Ledger
from warehouse.ledger.submissions import Submission
from warehouse.redaction import redact_text
from warehouse.settings import Settings

LONGEST_MESSAGE, LONGEST_NEED = 4_000, 2_000


@dataclass(frozen=True)
class Held:
    """A run that this worker holds, with its offer and where to write."""

    ledger: Ledger
    settings: Settings
    run: Delivery
    submission: Submission
    lease: Lease

    def reread(self) -> Delivery:
        """Return the run as it is now."""
        with self.ledger.read() as tx:
            return deliveries.read_delivery(tx, self.run.id) or self.run


def accept(held: Held, found: FoundReceipt) -> None:
    """Write a receipt that the product read itself: the offer is submitted.

    Raises:
        WrongState: the ledger does not let it: another package stands by now, or there is a receipt already.
        Fenced: the run is another worker's.
    """
    at = clock.now()
    facts: dict[str, Fact] = {"number": found.number, "source": found.source.value, "evidence": found.evidence}
    with _ending(held, "accepted", **facts) as deed:
        receipts.add_receipt(deed, held.run, found, at=at)
        deliveries.submit_offer(deed, held.run.id)
        deliveries.add_step(deed, held.run.id, f"The receipt is {found.number}.")
        tell_delivered(deed, held.submission, found.number, key=f"delivery:{held.run.id}:accepted")
    write_checkpoint(held.ledger, held.settings, at=at)


def refuse(held: Held, words: str) -> None:
    """End a run that the office does not take, in its own words; nothing of it arrived."""
    _fail(held, "refused", words, Outcome.REFUSED)


def fail(held: Held, words: str) -> None:
    """End a run of which it is certain that nothing arrived, and say why."""
    _fail(held, "failed", words, Outcome.NONE)


def end_dry_run(held: Held, words: str) -> None:
    """End a dry run that reached the last act."""
    message = _tidy(words, LONGEST_MESSAGE)
    with _ending(held, "dry_run_ended") as deed:
        deliveries.add_step(deed, held.run.id, message)
        _end(deed, held, RunStatus.SUCCESS, Outcome.NONE, message)


def to_person(held: Held, words: str, **facts: Fact) -> None:
    """Leave a run to a person, with the reason; no worker takes it until the person says so."""
    why = _tidy(words, LONGEST_NEED)
    with _ending(held, "needs_person", **facts) as deed:
        deliveries.add_step(deed, held.run.id, why)
        deliveries.change_delivery(
            deed, held.run.id, needs_person=why, phase=Phase.WITH_A_PERSON.value, lease_until=None
        )
        number = len(deliveries.steps_of(deed, held.run.id))  # it may need a person more than once
        tell_needs_person(deed, held.submission, why, key=f"delivery:{held.run.id}:needs:{number}")


def put_down(held: Held, phase: Phase, words: str, *, after: timedelta, is_fault: bool = False, **columns: Any) -> None:
    """Let go of a run until it is due again; no record: nothing is decided."""
    with delivery_refusals(), held.ledger.housekeeping() as tx:
        held.lease.hold(tx)
        if words:
            deliveries.add_step(tx, held.run.id, _tidy(words, 1_000), is_fault=is_fault)
        deliveries.change_delivery(
            tx, held.run.id, phase=phase.value, lease_until=None, look_at=clock.now() + after, **columns
        )
        settle_requests(tx, DELIVERY, held.run.id)


def enter(held: Held, phase: Phase, words: str = "", **columns: Any) -> None:
    """Say what the run does from now on."""
    with delivery_refusals(), held.ledger.housekeeping() as tx:
        held.lease.hold(tx)
        deliveries.change_delivery(tx, held.run.id, phase=phase.value, **columns)
        if words:
            deliveries.add_step(tx, held.run.id, _tidy(words, 1_000))


def intend(held: Held, at: datetime) -> None:
    """Write the intent to deliver, and sign a checkpoint of the log that covers it: only then may anything leave.

    Raises:
        AuditBroken: the log does not verify.
    """
    if held.run.intended_at is None:
        event = _event(held, "intended", {"manifest_hash": held.run.manifest_hash, "reference": held.run.reference,
                                          "executor": held.run.executor, "profile": held.run.portal_profile_id})  # fmt: skip
        with delivery_refusals(), held.ledger.deed(event) as deed:
            held.lease.hold(deed)
            deliveries.change_delivery(deed, held.run.id, intended_at=at, phase=Phase.ACTING.value)
    else:
        enter(held, Phase.ACTING)
    write_checkpoint(held.ledger, held.settings, at=at)


def evidence_digest(evidence: Sequence[Evidence]) -> str:
    """Return the SHA-256 over what a run kept, as the log holds it: a line each, "position kind sha256"."""
    lines = "".join(f"{one.position} {one.kind.value} {one.sha256}\n" for one in evidence)
    return sha256(lines.encode()).hexdigest()


@contextmanager
def _ending(held: Held, verb: str, **facts: Fact) -> Iterator[Deed]:
    """A deed that ends this worker's part of a run: the offer is locked, what was kept enters the record by its hashes."""
    with delivery_refusals(), held.ledger.deed(_event(held, verb, facts)) as deed:
        held.lease.check()
        deliveries.hold_offer(deed, held.run.id, held.run.fence, seconds=held.lease.seconds)
        kept = deliveries.evidence_of(deed, held.run.id)
        pictures = [one.storage_path for one in kept if one.kind is EvidenceKind.SCREENSHOT]
        deliveries.change_delivery(deed, held.run.id, screenshots=Jsonb(pictures))
        settle_requests(deed, DELIVERY, held.run.id)
        deed.note(evidence_count=len(kept), evidence_sha256=evidence_digest(kept))
        yield deed


def _fail(held: Held, verb: str, words: str, outcome: Outcome) -> None:
    message = _tidy(words, LONGEST_MESSAGE)
    with _ending(held, verb, why=message) as deed:
        deliveries.add_step(deed, held.run.id, message, is_fault=True)
        _end(deed, held, RunStatus.FAILED, outcome, message)
        tell_failed(deed, held.submission, message, key=f"delivery:{held.run.id}:failed")


def _end(deed: Deed, held: Held, status: RunStatus, outcome: Outcome, message: str) -> None:
    deliveries.change_delivery(
        deed, held.run.id, status=status.value, outcome=outcome.value, phase=Phase.ENDED.value, message=message,
        needs_person="", lease_until=None, ended_at=clock.now(),
    )  # fmt: skip


def _event(held: Held, verb: str, facts: dict[str, Fact]) -> AuditEvent:
    run = held.run
    about: dict[str, Fact] = {"run": run.id, "manifest": run.manifest_id, **facts}
    return AuditEvent(f"delivery:{verb}", run.submission_id, SYSTEM, about, submission_ref=run.submission_id)


def _tidy(words: str, longest: int) -> str:
    said = redact_text(" ".join(words.replace("\x00", "").split())) or "no words"
    return said if len(said) <= longest else said[: longest - 1] + "…"
