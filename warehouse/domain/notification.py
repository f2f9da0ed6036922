"""What people are told: the kinds of notices, what each is about, and when a person wants to hear of it. Pure words.

Not here: what a notice looks like in a mail (pipelines/administration/messages.py), where it is kept (warehouse/ledger).
"""

from enum import StrEnum


class NotificationKind(StrEnum):
    """What happened; a person chooses by kind how to hear of it."""

    MENTIONED = "mentioned"
    SHARED = "shared"
    HANDED_OVER = "handed_over"
    WAITING_FOR_YOU = "waiting_for_you"
    APPROVED = "approved"
    REJECTED = "rejected"
    VOIDED = "voided"
    NOTICE_CHANGED = "notice_changed"
    POINT_ASSIGNED = "point_assigned"
    POINT_OVERDUE = "point_overdue"
    DEADLINE = "deadline"
    SAFE_INSTANT = "safe_instant"
    SAVED_SEARCH = "saved_search"
    FILE_REFUSED = "file_refused"
    DELIVERED = "delivered"
    DELIVERY_FAILED = "delivery_failed"
    DELIVERY_NEEDS_YOU = "delivery_needs_you"
    RECEIPT_TO_CONFIRM = "receipt_to_confirm"


class Pace(StrEnum):
    """How soon a kind leaves the product by mail or hook; the Inbox has every notice at once."""

    AT_ONCE = "at_once"
    DIGEST = "digest"
    NEVER = "never"


class Channel(StrEnum):
    """A way out of the product beside the Inbox."""

    EMAIL = "email"
    HOOK = "hook"
    """The person's own address at Slack or Teams."""


WORDS: dict[NotificationKind, str] = {
    NotificationKind.MENTIONED: "You were mentioned",
    NotificationKind.SHARED: "An offer was shared with you",
    NotificationKind.HANDED_OVER: "An offer was handed over",
    NotificationKind.WAITING_FOR_YOU: "Waiting for your signature",
    NotificationKind.APPROVED: "Approved",
    NotificationKind.REJECTED: "Rejected",
    NotificationKind.VOIDED: "Signatures voided",
    NotificationKind.NOTICE_CHANGED: "A notice changed",
    NotificationKind.POINT_ASSIGNED: "A point of a checklist is yours",
    NotificationKind.POINT_OVERDUE: "A point of a checklist is overdue",
    NotificationKind.DEADLINE: "A deadline comes",
    NotificationKind.SAFE_INSTANT: "The safe instant has come",
    NotificationKind.SAVED_SEARCH: "New matches of a saved search",
    NotificationKind.FILE_REFUSED: "A file was refused",
    NotificationKind.DELIVERED: "Delivered, with receipt",
    NotificationKind.DELIVERY_FAILED: "A delivery failed",
    NotificationKind.DELIVERY_NEEDS_YOU: "A delivery needs you",
    NotificationKind.RECEIPT_TO_CONFIRM: "A receipt to confirm",
}
"""The heading of each kind, in the order of a digest."""

PACES: dict[NotificationKind, Pace] = dict.fromkeys(NotificationKind, Pace.AT_ONCE) | {
    NotificationKind.SHARED: Pace.DIGEST,
    NotificationKind.POINT_ASSIGNED: Pace.DIGEST,
    NotificationKind.SAVED_SEARCH: Pace.DIGEST,
}
"""What a person who has chosen nothing gets."""

LONGEST_TEXT = 500
