"""Approvals: a package is sent, signed step by step by people who did not work on it, rejected, or taken back.

PostgreSQL holds all of it a second time and alone decides; here it is asked in order and said in sentences. Not here: the
queue (approval_queue.py), freezing (approval_freeze.py), the rule of steps (approval_steps.py), standing in (delegations.py).
"""

from dataclasses import dataclass
from datetime import datetime

from pipelines.submission.approval_freeze import finish_approvals, void_changed
from pipelines.submission.approval_refusals import NOTHING, approval_refusals
from pipelines.submission.held import held_for
from pipelines.submission.look_up import find_for, find_submission, stands
from pipelines.submission.package import make_manifest, verify_bytes
from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.domain.approval import next_step
from warehouse.domain.audit_event import AuditEvent, Fact
from warehouse.domain.notification import NotificationKind
from warehouse.domain.submission import ApprovalStatus, SubmissionStatus
from warehouse.errors import BadInput, ProcuraError, WrongState
from warehouse.ledger import approvals
from warehouse.ledger.notifications import tell
from warehouse.ledger.package_manifests import Manifest, read_manifest
from warehouse.ledger.store import Deed, Ledger
from warehouse.ledger.submissions import Submission
from warehouse.settings import Settings

LONGEST_REASON = 2_000


@dataclass(frozen=True)
class Signed:
    """What a signature brought about.

    Attributes:
        reached: How far the signatures are.
        is_frozen: Whether it was the last one and the package is frozen: the offer is approved.
        still_to_do: Why it is not frozen although all have signed; "" otherwise. The product tries again by itself.
    """

    reached: ApprovalStatus
    is_frozen: bool = False
    still_to_do: str = ""


def send_to_approval(ledger: Ledger, submission_id: str, *, version: int, at: datetime, by: Person) -> Manifest:
    """Send an offer's package to approval: every gate is asked, what it holds is written down, the first department is told.

    Args:
        version: The offer's version that `by` has seen.

    Raises:
        NotPermitted: `by` does not work on it.
        WrongState: a gate says no, somebody changed it meanwhile, it is no draft, or nobody could sign it.
    """
    with approval_refusals(), ledger.deed(_event("sent", submission_id, by), by) as deed:
        submission = held_for(deed, submission_id, Action.SEND_TO_APPROVAL, by=by, version=version)
        manifest = make_manifest(deed, submission, at=at, by=by)
        approvals.start(deed, submission_id, manifest.id, version)
        _tell_next(deed, submission, manifest)
    return manifest


def sign(
    ledger: Ledger, submission_id: str, wanted_hash: str, *, settings: Settings, at: datetime, by: Person
) -> Signed:
    """Sign the step of a package that is open, for the bytes with this hash, which are all read again before.

    Raises:
        NotPermitted: it is not the person's step, they worked on it, or the password was not proven within 10 minutes.
        NotSignedIn: `by` has no session, or it has ended.
        WrongState: the package is another one by now, its bytes changed (its signatures are then void), it is not
            waiting, its deadline passed, or a change of the notice is not acknowledged. Nothing was signed.
    """
    submission, manifest = _to_decide(ledger, submission_id, wanted_hash, by)
    if faults := verify_bytes(ledger, manifest):
        void_changed(ledger, submission, manifest, faults[0])
        raise WrongState(
            f"The bytes of this package are not those that were sent: {faults[0]}",
            kept="nothing was signed; the signatures under it no longer count.",
            todo="its owner looks at the files and sends the offer again.",
        )
    reached = _decide(ledger, submission, manifest, "", approves=True, by=by)
    if reached is not ApprovalStatus.FINANCE_APPROVED:
        return Signed(reached)
    return _finished(ledger, submission_id, settings, at)


def reject(ledger: Ledger, submission_id: str, wanted_hash: str, reason: str, *, by: Person) -> None:
    """Reject a package in the step that is open: all its signatures are void, the owner takes the offer up again.

    Raises:
        BadInput: no reason is given, or one of more than 2,000 characters.
        NotPermitted, NotSignedIn, WrongState: as in `sign`.
    """
    why = _tidy_reason(reason)
    submission, manifest = _to_decide(ledger, submission_id, wanted_hash, by)
    _decide(ledger, submission, manifest, why, approves=False, by=by)


def take_back(ledger: Ledger, submission_id: str, reason: str, *, version: int, by: Person) -> SubmissionStatus:
    """Take an own offer back: out of approval (rejected), up again once rejected (draft), open to change once approved (draft).

    Args:
        reason: Why; may be empty only for a rejected one.
        version: The offer's version that `by` has seen.

    Raises:
        NotPermitted: `by` does not own it.
        WrongState: somebody changed it meanwhile, or it cannot be taken back from where it is.
        BadInput: no reason is given, or one of more than 2,000 characters.
    """
    with approval_refusals(), ledger.deed(_event("taken_back", submission_id, by), by) as deed:
        submission = held_for(deed, submission_id, Action.TAKE_BACK_PACKAGE, by=by, version=version)
        why = _tidy_reason(reason, may_be_empty=submission.status is SubmissionStatus.REJECTED)
        chain = approvals.chain_of(deed, submission.manifest_id)
        reached = approvals.take_back(deed, submission_id, why)
        deed.note(was=submission.status.value, to=reached.value, why=why or None)
        signers = [step.approver_id for step in chain if step.approver_id and not step.voided_at]
        tell(deed, [*submission.members, *signers], NotificationKind.VOIDED,
             f"The package of “{submission.title}” was taken back; its signatures no longer count. {why}",
             key=f"approval:{submission.manifest_id}:taken_back", submission_id=submission_id)  # fmt: skip
    return reached


def _to_decide(ledger: Ledger, submission_id: str, wanted_hash: str, by: Person) -> tuple[Submission, Manifest]:
    """Return what is to be signed, and refuse early what PostgreSQL would refuse later."""
    submission = find_submission(ledger, submission_id, by=by)
    access.check(by, Action.SIGN_PACKAGE, stands(submission, by))
    with ledger.read(by) as tx:
        manifest = read_manifest(tx, submission.manifest_id)
    _check_is(submission, SubmissionStatus.PENDING_APPROVAL)
    if manifest is None or manifest.hash != wanted_hash:
        raise WrongState(
            "The package was replaced since you opened it; you looked at another one.",
            kept=NOTHING,
            todo="look at it again, then sign.",
        )
    return submission, manifest


def _decide(
    ledger: Ledger, submission: Submission, manifest: Manifest, why: str, *, approves: bool, by: Person
) -> ApprovalStatus:
    facts: dict[str, Fact] = {"manifest": manifest.id, "manifest_hash": manifest.hash, "package": manifest.number}
    event = _event("signed" if approves else "rejected", submission.id, by, facts)
    with approval_refusals(), ledger.deed(event, by) as deed:
        find_for(deed, submission.id, Action.SIGN_PACKAGE, by=by)
        step = next_step(approvals.chain_of(deed, manifest.id))
        reached = approvals.sign(deed, submission.id, manifest.hash, by.session, approves=approves, reason=why)
        done = next((s for s in approvals.chain_of(deed, manifest.id) if step and s.id == step.id), None)
        if done is not None:
            deed.note(step=done.name, department=done.department.value, in_place_of=done.on_behalf_of or None,
                      session=done.session_hash, reached=reached.value, why=why or None)  # fmt: skip
        if approves:
            _tell_next(deed, submission, manifest)
        else:
            _tell_rejected(deed, submission, manifest, why)
    return reached


def _finished(ledger: Ledger, submission_id: str, settings: Settings, at: datetime) -> Signed:
    """Freeze what has its last signature; that stands whatever happens here."""
    try:
        finished = finish_approvals(ledger, settings, at=at)
    except (ProcuraError, OSError) as error:
        what = error.what if isinstance(error, ProcuraError) else str(error)
        return Signed(ApprovalStatus.FINANCE_APPROVED, still_to_do=what)
    if submission_id in finished.approved:
        return Signed(ApprovalStatus.COMPLETE, is_frozen=True)
    if submission_id in finished.voided:
        return Signed(ApprovalStatus.REJECTED, still_to_do="Its bytes changed, and its signatures no longer count.")
    return Signed(ApprovalStatus.FINANCE_APPROVED, still_to_do=next(iter(finished.faults), "It is being frozen."))


def _tell_next(deed: Deed, submission: Submission, manifest: Manifest) -> None:
    step = next_step(approvals.chain_of(deed, manifest.id))
    if step is None:
        return
    could = approvals.who_could_sign(deed, submission.id, manifest.id, step.department)
    here = [officer.id for officer in could if not officer.is_away] or [officer.id for officer in could]
    tell(deed, here, NotificationKind.WAITING_FOR_YOU,
         f"“{submission.title}” waits for a signature of {step.department.value} ({step.name}).",
         key=f"approval:{manifest.id}:{step.position}:waiting", submission_id=submission.id)  # fmt: skip


def _tell_rejected(deed: Deed, submission: Submission, manifest: Manifest, why: str) -> None:
    signers = [s.approver_id for s in approvals.chain_of(deed, manifest.id) if s.approver_id]
    tell(deed, [*approvals.people_of(submission.owner_id, submission.members), *signers], NotificationKind.REJECTED,
         f"Package {manifest.number} of “{submission.title}” was rejected: {why}",
         key=f"approval:{manifest.id}:rejected", submission_id=submission.id)  # fmt: skip


def _check_is(submission: Submission, wanted: SubmissionStatus) -> None:
    if submission.status is not wanted or submission.closed_at is not None:
        now = "closed" if submission.closed_at else submission.status.value.replace("_", " ")
        raise WrongState(
            f"This offer is {now}, not {wanted.value.replace('_', ' ')}.", kept=NOTHING, todo="reload the page."
        )


def _tidy_reason(reason: str, *, may_be_empty: bool = False) -> str:
    why = " ".join(reason.replace("\x00", "").split())
    if (not why and not may_be_empty) or len(why) > LONGEST_REASON:
        raise BadInput(
            f"The reason has {len(why):,} characters.", kept=NOTHING, todo=f"say why, in 1 to {LONGEST_REASON:,}."
        )
    return why


def _event(verb: str, submission_id: str, by: Person, facts: dict[str, Fact] | None = None) -> AuditEvent:
    return AuditEvent(f"package:{verb}", submission_id, by.id, facts or {}, submission_ref=submission_id)
