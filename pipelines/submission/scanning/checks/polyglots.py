"""Files that are two things at once, and what is hung behind a file's end."""

import re

from pipelines.submission.scanning.buffers import Bytes
from pipelines.submission.scanning.source import Source
from pipelines.submission.scanning.verdict import Finding, Findings, refused

_CARRIERS = (
    "application/zip",
    "application/x-tar",
    "application/gzip",
    "application/vnd.",
    "application/epub",
    "application/x-opc",
    "message/",
    "application/mbox",
    "application/x-ole",
    "application/x-iso",
    "application/x-zip",
)
_PAGE = re.compile(
    rb"<script[\s>]|<\?php|<iframe[\s>]|<html[\s>]|<svg[\s>][^>]{0,200}onload|javascript:|onerror\s*=|<\0s\0c\0r\0i\0p\0t|hta:application",
    re.IGNORECASE,
)


def looks(media_type: str) -> bool:
    """Look at everything that is no text and no archive of its own."""
    return not media_type.startswith(_CARRIERS) or media_type in ("application/pdf", "application/x-tar")


def look(source: Source, findings: Findings) -> Finding | None:
    """Look for the signs of a second kind."""
    data, kind = source.data, source.media_type
    if (kind == "application/pdf" and data[257:262] == b"ustar") or (
        kind == "application/x-tar" and data.find(b"%PDF-", 0, 512) >= 0
    ):
        return refused("is an archive and something else at once")
    if kind not in ("application/pdf", "application/x-tar") and _is_zip_at_end(data):
        return refused("is an archive and something else at once")
    if kind.startswith("image/") and kind != "image/svg+xml":
        if data.find(b"%PDF-", 0, 2048) >= 0:
            return refused("is a picture and a PDF at once")
        if _PAGE.search(data):
            return refused("is a picture that holds a script or a web page")
        sign_at = {"image/gif": 6, "image/bmp": 2, "image/jpeg": 4, "image/webp": 4}.get(kind)
        if (
            sign_at
            and data[sign_at : sign_at + 2] in (b"/*", b"//", b"=1", b"='", b'="')
            and (data.find(b"*/") > 0 or data[sign_at] != 0x2F)
        ):
            return refused("is a picture and a script at once")
    return None


def _is_zip_at_end(data: Bytes) -> bool:
    """Whether an unpacker would find an archive by the directory at its end."""
    at = data.rfind(b"PK\5\6", max(0, len(data) - 65557))
    if at < 0 or at + 22 > len(data):
        return False
    size = int.from_bytes(data[at + 12 : at + 16], "little")
    return data[max(0, at - size) : max(0, at - size) + 4] == b"PK\1\2"
