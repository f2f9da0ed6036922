"""Signatures under a package: the steps that it passes, who signed which, who stands in for whom. Pure words and rules.

PostgreSQL asks all of it again, and alone decides (warehouse/ledger/migrations/versions/0009_approvals.sql).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from warehouse.domain.access import Department, Person, Role
from warehouse.domain.submission import ApprovalStatus

PROOF_LASTS = timedelta(minutes=10)
"""How long a proven password opens signing."""


@dataclass(frozen=True)
class ApprovalStep:
    """One row of the rule: which department signs, in which order, from which value in dollars on.

    Attributes:
        min_value_usd: None: every offer. An offer whose value nobody knows counts as above.
        changed_by: The address of the admin who set it; "" as it was installed.
    """

    id: str
    position: int
    name: str
    department: Department
    min_value_usd: Decimal | None
    is_active: bool
    changed_at: datetime
    changed_by: str = ""


@dataclass(frozen=True)
class ChainStep:
    """One step of one package: open, signed, rejected or void.

    Attributes:
        status: PENDING until somebody decides; REJECTED; anything else is a signature.
        approver: The address of who decided; "" while it is open.
        on_behalf_of: The address of whom the signer stood in for; "" for nobody.
        session_hash: SHA-256 of the handle of the session in which it was signed.
        voided_at: When it stopped to count.
    """

    id: str
    manifest_id: str
    manifest_hash: str
    position: int
    name: str
    department: Department
    status: ApprovalStatus
    approver_id: str | None
    approver: str
    decided_at: datetime | None
    reason: str
    on_behalf_of: str
    session_hash: str
    voided_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether it still waits for somebody."""
        return self.status is ApprovalStatus.PENDING and self.voided_at is None


@dataclass(frozen=True)
class Delegation:
    """Somebody stands in for another officer of the department, from one day to another, both included, days of UTC."""

    id: str
    from_id: str
    from_email: str
    to_id: str
    to_email: str
    department: Department
    starts_on: date
    ends_on: date
    revoked_at: datetime | None

    def holds_on(self, day: date) -> bool:
        """Say whether it holds on a day."""
        return self.revoked_at is None and self.starts_on <= day <= self.ends_on


def next_step(chain: Sequence[ChainStep]) -> ChainStep | None:
    """Return the step that is signed next, or None where nothing is open."""
    return min((step for step in chain if step.is_open), key=lambda step: step.position, default=None)


def why_not(
    person: Person, chain: Sequence[ChainStep], *, owner_id: str, members: Collection[str], authors: Collection[str]
) -> str:
    """Say why this person may not sign now, as a sentence; "" where they may."""
    step = next_step(chain)
    if step is None:
        return "Nothing of it is open to be signed."
    reasons = {
        "Only contract officers sign.": person.role is not Role.CONTRACT_OFFICER,
        "You own this offer: two others sign it.": person.id == owner_id,
        "You share this offer: somebody who does not work on it signs.": person.id in members,
        "You worked on this offer: somebody who did not signs it.": person.id in authors,
        "You signed another step of it; each step is another person's.": any(s.approver_id == person.id for s in chain),
        f"The next step is for {step.department.value}.": person.department is not step.department,
    }
    return next((sentence for sentence, holds in reasons.items() if holds), "")
