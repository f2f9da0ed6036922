"""States of an offer in words and colours, and who is who in it. Never a colour alone."""

from warehouse.domain.submission import ApprovalStatus, SubmissionStatus

STATUS = {
    SubmissionStatus.DRAFT: ("draft", "blue"),
    SubmissionStatus.PENDING_APPROVAL: ("waiting for signatures", "orange"),
    SubmissionStatus.APPROVED: ("approved", "green"),
    SubmissionStatus.SUBMITTED: ("submitted", "violet"),
    SubmissionStatus.REJECTED: ("rejected", "red"),
}
APPROVAL = {
    ApprovalStatus.PENDING: "no signature yet",
    ApprovalStatus.LEGAL_APPROVED: "legal signed",
    ApprovalStatus.FINANCE_APPROVED: "all signed, being frozen",
    ApprovalStatus.COMPLETE: "all signed, frozen",
    ApprovalStatus.REJECTED: "not approved",
}


def status(value: SubmissionStatus, *, is_closed: bool = False) -> str:
    """Return the Markdown badges of where an offer stands."""
    words, colour = STATUS[value]
    return f":{colour}-badge[{words}]" + (" :gray-badge[closed]" if is_closed else "")


def approval(value: SubmissionStatus, approval_status: ApprovalStatus) -> str:
    """Say how far the signatures are; "" where none are asked for."""
    return "" if value is SubmissionStatus.DRAFT else APPROVAL[approval_status]


def short(email: str) -> str:
    """Write a person by the part of the address before its @, as colleagues are called here."""
    return email.partition("@")[0]
