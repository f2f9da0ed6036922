"""An offer as numbered messages: which file goes into which, what each says, and its bytes.

The same parcel and settings give the same messages with the same Message-IDs, so that an office that gets one twice can see
it. Not here: sending (outgoing.py).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from pipelines.submission.executor import Parcel, ParcelFile
from pipelines.submission.mail.settings import TEMPLATE_NAME, MailSettings
from warehouse.domain.executor import addresses, attached_bytes
from warehouse.domain.package import size_words

# A server need not take 8 bits a byte, so nothing of ours has more than seven.
POLICY = SMTP.clone(cte_type="7bit")
SLACK_BYTES = 500
"""The numbers of a message have more digits in one than in another."""
NAME_BYTES = 400
"""How much of FRAME_BYTES is there for a file's name; RFC 2231 makes up to nine signs of one, and folds them."""
OPAQUE = ("message/", "multipart/")
"""RFC 2046 forbids base64 for these: such a file travels as plain bytes."""


@dataclass(frozen=True)
class Part:
    """One numbered message, before its bytes are made."""

    number: int
    count: int
    message_id: str
    subject: str
    text: str
    files: tuple[ParcelFile, ...]

    @property
    def envelope_id(self) -> str:
        """What a server repeats in its reports (RFC 3461)."""
        return self.message_id.strip("<>").rpartition("@")[0]

    @property
    def title(self) -> str:
        """Its name in a sentence."""
        return "the message" if self.count == 1 else f"message {self.number} of {self.count}"


@dataclass(frozen=True)
class Written:
    """One numbered message whose bytes lie in a file."""

    part: Part
    path: Path
    size: int
    sha256: str


def recipients_of(parcel: Parcel) -> tuple[list[str], list[str]]:
    """Return the addresses that it goes to, and those that get a copy."""
    return addresses(parcel.fields.get("to", "")), addresses(parcel.fields.get("cc", ""))


def faults_of_split(parcel: Parcel, settings: MailSettings) -> list[str]:
    """Say why the files cannot go out in messages of the allowed size; empty when they can."""
    most, limit = _frame_bytes(parcel, settings), settings.message_bytes
    if not parcel.files:
        return ["The package holds no file."]
    faults = [
        f"{file.name} does not fit a message: {size_words(most + carried_bytes(file))} with its frame, {size_words(limit)} are possible."
        for file in parcel.files
        if most + carried_bytes(file) > limit
    ]
    if not faults and len(split(parcel, settings)) > settings.messages:
        faults.append(f"The files take {len(split(parcel, settings))} messages, {settings.messages} are possible.")
    return faults


def carried_bytes(file: ParcelFile) -> int:
    """Return how many bytes a file takes in a message, never too few."""
    return attached_bytes(file.size) + max(0, 2 * len(quote(file.name, safe="")) - NAME_BYTES)


def split(parcel: Parcel, settings: MailSettings) -> list[tuple[ParcelFile, ...]]:
    """Divide the files over messages: every file once, in their order, as many in each as fit."""
    room = settings.message_bytes - _frame_bytes(parcel, settings)
    messages: list[list[ParcelFile]] = []
    left = 0
    for file in parcel.files:
        needed = carried_bytes(file)
        if not messages or needed > left:
            messages.append([])
            left = room
        messages[-1].append(file)
        left -= needed
    return [tuple(files) for files in messages]


def plan(parcel: Parcel, settings: MailSettings) -> list[Part]:
    """Return the numbered messages in the order in which they go out."""
    divided = split(parcel, settings)
    return [_part(parcel, settings, divided, number) for number in range(1, len(divided) + 1)]


def _part(parcel: Parcel, settings: MailSettings, divided: Sequence[tuple[ParcelFile, ...]], number: int) -> Part:
    count = len(divided)
    name = f"{parcel.reference}.{number}-of-{count}.{parcel.manifest_hash[:10]}"
    return Part(
        number, count, f"<{name}@{settings.domain}>", _subject(parcel, settings, number, count),
        _text(parcel, divided, number), divided[number - 1],
    )  # fmt: skip


def _subject(parcel: Parcel, settings: MailSettings, number: int, count: int) -> str:
    told = {
        "subject": parcel.fields.get("subject", ""), "reference": parcel.reference, "number": str(number),
        "count": str(count), "solicitation": parcel.solicitation_number,
    }  # fmt: skip
    subject = TEMPLATE_NAME.sub(lambda name: told[name[1]], settings.subject)
    if count > 1 and "{number}" not in settings.subject:
        subject += f" (Part {number} of {count})"
    return " ".join(re.sub(r"[^\S ]|[\x00-\x1f\x7f]", " ", subject).split())


def _text(parcel: Parcel, divided: Sequence[tuple[ParcelFile, ...]], number: int) -> str:
    count, note = len(divided), parcel.fields.get("body_note", "").strip()
    lines = [*note.splitlines(), ""] if note else []
    lines += [
        f"Solicitation: {parcel.solicitation_number}" if parcel.solicitation_number else f"Title: {parcel.title}",
        f"Our reference: {parcel.reference}",
    ]
    if count > 1:
        lines.append(f"This is message {number} of {count}.")
    for position, files in enumerate(divided, 1):
        here = "" if count == 1 else " (this one)" if position == number else ""
        lines += ["", "Files:" if count == 1 else f"Files in message {position} of {count}{here}:"]
        for file in files:
            lines += [f"  {file.name} ({file.size:,} bytes)", f"    SHA-256 {file.sha256}"]
    return "\n".join(lines) + "\n"


def _frame_bytes(parcel: Parcel, settings: MailSettings) -> int:
    """Return how many bytes a message takes beside its files, never too few: its text lists all of them."""
    one_each = [(file,) for file in parcel.files]  # the most headings that the text can have
    part = _part(parcel, settings, one_each or [()], 1)
    empty = Part(part.number, part.count, part.message_id, part.subject, part.text, ())
    return len(to_bytes(empty, parcel, settings, datetime(2026, 9, 30))) + SLACK_BYTES  # noqa: DTZ001 - any date is as long


def to_bytes(part: Part, parcel: Parcel, settings: MailSettings, at: datetime) -> bytes:
    """Return a message as it travels, reading its files."""
    to, cc = recipients_of(parcel)
    message = EmailMessage(POLICY)
    message["Message-ID"] = part.message_id
    message["Date"] = format_datetime(at)
    message["From"] = Address(settings.sender_name, addr_spec=settings.sender)
    if settings.reply_to:
        message["Reply-To"] = settings.reply_to
    message["To"] = ", ".join(to)
    if cc:
        message["Cc"] = ", ".join(cc)
    message["Subject"] = part.subject
    message["X-Procura-Reference"] = parcel.reference
    message["X-Procura-Part"] = f"{part.number} of {part.count}"
    message.set_content(part.text, cte="quoted-printable")
    for file in part.files:
        kind = "application/octet-stream" if file.media_type.startswith(OPAQUE) else file.media_type
        main, _, sub = kind.partition("/")
        message.add_attachment(file.path.read_bytes(), main, sub or "octet-stream", filename=file.name)
    if part.files:
        message.set_boundary(f"=_{sha256(part.message_id.encode()).hexdigest()[:32]}")  # "=_" stands in no encoded text
    made = message.as_bytes()
    return made if made.endswith(b"\r\n") else made + b"\r\n"  # the last dot stands on a line of its own


def write_messages(parts: Sequence[Part], parcel: Parcel, settings: MailSettings, at: datetime, folder: Path) -> list[Written]:  # fmt: skip
    """Write every message to a file, one in memory at a time."""
    written = []
    for part in parts:
        made = to_bytes(part, parcel, settings, at)
        path = folder / f"message-{part.number}.eml"
        path.write_bytes(made)
        written.append(Written(part, path, len(made), sha256(made).hexdigest()))
    return written


def without_files(message: Written) -> bytes:
    """Return a message as evidence: its head and text, and of each file and of the whole the size and SHA-256.

    The files themselves are kept as those of the package, under the same SHA-256.
    """
    head = message.path.read_bytes().partition(b"\r\n\r\n")[0].decode("ascii")
    listed = [f"{file.name}: {file.size} bytes, SHA-256 {file.sha256}" for file in message.part.files]
    whole = f"The message as it goes out: {message.size} bytes, SHA-256 {message.sha256}"
    return "\n".join([*head.splitlines(), "", message.part.text, *listed, whole, ""]).encode()
