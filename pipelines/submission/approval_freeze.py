"""What the product does by itself once all have signed: read the bytes again, freeze the package, write a checkpoint.

Signed and frozen are two transactions: what a kill leaves between them is completed by `finish_approvals`, which may run
at any time and any number of times. Not here: signing (approvals.py).
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipelines.submission.approval_refusals import approval_refusals
from pipelines.submission.package import verify_bytes
from warehouse.audit.checkpoint import write_checkpoint
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.notification import NotificationKind
from warehouse.domain.submission import SubmissionStatus
from warehouse.errors import ProcuraError, WrongState
from warehouse.ledger import approvals
from warehouse.ledger.notifications import tell
from warehouse.ledger.package_manifests import Manifest, read_manifest
from warehouse.ledger.store import SYSTEM, Deed, Ledger
from warehouse.ledger.submissions import Submission, read_submission
from warehouse.settings import Settings

PATIENCE = timedelta(seconds=30)
"""After that long the process that took the last signature is gone; reading a large package again takes seconds."""
LOG = logging.getLogger("procura.approvals")


@dataclass(frozen=True)
class Finished:
    """What finishing did: offers that became approved, offers whose package was void, and faults that leave one waiting."""

    approved: tuple[str, ...]
    voided: tuple[str, ...]
    faults: tuple[str, ...]


def finish_approvals(
    ledger: Ledger, settings: Settings, *, at: datetime, patience: timedelta | None = None
) -> Finished:
    """Freeze every package that all have signed, and sign a checkpoint of the log; nothing where nothing waits.

    Args:
        patience: How long ago the last signature was given at least: the process that took it does this itself. None: any.

    Raises:
        StoreUnavailable: PostgreSQL does not answer.
        AuditBroken: the log does not verify; what was frozen stays frozen.
    """
    with ledger.read() as tx:
        waiting = approvals.fully_signed(tx, before=None if patience is None else at - patience)
    approved, voided, faults = list[str](), list[str](), list[str]()
    for submission_id in waiting:
        try:
            done = _freeze(ledger, submission_id)
        except (ProcuraError, OSError) as error:  # one offer's fault leaves the others their turn
            LOG.warning("offer %s is signed and not frozen: %s", submission_id, error)
            faults.append(f"offer {submission_id} is signed and not frozen: {error}")
            continue
        if done is not None:
            (approved if done is SubmissionStatus.APPROVED else voided).append(submission_id)
    if approved:
        write_checkpoint(ledger, settings, at=at)
    return Finished(tuple(approved), tuple(voided), tuple(faults))


def waiting_approvals(ledger: Ledger, *, at: datetime) -> list[str]:
    """Return the offers that all have signed and whose package is still not frozen after 30 seconds."""
    with ledger.read() as tx:
        return approvals.fully_signed(tx, before=at - PATIENCE)


def void_changed(ledger: Ledger, submission: Submission, manifest: Manifest, fault: str) -> SubmissionStatus | None:
    """Void the package of an offer whose bytes are not what was signed, and tell those concerned.

    Returns:
        Where the offer is then; None where another package stands by now.
    """
    event = AuditEvent("package:voided", manifest.id, SYSTEM, {"why": fault, "manifest_hash": manifest.hash, "package": manifest.number},
                       submission_ref=submission.id)  # fmt: skip
    reached = None
    with approval_refusals(), ledger.deed(event) as deed:
        signers = [s.approver_id for s in approvals.chain_of(deed, manifest.id) if s.approver_id]
        reached = approvals.void_changed(deed, submission.id, manifest.hash, f"bytes changed: {fault}")
        if reached is None:
            deed.nothing_happened()
        deed.note(to=reached.value if reached else None)
        people = [*approvals.people_of(submission.owner_id, submission.members), *signers]
        tell(deed, people, NotificationKind.VOIDED, f"The package of “{submission.title}” is void. {fault}",
             key=f"approval:{manifest.id}:voided", submission_id=submission.id)  # fmt: skip
    return reached


def _freeze(ledger: Ledger, submission_id: str) -> SubmissionStatus | None:
    """Freeze one package, or void it where its bytes are others; None where somebody else did it meanwhile."""
    with ledger.read() as tx:
        submission = read_submission(tx, submission_id)
        manifest = read_manifest(tx, submission.manifest_id) if submission else None
    if submission is None or manifest is None:
        return None
    if faults := verify_bytes(ledger, manifest):
        return void_changed(ledger, submission, manifest, faults[0])
    event = AuditEvent("package:frozen", manifest.id, SYSTEM, {"manifest_hash": manifest.hash, "package": manifest.number},
                       submission_ref=submission_id)  # fmt: skip
    try:
        with approval_refusals(), ledger.deed(event) as deed:
            approvals.freeze(deed, submission_id)
            _tell_approved(deed, submission, manifest)
    except WrongState as error:
        with ledger.read() as tx:
            now = read_submission(tx, submission_id)
        if now is None or now.manifest_id != manifest.id or now.status is not SubmissionStatus.PENDING_APPROVAL:
            return None  # frozen, taken back or voided meanwhile
        return void_changed(ledger, submission, manifest, error.what)
    return SubmissionStatus.APPROVED


def _tell_approved(deed: Deed, submission: Submission, manifest: Manifest) -> None:
    tell(deed, approvals.people_of(submission.owner_id, submission.members), NotificationKind.APPROVED,
         f"“{submission.title}” is approved: all have signed package {manifest.number}, and it is frozen.",
         key=f"approval:{manifest.id}:approved", submission_id=submission.id)  # fmt: skip
