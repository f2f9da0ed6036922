"""What people are told about deliveries: owner and members, within the deed that made it so.

Not here: how it reaches them (pipelines/administration/notification_sending.py).
"""

from warehouse.domain.notification import NotificationKind
from warehouse.ledger import approvals
from warehouse.ledger.notifications import tell
from warehouse.ledger.store import Deed
from warehouse.ledger.submissions import Submission


def tell_delivered(deed: Deed, submission: Submission, number: str, *, key: str) -> None:
    """Tell that the office has it, and the receipt's number."""
    words = f"“{submission.title}” is submitted: the office's receipt is {number}."
    _tell(deed, submission, NotificationKind.DELIVERED, words, key)


def tell_failed(deed: Deed, submission: Submission, why: str, *, key: str) -> None:
    """Tell that nothing is under way any more, and why."""
    words = f"The delivery of “{submission.title}” ended without a receipt: {why}"
    _tell(deed, submission, NotificationKind.DELIVERY_FAILED, words, key)


def tell_rejected(deed: Deed, submission: Submission, number: str, why: str, *, key: str) -> None:
    """Tell that the portal rejects what it had received, and its errors."""
    words = f"“{submission.title}” was received as {number} and is rejected there; mend it and deliver it anew: {why}"
    _tell(deed, submission, NotificationKind.DELIVERY_FAILED, words, key)


def tell_standing(deed: Deed, submission: Submission, status: str, number: str, *, key: str) -> None:
    """Tell how an accepted offer stands at the portal, in its words."""
    words = f"“{submission.title}” ({number}) stands at the portal as: {status}."
    _tell(deed, submission, NotificationKind.DELIVERED, words, key)


def tell_needs_person(deed: Deed, submission: Submission, why: str, *, key: str) -> None:
    """Tell that a person decides, and why the machine could not."""
    words = f"The delivery of “{submission.title}” needs you: {why}"
    _tell(deed, submission, NotificationKind.DELIVERY_NEEDS_YOU, words, key)


def tell_receipt(deed: Deed, submission: Submission, number: str, *, key: str) -> None:
    """Tell those who could confirm a receipt: who works on the offer, and who signed its package."""
    signers = [s.approver_id for s in approvals.chain_of(deed, submission.manifest_id) if s.approver_id]
    words = f"A receipt of “{submission.title}” ({number}) waits for a second person to confirm it."
    _tell(deed, submission, NotificationKind.RECEIPT_TO_CONFIRM, words, key, *signers)


def _tell(
    deed: Deed, submission: Submission, kind: NotificationKind, words: str, key: str, *others: str
) -> None:  # fmt: skip
    people = [*approvals.people_of(submission.owner_id, submission.members), *others]
    tell(deed, people, kind, words, key=key, submission_id=submission.id)
