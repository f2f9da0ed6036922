"""A delivery: its states, what its executors answer, and the reference that goes with an offer. Pure words and rules.

Four facts are kept apart: what was approved, that it was sent, that a server took it, and the receipt of the office. Only
the fourth makes an offer submitted. Not here: how an executor acts (pipelines/submission/executors), the rows
(warehouse/ledger/deliveries.py).
"""

import base64
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

ABSENCES_NEEDED = 2
"""Looked for that often in a row, a settle window apart, and not there: it did not arrive."""


class RunStatus(StrEnum):
    """Where a run stands; the ledger's enum `run_status`."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"


class Outcome(StrEnum):
    """What is known of an offer at the office's side."""

    NONE = "none"
    """It was not given, or it is certain that it did not arrive."""
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    """It may have arrived: it is looked for, or waits for a person. Never sent again as it is."""


class Phase(StrEnum):
    """What a run does at this moment."""

    WAITING = "waiting"
    CHECKING = "checking"
    STAGING = "staging"
    ACTING = "acting"
    READING = "reading"
    RECONCILING = "reconciling"
    WITH_A_PERSON = "with_a_person"
    ENDED = "ended"


class EvidenceKind(StrEnum):
    """What kind of thing a run saw and kept."""

    SCREENSHOT = "screenshot"
    TRACE = "trace"
    PAGE = "page"
    MAIL = "mail"
    ANSWER = "answer"
    DOCUMENT = "document"
    RECEIPT = "receipt"


class ReceiptSource(StrEnum):
    """Who read a receipt, and where."""

    PORTAL = "portal"
    EMAIL = "email"
    PERSON = "person"


def reference_of(manifest_id: str) -> str:
    """Return our own reference of a package: 13 signs that nobody confuses, the same for every attempt to deliver it."""
    letters = base64.b32encode(sha256(manifest_id.encode()).digest()).decode().translate(str.maketrans("IOAE", "0189"))
    return f"PRC-{letters[:4]}-{letters[4:8]}"


@dataclass(frozen=True)
class FoundReceipt:
    """A receipt as an executor read it.

    Attributes:
        number: As the office writes it.
        quote: The words in which it stands.
        received_at: As the office says, UTC; None where it does not.
        evidence: The position of the kept evidence in which it can be read again.
    """

    number: str
    quote: str
    source: ReceiptSource
    evidence: int
    received_at: datetime | None = None


@dataclass(frozen=True)
class Accepted:
    """The office has it, and says so."""

    receipt: FoundReceipt


@dataclass(frozen=True)
class Transported:
    """A server took it; the receipt is still to come."""

    words: str


@dataclass(frozen=True)
class Refused:
    """The office does not take it, in its own words: closed, a wrong type, too large, a wrong password.

    Attributes:
        is_certain: Nothing of it arrived.
    """

    words: str
    is_certain: bool = True


@dataclass(frozen=True)
class NotDelivered:
    """It is certain that nothing was delivered, and it may be tried again: nobody answered, the portal was busy."""

    words: str


@dataclass(frozen=True)
class Unknown:
    """It may have arrived."""

    words: str


@dataclass(frozen=True)
class Handed:
    """A named person goes on; the receipt comes from there."""

    words: str


Answer = Accepted | Transported | Refused | NotDelivered | Unknown | Handed
"""What acting came to."""


@dataclass(frozen=True)
class Absent:
    """It was looked for where it would be, by our reference, and is not there."""

    words: str


@dataclass(frozen=True)
class Unclear:
    """It could not be looked for, or what is there does not say."""

    words: str


@dataclass(frozen=True)
class Standing:
    """How an accepted offer stands at the portal, in its words.

    Attributes:
        words: All that it says of it: the errors of a rejection.
        is_news: Whether the people of the offer want to hear of it.
        is_final: After it the portal says nothing more.
        is_rejection: It does not take after all what it had received.
    """

    status: str
    words: str
    is_news: bool = True
    is_final: bool = False
    is_rejection: bool = False


Finding = Accepted | Refused | Absent | Unclear | Handed
"""What looking for our reference came to; handed: only a person can look there."""
