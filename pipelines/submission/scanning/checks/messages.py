"""Messages (.eml, .mht, mailboxes): their bodies and attachments, and what is packed in their text."""

import binascii
import email
import email.header
import email.message
import email.policy
import re
from collections.abc import Iterator

from pipelines.submission.scanning.source import Source
from pipelines.submission.scanning.verdict import Finding, Findings, Stopped, not_scanned, refused, worse
from warehouse.domain.submission_file import ScanStatus

_FAULTS = ("NoBoundaryInMultipartDefect", "StartBoundaryNotFoundDefect", "MultipartInvariantViolationDefect")
_SEALED = ("application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted", "multipart/encrypted")
_UUENCODED = re.compile(
    rb"^begin(?:-base64)? [0-7]{3,4} ([^\r\n]{1,200})\r?\n(.*?)^(?:end|====)\b", re.MULTILINE | re.DOTALL
)


def looks(media_type: str) -> bool:
    """Look at messages."""
    return media_type in ("message/rfc822", "application/mbox", "text/plain")


def look(source: Source, findings: Findings) -> Finding | None:
    """Judge each part."""
    found = _uuencoded(source)
    if source.media_type == "text/plain":
        return found
    messages = _of_box(source) if source.media_type == "application/mbox" else iter([source.data[:]])
    for message in messages:
        found = worse(
            found, _message(source, email.message_from_bytes(message, policy=email.policy.compat32), findings)
        )
        if found is not None and found.status is ScanStatus.REFUSED:
            break
    return found


def _of_box(source: Source) -> Iterator[bytes]:
    for message in re.split(rb"(?m)^From [^\r\n]*\r?\n", source.data[:]):
        if message.strip():
            source.budget.take_file()
            yield message


def _message(source: Source, message: email.message.Message, findings: Findings) -> Finding | None:
    found: Finding | None = None
    count = 0
    for part in message.walk():
        count += 1
        if part.get_content_type() in _SEALED:
            if "signed" in str(part.get_param("smime-type", "")):
                continue
            findings["is_encrypted"] = True
            return refused("is a sealed message and cannot be looked into")
        twice = any(
            len(part.get_all(name, [])) > 1
            for name in ("Content-Type", "Content-Transfer-Encoding", "Content-Disposition")
        )
        elsewhere = part.get_content_type() in ("message/partial", "message/external-body")
        hides = str(part.get_content_charset("")).lower() in ("utf-7", "unicode-1-1-utf-7")
        if twice or elsewhere or hides or any(type(defect).__name__ in _FAULTS for defect in part.defects):
            return refused("is a message whose parts are told in a way that readers take differently")
        if not part.is_multipart():
            found = worse(found, _part(source, part, count))
        elif part.get_content_type() == "message/rfc822" or part.get_content_maintype() == "multipart":
            source.budget.take_file()
        if found is not None and found.status is ScanStatus.REFUSED:
            return found
    findings["entries"] = count
    return found


def _part(source: Source, part: email.message.Message, number: int) -> Finding | None:
    raw = part.get_payload(decode=True)
    content = raw if isinstance(raw, bytes) else str(part.get_payload()).encode("utf-8", errors="surrogateescape")
    source.budget.unpack(len(content))
    if any(type(defect).__name__.startswith("InvalidBase64") for defect in part.defects) and not content:
        raise Stopped(not_scanned("is a message with a damaged attachment"))
    if not content.strip():
        return None
    return source.descend(_name(part) or _default_name(part, number), [content])


def _name(part: email.message.Message) -> str:
    name = part.get_filename() or part.get_param("name", "")
    if isinstance(name, tuple):
        name = name[2]
    try:
        decoded = "".join(
            piece.decode(encoding or "ascii", errors="replace") if isinstance(piece, bytes) else piece
            for piece, encoding in email.header.decode_header(str(name))
        )
    except (LookupError, ValueError, binascii.Error):
        decoded = str(name)
    return re.split(r"[/\\]", decoded)[-1]


def _default_name(part: email.message.Message, number: int) -> str:
    ending = {"text/html": "html", "text/plain": "txt", "text/calendar": "ics"}.get(part.get_content_type(), "")
    return f"part-{number}.{ending}" if ending else f"part-{number}"


def _uuencoded(source: Source) -> Finding | None:
    """Judge files that stand in a text as Unix mail of old carried them."""
    found: Finding | None = None
    for match in _UUENCODED.finditer(source.data[:]):
        held = bytearray()
        is_base64 = match[0].startswith(b"begin-base64")
        for line in match[2].splitlines():
            try:
                held += binascii.a2b_base64(line) if is_base64 else binascii.a2b_uu(line)
            except binascii.Error:
                continue
        source.budget.unpack(len(held))
        found = worse(found, source.descend(match[1].decode("utf-8", errors="replace").strip(), [bytes(held)]))
    return found
