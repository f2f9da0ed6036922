"""An opportunity: the solicitation we may answer, seen through its latest notice, and what people decide about it."""

from enum import StrEnum


class OpportunityStatus(StrEnum):
    """What people decided; the ledger's enum `opportunity_status`."""

    NEW = "new"
    REVIEWING = "reviewing"
    QUALIFIED = "qualified"
    DISQUALIFIED = "disqualified"
    SUBMITTED = "submitted"


NEXT: dict[OpportunityStatus, frozenset[OpportunityStatus]] = {
    OpportunityStatus.NEW: frozenset({OpportunityStatus.REVIEWING}),
    OpportunityStatus.REVIEWING: frozenset({OpportunityStatus.QUALIFIED, OpportunityStatus.DISQUALIFIED}),
    # Back to reviewing: a decision may be taken again, for instance when the notice was amended.
    OpportunityStatus.QUALIFIED: frozenset({OpportunityStatus.REVIEWING}),
    OpportunityStatus.DISQUALIFIED: frozenset({OpportunityStatus.REVIEWING}),
    # Only a receipt makes `submitted`, and nothing undoes it.
    OpportunityStatus.SUBMITTED: frozenset(),
}


def may_follow(now: OpportunityStatus, to: OpportunityStatus) -> bool:
    """Say whether a person may set `to` while the status is `now`."""
    return to in NEXT[now]
