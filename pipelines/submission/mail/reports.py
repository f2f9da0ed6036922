"""What mail servers report about a message: delivered, delayed, failed (RFC 3464), and bounces that keep to no form.

A report says what became of a message on its way. "Delivered" is no receipt; "failed" for every address is certainty that
nothing arrived. Not here: what follows from it (judging.py).
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from email.message import Message

from pipelines.submission.mail.letters import MESSAGE_ID, UNREADABLE, content, header, parse_letter, parts_of, text_of

TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
REPORTER = re.compile(r"mailer-daemon|postmaster|mail delivery (sub)?system|no-?reply.*(delivery|bounce)", re.I)
FAILING = re.compile(
    r"undeliver|could ?n[o']t be delivered|delivery (has |status notification \()?fail|returned to sender|delivery failure"
    r"|permanent(ly)? (error|fail)|was rejected|\b5\d\d[ -]5\.\d\.\d|message not delivered|unable to deliver",
    re.I,
)  # fmt: skip
WAITING = re.compile(r"delayed|will (be retried|keep trying|continue to try)|still trying|warning message only", re.I)
LONGEST_WORDS = 400


@dataclass(frozen=True)
class Report:
    """What a server reports of one address.

    Attributes:
        action: delivered, relayed, expanded, delayed, failed.
        is_formal: Whether it keeps to RFC 3464 and names the message itself; only such a one is certain.
    """

    address: str
    action: str
    message_ids: frozenset[str]
    words: str
    is_formal: bool


def reports_in(message: Message, ours: Collection[str], our_addresses: Collection[str]) -> list[Report]:
    """Return what a letter reports of messages of ours; empty when it is no report.

    Args:
        ours: Our Message-IDs; a report that names none of them is about something else.
        our_addresses: In small letters, those that the messages went to.
    """
    formal = list(_formal(message, ours))
    if formal or any(part.get_content_type() in TYPES for part in parts_of(message)):
        return formal
    return list(_informal(message, ours, our_addresses))


def _formal(message: Message, ours: Collection[str]) -> Iterator[Report]:
    for part in parts_of(message):
        if part.get_content_type() not in TYPES:
            continue
        about, *addresses = _blocks(part) or [Message()]
        named = _named(message, about, ours)
        if not named:
            return
        for block in addresses:
            address = (_typed(block, "Original-Recipient") or _typed(block, "Final-Recipient")).strip("<>")
            action = header(block, "Action").lower()
            words = _typed(block, "Diagnostic-Code") or header(block, "Status")
            if address and action:
                yield Report(address.lower(), action, named, f"{address}: {words}"[:LONGEST_WORDS], True)


def _blocks(part: Message) -> list[Message]:
    """Return the groups of fields: of the message, then of each address."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return [block for block in payload if isinstance(block, Message)]
    # One that was encoded: Python reads it as text.
    return [parse_letter(block.encode()) for block in re.split(r"\r?\n\r?\n", content(part)) if block.strip()]


def _named(message: Message, about: Message, ours: Collection[str]) -> frozenset[str]:
    """Return which messages of ours a report is about: by what it sends back, or by our envelope's id."""
    found: set[str] = set()
    for part in parts_of(message):
        kind, inside = part.get_content_type(), part.get_payload()
        if kind in {"message/rfc822", "message/global"} and isinstance(inside, list):
            found |= {header(one, "Message-ID") for one in inside if isinstance(one, Message)}
        elif kind in {"text/rfc822-headers", "message/global-headers"}:
            found.add(header(parse_letter(content(part).encode()), "Message-ID"))
    envelope = header(about, "Original-Envelope-Id")
    found |= {one for one in ours if envelope and one.startswith(f"<{envelope}@")}
    return frozenset(found & set(ours))


def _typed(block: Message, name: str) -> str:
    """Return a field without its type: "rfc822; somebody@agency.example", "smtp; 550 5.1.1 no such user"."""
    return header(block, name).partition(";")[2].strip()


def _informal(message: Message, ours: Collection[str], our_addresses: Collection[str]) -> Iterator[Report]:
    """Read a bounce that keeps to no form: from a reporter, about a message of ours, with an address and words of failure."""
    if not (REPORTER.search(header(message, "From")) or header(message, "Return-Path") == "<>"):
        return
    subject, text = header(message, "Subject"), text_of(message)
    try:
        whole = f"{subject}\n{text}\n{message.as_string()}"
    except UNREADABLE:
        whole = f"{subject}\n{text}"
    named = frozenset(MESSAGE_ID.findall(whole)) & set(ours)
    failing = FAILING.search(f"{subject}\n{text}")
    if not named or not failing:
        return
    action = "delayed" if WAITING.search(f"{subject}\n{text}") else "failed"
    words = next((line.strip() for line in text.splitlines() if FAILING.search(line)), subject)
    for address in sorted(one for one in our_addresses if one in whole.lower()):
        yield Report(address, action, named, f"{address}: {words}"[:LONGEST_WORDS], False)
