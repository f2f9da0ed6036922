"""A letter as it is read: who wrote it, what it answers, and its own words without what it quotes.

Everything in a letter is a claim of whoever wrote it, and any of it may be malformed. Not here: who vouches for the writer
(senders.py), reports of servers (reports.py), whether a letter counts (judging.py).
"""

import email
import email.policy
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser

MESSAGE_ID = re.compile(r"<[^<>\s]{3,250}>")
LONGEST_TEXT = 200_000
MOST_PARTS = 200
UNREADABLE = (MessageError, ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What Python's own reader raises on letters that are malformed."""
REPEATS = re.compile(r"\s*(-{2,} ?(original|forwarded) message ?-{2,}|_{20,}|on .{5,200} wrote:)\s*", re.I)
"""Where mail programs begin to repeat what they answer: what is below are not the writer's own words."""
_HEAD = r"\s*\W?(?:{})\W?:\W? .+"
REPEATED_HEAD = re.compile(
    rf"{_HEAD.format('from')}(\n.*){{0,3}}\n{_HEAD.format('sent|date')}(\n.*){{0,3}}\n{_HEAD.format('to|subject')}",
    re.I,
)
"""The same without a line that says so, as Outlook does it."""
BREAKS = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "table", "hr"})
UNSEEN = frozenset({"script", "style", "head", "title", "blockquote"})


def parse_letter(raw: bytes) -> Message:
    """Read the bytes of a letter; what is malformed is left as it is."""
    return email.message_from_bytes(raw, policy=email.policy.compat32)


def header(message: Message, name: str) -> str:
    """Return a header in clear on one line; "" where there is none."""
    found = message.get(name)
    if found is None:
        return ""
    try:
        clear = str(make_header(decode_header(str(found))))
    except UNREADABLE:
        clear = str(found)
    return " ".join(clear.split())


def answered_ids(message: Message) -> frozenset[str]:
    """Return the Message-IDs that a letter answers."""
    named = " ".join(str(value) for name in ("In-Reply-To", "References") for value in message.get_all(name, []))
    return frozenset(MESSAGE_ID.findall(named))


def is_automatic(message: Message) -> bool:
    """Say whether a machine answered (RFC 3834, and what older ones write)."""
    said, precedence = header(message, "Auto-Submitted").lower(), header(message, "Precedence").lower()
    return (
        said not in {"", "no"} or precedence == "auto_reply" or "X-Autoreply" in message or "X-Autorespond" in message
    )


def date_of(message: Message) -> datetime | None:
    """Return when a letter says it was written, UTC; None where it does not say it with a zone."""
    try:
        said = parsedate_to_datetime(header(message, "Date"))
        return said.astimezone(UTC) if said.tzinfo else None
    except (*UNREADABLE, OverflowError):
        return None


def parts_of(message: Message) -> Iterator[Message]:
    """Return the parts of a letter, not those of a letter inside it."""
    waiting, seen = [message], 0
    while waiting and seen < MOST_PARTS:
        one = waiting.pop(0)
        seen += 1
        yield one
        if one.is_multipart() and one.get_content_maintype() != "message":
            waiting[:0] = [part for part in one.get_payload() if isinstance(part, Message)]


def text_of(message: Message) -> str:
    """Return all that is written in a letter: its plain text, or its HTML as text where there is none."""
    parts = [part for part in parts_of(message) if not part.is_multipart() and part.get_content_disposition() != "attachment"]  # fmt: skip
    plain = [content(part) for part in parts if part.get_content_type() == "text/plain"]
    if any(text.strip() for text in plain):
        return "\n".join(plain)[:LONGEST_TEXT]
    return "\n".join(_from_html(content(part)) for part in parts if part.get_content_type() == "text/html")[:LONGEST_TEXT]  # fmt: skip


def own_words(text: str) -> str:
    """Leave out of a text what it quotes."""
    kept, lines = [], text.splitlines()
    for position, line in enumerate(lines):
        if REPEATS.fullmatch(line) or REPEATED_HEAD.match("\n".join(lines[position : position + 10])):
            break
        if not line.lstrip().startswith(">"):
            kept.append(line)
    return "\n".join(kept)


def content(part: Message) -> str:
    """Return the text of a part; an unknown charset is read as Latin-1, which reads anything."""
    try:
        raw = part.get_payload(decode=True)
    except UNREADABLE:
        return ""
    if not isinstance(raw, bytes):
        return ""
    try:
        return raw[: 4 * LONGEST_TEXT].decode(part.get_content_charset() or "utf-8")
    except UNREADABLE:
        return raw[: 4 * LONGEST_TEXT].decode("latin-1")


class _Words(HTMLParser):
    """What a person sees of HTML, without quoted blocks."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Break the line, or stop reading."""
        self._unseen += tag in UNSEEN
        if tag in BREAKS:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """Read again."""
        self._unseen -= tag in UNSEEN and self._unseen > 0
        if tag in BREAKS:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        """Keep what is seen."""
        if not self._unseen:
            self.words.append(re.sub(r"\s+", " ", data))


def _from_html(markup: str) -> str:
    reader = _Words()
    reader.feed(markup[:LONGEST_TEXT])
    reader.close()
    return "".join(reader.words)
