"""An offer: the states it passes, what moves it from one to the next, and who stands how to it. Pure words and rules.

Not here: what a package must hold (package.py), who signs it (approval.py), when it is due (deadlines.py).
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from warehouse.domain.access import Person, State


class SubmissionStatus(StrEnum):
    """Where an offer stands; the ledger's enum `submission_status`."""

    DRAFT = "draft"
    PENDING_APPROVAL = "pending_approval"
    APPROVED = "approved"
    SUBMITTED = "submitted"
    REJECTED = "rejected"


class ApprovalStatus(StrEnum):
    """How far the signatures are; the ledger's enum `approval_status`."""

    PENDING = "pending"
    LEGAL_APPROVED = "legal_approved"
    FINANCE_APPROVED = "finance_approved"
    """All signatures are there; the package is not frozen yet."""
    COMPLETE = "complete"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Move:
    """One row of the table of moves: what happened, and who made it happen."""

    before: SubmissionStatus
    after: SubmissionStatus
    event: str
    who: str


MOVES: tuple[Move, ...] = (
    Move(SubmissionStatus.DRAFT, SubmissionStatus.PENDING_APPROVAL, "sent to approval", "who works on it"),
    Move(SubmissionStatus.PENDING_APPROVAL, SubmissionStatus.APPROVED, "all signed and frozen", "the last signature"),
    Move(SubmissionStatus.PENDING_APPROVAL, SubmissionStatus.REJECTED, "rejected", "an approver"),
    Move(SubmissionStatus.PENDING_APPROVAL, SubmissionStatus.REJECTED, "withdrawn", "its owner"),
    Move(SubmissionStatus.PENDING_APPROVAL, SubmissionStatus.REJECTED, "notice changed", "an amendment"),
    Move(SubmissionStatus.REJECTED, SubmissionStatus.DRAFT, "taken up again", "its owner"),
    Move(SubmissionStatus.APPROVED, SubmissionStatus.DRAFT, "opened to change", "its owner"),
    Move(SubmissionStatus.APPROVED, SubmissionStatus.DRAFT, "notice changed", "an amendment"),
    Move(SubmissionStatus.APPROVED, SubmissionStatus.DRAFT, "bytes changed", "the check of its files"),
    Move(SubmissionStatus.APPROVED, SubmissionStatus.SUBMITTED, "receipt read", "a receipt"),
    Move(SubmissionStatus.SUBMITTED, SubmissionStatus.REJECTED, "rejected there", "the portal's own checks"),
)
"""Every move there is. The ledger's functions make no other (warehouse/ledger/migrations/versions/0020_portal_statuses.sql)."""


def may_follow(now: SubmissionStatus, to: SubmissionStatus) -> bool:
    """Say whether an offer that is `now` can become `to` at all."""
    return any(move.before is now and move.after is to for move in MOVES)


def standing(person: Person, *, owner_id: str, members: Collection[str]) -> State:
    """Say how a person stands to an offer, as the table of rights asks it."""
    if person.id == owner_id:
        return State.OWN
    return State.SHARED if person.id in members else State.OTHERS
