"""What the applicant web service answers: read without types and entities, within bounds, and believed only where it fits.

Not here: what follows from an answer (verdict.py).
"""

import email
import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

from pipelines.submission.grants_gov.messages import APPLICANT, COMMON, SERVICE, SOAP

TRACKING_NUMBER = re.compile(r"GRANT[0-9]{8}")
LONGEST_WORDS = 1_500


class Status(StrEnum):
    """How an application stands, in Grants.gov's words and order."""

    RECEIVING = "Receiving"
    RECEIVED = "Received"
    PROCESSING = "Processing"
    VALIDATED = "Validated"
    REJECTED = "Rejected with Errors"
    DOWNLOAD = "Download Preparation"
    AT_AGENCY = "Received by Agency"
    NUMBERED = "Agency Tracking Number Assigned"


class Unreadable(Exception):
    """An answer that is none of what could be answered; the text says why."""


class Faulted(Exception):
    """A SOAP fault; the text is its words.

    Attributes:
        is_final: It says of the message itself that it was not taken: the sender's fault, or one with details, which
            SOAP 1.1 (4.4) writes only where the body could not be carried out. Any other may have come after it was taken.
    """

    def __init__(self, words: str, *, is_final: bool) -> None:
        super().__init__(words)
        self.is_final = is_final


@dataclass(frozen=True)
class Taken:
    """The answer to an application: its number and when it was received, UTC; None where no zone is said."""

    number: str
    received_at: datetime | None


@dataclass(frozen=True)
class Listed:
    """One own application in the list; `status` is None where it is none that is known."""

    number: str
    title: str
    status: Status | None
    status_words: str
    received_at: datetime | None


@dataclass(frozen=True)
class Detail:
    """How one application stands, in words; a rejection tells its errors."""

    number: str
    words: str

    @property
    def status(self) -> Status | None:
        """The status with which the words begin, if one does."""
        said = self.words.casefold()
        fits = [status for status in Status if said.startswith(status.value.casefold())]
        return max(fits, key=lambda status: len(status.value), default=None)


def read_taken(body: Element) -> Taken:
    """Read SubmitApplicationResponse.

    Raises:
        Unreadable: it is something else, or names no tracking number.
    """
    answer = _answer(body, "SubmitApplicationResponse")
    return Taken(_number(answer), _instant(_text(answer, SERVICE, "ReceivedDateTime")))


def read_list(body: Element) -> tuple[list[Listed], int]:
    """Read GetSubmissionListResponse: the applications, and how many there are said to be.

    Raises:
        Unreadable: it is something else.
    """
    answer = _answer(body, "GetSubmissionListResponse")
    said = _text(answer, SERVICE, "AvailableApplicationNumber")
    if not said.isascii() or not said.isdecimal():
        raise Unreadable("the list does not say how many applications there are")
    return list(_listed(answer)), int(said[:9])


def read_detail(body: Element) -> Detail:
    """Read GetApplicationStatusDetailResponse.

    Raises:
        Unreadable: it is something else, or names no tracking number.
    """
    answer = _answer(body, "GetApplicationStatusDetailResponse")
    return Detail(_number(answer), plain_words(_text(answer, SERVICE, "DetailedStatus")))


def read_body(content_type: str, data: bytes) -> tuple[Element, str]:
    """Return what stands in an answer's Body, and the answer's XML as it came.

    Raises:
        Faulted: it is a fault.
        Unreadable: it is no SOAP message.
    """
    xml = _root_part(content_type, data)
    try:
        envelope = defusedxml.ElementTree.fromstring(xml, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, RecursionError, LookupError) as error:
        raise Unreadable("its answer is no XML, or declares types and entities") from error
    body = envelope.find(f"{{{SOAP}}}Body") if envelope.tag == f"{{{SOAP}}}Envelope" else None
    if body is None or len(body) != 1:
        raise Unreadable("its answer is no SOAP message")
    if body[0].tag == f"{{{SOAP}}}Fault":
        raise _fault(body[0])
    return body[0], xml.decode("utf-8", "replace")


def plain_words(text: str) -> str:
    """Return words without the tags that a rejection's details come in, on one line, cut where they are long."""
    words = " ".join(re.sub(r"<[^<>]*>", " ", text).split())
    return words if len(words) <= LONGEST_WORDS else words[: LONGEST_WORDS - 1] + "…"


def _root_part(content_type: str, data: bytes) -> bytes:
    """Return the XML of an answer that may come in parts, as MTOM has it."""
    if not content_type.lower().startswith("multipart/related"):
        return data
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    message = email.message_from_bytes(head + data, policy=email.policy.HTTP)
    start, parts = str(message.get_param("start") or ""), list(message.walk())[1:]
    root = next((part for part in parts if start and part["Content-ID"] == start), parts[0] if parts else None)
    payload = root.get_payload(decode=True) if root is not None and not root.is_multipart() else None
    if not isinstance(payload, bytes):
        raise Unreadable("its answer in parts has no first part")
    return payload


def _fault(fault: Element) -> Faulted:
    code, words, details = "", "", False
    for child in fault:
        name = child.tag.rpartition("}")[2]
        code = (child.text or "").strip() if name == "faultcode" else code
        words = (child.text or "") if name == "faultstring" else words
        details = details or (name == "detail" and (len(child) > 0 or bool((child.text or "").strip())))
    said = plain_words(words) or "a fault without words"
    return Faulted(said, is_final=details or code.rpartition(":")[2] in {"Client", "VersionMismatch", "MustUnderstand"})


def _answer(body: Element, name: str) -> Element:
    if body.tag != f"{{{SERVICE}}}{name}":
        raise Unreadable(f"its answer is no {name}")
    return body


def _number(answer: Element) -> str:
    number = _text(answer, COMMON, "GrantsGovTrackingNumber")
    if not TRACKING_NUMBER.fullmatch(number):
        raise Unreadable("its answer names no tracking number")
    return number


def _listed(answer: Element) -> Iterator[Listed]:
    for one in answer.findall(f"{{{APPLICANT}}}SubmissionDetails"):
        said = _text(one, COMMON, "GrantsGovApplicationStatus")
        status = next((status for status in Status if status.value == said), None)
        yield Listed(
            _text(one, COMMON, "GrantsGovTrackingNumber"), " ".join(_text(one, COMMON, "SubmissionTitle").split()), status,
            said[:100], _instant(_text(one, APPLICANT, "ReceivedDateTime")),
        )  # fmt: skip


def _text(parent: Element, namespace: str, name: str) -> str:
    return (parent.findtext(f"{{{namespace}}}{name}") or "").strip()


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else None
