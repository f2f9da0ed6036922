"""What waits for signatures, and everything that somebody must see before signing one. Looks only.

Not here: signing (approvals.py), what a package's files say (package.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipelines.submission.look_up import find_submission
from pipelines.submission.package import gates_of
from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.domain.approval import ChainStep, next_step, why_not
from warehouse.domain.package import Gate
from warehouse.domain.submission import SubmissionStatus
from warehouse.ledger import approvals
from warehouse.ledger.approvals import Officer
from warehouse.ledger.package_manifests import Manifest, manifests_of
from warehouse.ledger.store import Ledger, Transaction
from warehouse.ledger.submissions import Submission, list_submissions

MOST_DECIDED = 50


@dataclass(frozen=True)
class QueueItem:
    """One offer that waits for a signature.

    Attributes:
        chain: The steps of its package in their order.
        why_not: Why the person who looks may not sign it now; "" where they may.
    """

    submission: Submission
    chain: tuple[ChainStep, ...]
    why_not: str

    @property
    def step(self) -> ChainStep | None:
        """The step that is signed next."""
        return next_step(self.chain)


@dataclass(frozen=True)
class Sheet:
    """Everything about the signatures of one offer.

    Attributes:
        manifest: The package that is being signed, was signed or was rejected last; None where none was sent.
        chain: Its steps.
        before: The package that was sent before it; what changed since is what a signer looks at.
        chains: The steps of every package that was sent, by the manifest's id.
        manifests: Every package that was sent, the latest first.
        authors: Addresses of those who worked on the offer, by profile; none of them signs.
        could: Who could sign the next step.
        why_not: Why the person who looks may not sign now; "" where they may.
    """

    submission: Submission
    manifest: Manifest | None
    chain: tuple[ChainStep, ...]
    before: Manifest | None
    chains: Mapping[str, Sequence[ChainStep]]
    manifests: tuple[Manifest, ...]
    authors: Mapping[str, str]
    could: tuple[Officer, ...]
    why_not: str

    @property
    def step(self) -> ChainStep | None:
        """The step that is signed next."""
        return next_step(self.chain)


def my_queue(ledger: Ledger, *, by: Person) -> list[QueueItem]:
    """Return the offers that wait for signatures and that `by` sees: what they may sign first, what is due first, first.

    Raises:
        NotPermitted: `by` may read no offers.
    """
    access.check(by, Action.READ_SUBMISSIONS)
    with ledger.read(by) as tx:
        waiting = list_submissions(tx, "s.status = 'pending_approval' and s.closed_at is null")
        chains = approvals.open_chains(tx)
        own = approvals.is_author(tx, [s.id for s in waiting], by.id)
    items = [_item(s, chains.get(s.manifest_id or "", []), s.id in own, by) for s in waiting]
    return sorted((item for item in items if item.chain), key=lambda item: bool(item.why_not))


def look_at_sheet(ledger: Ledger, submission_id: str, *, by: Person) -> Sheet:
    """Return everything about the signatures of one offer.

    Raises:
        NotFound: there is none of this id that `by` may see.
    """
    submission = find_submission(ledger, submission_id, by=by)
    with ledger.read(by) as tx:
        return _sheet(tx, submission, by)


def gates_now(ledger: Ledger, submission: Submission, *, at: datetime, by: Person) -> list[Gate]:
    """Ask the gates of a package again, at the instant `at`: what has changed since it was sent is seen before signing."""
    access.check(by, Action.READ_SUBMISSIONS)
    with ledger.read(by) as tx:
        return gates_of(tx, submission, at=at)


def my_decisions(ledger: Ledger, *, by: Person) -> list[tuple[Submission, ChainStep]]:
    """Return the latest 50 steps that `by` signed or rejected, the latest first."""
    access.check(by, Action.READ_SUBMISSIONS)
    with ledger.read(by) as tx:
        decided = approvals.decided_by(tx, by.id, limit=MOST_DECIDED)
        offers = {s.id: s for s in list_submissions(tx, "s.id = any(%s::uuid[])", [[offer for offer, _ in decided]])}
    return [(offers[offer], step) for offer, step in decided if offer in offers]


def _item(submission: Submission, chain: Sequence[ChainStep], is_author: bool, by: Person) -> QueueItem:
    authors = {by.id} if is_author else set[str]()
    reason = why_not(by, chain, owner_id=submission.owner_id, members=submission.members, authors=authors)
    return QueueItem(submission, tuple(chain), reason)


def _sheet(tx: Transaction, submission: Submission, by: Person) -> Sheet:
    manifests = tuple(reversed(manifests_of(tx, submission.id)))
    shown = next((m for m in manifests if m.id == submission.manifest_id), manifests[0] if manifests else None)
    chains = approvals.chains_of(tx, submission.id)
    chain = tuple(chains.get(shown.id, [])) if shown else ()
    authors = approvals.authors_of(tx, submission.id)
    step = next_step(chain)
    could = approvals.who_could_sign(tx, submission.id, shown.id, step.department) if shown and step else []
    before = next((m for m in manifests if shown and m.number < shown.number), None)
    is_waiting = submission.status is SubmissionStatus.PENDING_APPROVAL
    reason = why_not(by, chain, owner_id=submission.owner_id, members=submission.members, authors=authors)
    return Sheet(submission, shown, chain, before, chains, manifests, authors, tuple(could),
                 reason if is_waiting else "It is not waiting for signatures.")  # fmt: skip
