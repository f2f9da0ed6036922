"""RTF: embedded objects, fields that act, templates from elsewhere; also where the signs are hidden."""

import re

from pipelines.submission.scanning.checks.office_fields import why_field
from pipelines.submission.scanning.links import is_remote, is_share
from pipelines.submission.scanning.source import Source
from pipelines.submission.scanning.verdict import Finding, Findings, refused

_OBJECT = re.compile(
    rb"(?<!\\)(?:\\\\)*\\(object|objdata|objupdate|objemb|objocx|objautlink|objlink|objclass|objhtml|objpub|objsub|objicemb|objattph|oleclsid|ole|mmathobj)(?![a-z])",
    re.I,
)
_TEMPLATE = re.compile(rb"(?<!\\)(?:\\\\)*\\template(?![a-z])[^a-z0-9\\]*([^{}]*)", re.IGNORECASE)
_FIELD = re.compile(rb"\\fldinst(?![a-z])", re.IGNORECASE)


def looks(media_type: str) -> bool:
    """Look at RTF."""
    return media_type == "application/rtf"


def look(source: Source, findings: Findings) -> Finding | None:
    """Read it as Word does: NULs and line breaks do not count."""
    data = source.data[:].replace(b"\0", b"")
    found = _OBJECT.search(data)
    if found and found[1].lower() not in (b"mmathobj",):
        return refused("contains an embedded object, which can start programs")
    for template in _TEMPLATE.findall(data):
        address = plain(template[:2000])
        if is_share(address) or is_remote(address):
            return refused("fetches its template from elsewhere when it is opened")
    for field in _FIELD.finditer(data):
        reason = why_field(plain(_group(data, field.end())))
        if reason:
            return refused(reason)
    if re.search(rb"\\(bin)[1-9]\d{3,}", data) and re.search(rb"MZ.{58,500}PE\0\0", source.data[:], re.DOTALL):
        return refused("holds a program")
    end = data.rstrip(b" \r\n\t}\x1a").rfind(b"}")
    behind = data[data.rfind(b"}") + 1 :].strip(b" \r\n\t\x1a") if end >= 0 else b""
    return refused("has other data behind its end") if len(behind) > 512 else None


def _group(data: bytes, at: int) -> bytes:
    """Return what stands up to the end of the group."""
    depth, place = 1, at
    while place < min(len(data), at + 8000):
        sign = data[place : place + 1]
        if sign == b"\\":
            place += 2
            continue
        depth += (sign == b"{") - (sign == b"}")
        if depth == 0:
            break
        place += 1
    return data[at:place]


def plain(piece: bytes) -> str:
    """Return the letters of a piece of RTF, with its escapes resolved and control words left out."""
    text = piece.decode("latin-1").replace("\r", "").replace("\n", "")
    text = re.sub(r"\\u(-?\d+) ?(\\'[0-9a-fA-F]{2}|[^\\{}])?", lambda found: chr(int(found[1]) % 65536), text)
    text = re.sub(r"\\'([0-9a-fA-F]{2})", lambda found: chr(int(found[1], 16)), text)
    text = re.sub(r"\\([\\{}])", lambda found: {"\\": "\ue000", "{": "\ue001", "}": "\ue002"}[found[1]], text)
    text = re.sub(r"\\\*|\\[a-zA-Z]+-?\d* ?|\\(?=[^a-zA-Z])|[{}]", "", text)
    return text.replace("\ue000", "\\").replace("\ue001", "{").replace("\ue002", "}").strip()
