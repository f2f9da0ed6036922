"""What a file is, by its content; its name decides only among plain texts.

Order: the first signs, then what may stand later (PDF within 1 KiB, ISO at 32 KiB), then texts.
"""

import re

from pipelines.submission.scanning.buffers import Bytes
from pipelines.submission.scanning.text import decode

UNKNOWN = "application/octet-stream"
EMPTY = "application/x-empty"
ZIP, PDF, OLE = "application/zip", "application/pdf", "application/x-ole-storage"
EXECUTABLE = "application/x-executable"

_SIGNS: tuple[tuple[bytes, str], ...] = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE),
    (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF87a", "image/gif"), (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"), (b"MM\0*", "image/tiff"), (b"II+\0", "image/tiff"), (b"MM\0+", "image/tiff"),
    (b"\x1f\x8b", "application/gzip"), (b"BZh", "application/x-bzip2"), (b"\xfd7zXZ\0", "application/x-xz"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"), (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"(\xb5/\xfd", "application/zstd"), (b"MSCF", "application/vnd.ms-cab-compressed"), (b"LZIP", "application/x-lzip"),
    (b"\x5d\0\0", "application/x-lzma"), (b"\x1f\x9d", "application/x-compress"), (b"\x60\xea", "application/x-arj"),
    (b"\x7fELF", EXECUTABLE), (b"\xfe\xed\xfa\xce", EXECUTABLE), (b"\xfe\xed\xfa\xcf", EXECUTABLE),
    (b"\xce\xfa\xed\xfe", EXECUTABLE), (b"\xcf\xfa\xed\xfe", EXECUTABLE), (b"\xca\xfe\xba\xbe", EXECUTABLE),
    (b"\xca\xfe\xba\xbf", EXECUTABLE), (b"\0asm", EXECUTABLE), (b"dex\n", EXECUTABLE), (b"!<arch>", EXECUTABLE),
    (b"\xed\xab\xee\xdb", EXECUTABLE), (b"FWS", "application/x-shockwave-flash"), (b"CWS", "application/x-shockwave-flash"),
    (b"ZWS", "application/x-shockwave-flash"), (b"L\0\0\0\x01\x14\x02\0", "application/x-ms-shortcut"),
    (b"ITSF", "application/vnd.ms-htmlhelp"), (b"ActiveMime", "application/x-activemime"),
    (b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d", "application/msonenote"), (b"conectix", "application/x-vhd"),
    (b"vhdxfile", "application/x-vhd"), (b"%!PS", "application/postscript"), (b"\xc5\xd0\xd3\xc6", "application/postscript"),
    (b"\x04%!PS", "application/postscript"), (b"%FDF", "application/vnd.fdf"), (b"x\x9f>\"", "application/vnd.ms-tnef"),
    (b"\xd7\xcd\xc6\x9a", "image/wmf"), (b"MZ", EXECUTABLE), (b"ZM", EXECUTABLE), (b"HWP Document", UNKNOWN),
    (b"\x93NUMPY", UNKNOWN), (b"SQLite format 3\0", UNKNOWN), (b"\x80\x02c", "application/x-pickle"),
    (b"\0\5\x16\7", "application/applefile"), (b"\0\0\0\x01Bud1", "application/x-ds-store"), (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"), (b"\0\x01\0\0\0", "font/sfnt"), (b"OTTO", "font/sfnt"),
)  # fmt: skip

_HEAD_OF_HTML = re.compile(
    r"\s*(<!--.*?-->\s*|<\?xml[^>]*\?>\s*)*<(!doctype\s+html|(html|head|body|script|iframe|meta|title|style|table|div|form|a|img|"
    r"link|base|object|embed|svg:html|h[1-6]|p|br|font|center|frameset|input|b|i|span|ul|video|audio|marquee|details)[\s/>])",
    re.IGNORECASE | re.DOTALL,
)
_ANYWHERE_HTML = re.compile(r"<(!doctype\s+html|html|script|iframe)[\s>]", re.IGNORECASE)
_ROOT = re.compile(r"<(?![?!/])((?:[\w.-]+:)?[\w.-]+)")
_MAIL_FIELD = re.compile(
    r"^(received|return-path|delivered-to|from|to|cc|subject|date|message-id|mime-version|content-type|content-transfer-encoding|reply-to|"
    r"x-[\w-]+|dkim-signature|arc-[\w-]+|authentication-results|sender|bcc|importance|references|in-reply-to|thread-[\w-]+|list-[\w-]+|"
    r"content-disposition|content-language|return-receipt-to|user-agent|snapshot-content-location)[ \t]*:", re.IGNORECASE,
)  # fmt: skip


def recognise(data: Bytes, name: str) -> str:
    """Return the media type by content."""
    if not data:
        return EMPTY
    head = data[:1032]
    if head[:2] == b"PK" and (data[:4] in (b"PK\3\4", b"PK\5\6", b"PK\7\x08")):
        from pipelines.submission.scanning.zip_kinds import kind_of_zip

        return kind_of_zip(data)
    known = next((kind for sign, kind in _SIGNS if head.startswith(sign)), None) or _by_place(data, head)
    if known and not (known == EXECUTABLE and head[:2] in (b"MZ", b"ZM") and not _is_program(data)):
        return known
    return _by_text(data, name)


def _is_program(data: Bytes) -> bool:
    """Tell a program that begins with MZ from a text that happens to."""
    return decode(data[:4096]) is None


def _by_place(data: Bytes, head: bytes) -> str | None:
    if re.match(rb"[\0\t\n\v\f\r \xef\xbb\xbf]*\{[\s\0]*\\rt", head):
        return "application/rtf"
    if not head.startswith(b"%PDF-") and (head[257:262] == b"ustar" or _is_old_tar(head)):
        return "application/x-tar"
    if b"%PDF-" in head[:1029]:
        return PDF
    return _by_inner_sign(head) or _by_far_sign(data, head)


def _by_inner_sign(head: bytes) -> str | None:
    if head[:4] == b"RIFF":
        return {b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo", b"WEBP": "image/webp"}.get(head[8:12])
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in (12, 40, 52, 56, 64, 108, 124):
        return "image/bmp"
    if head[40:44] == b" EMF":
        return "image/emf"
    if head[4:8] == b"ftyp":
        return "image/heif" if head[8:12] in (b"heic", b"heix", b"mif1", b"avif", b"hevc") else "video/mp4"
    return None


def _by_far_sign(data: Bytes, head: bytes) -> str | None:
    if any(data[at + 1 : at + 6] in (b"CD001", b"BEA01") for at in (32768, 34816, 36864)):
        return "application/x-iso9660-image"
    if data[-512:-508] == b"koly":
        return "application/x-apple-diskimage"
    if head[20:22] == b"\xdc\xa7" or head[2:5] in (b"-lh", b"-lz"):
        return "application/x-lzh-compressed"
    return None


def _is_old_tar(head: bytes) -> bool:
    block = head[:512]
    if len(block) < 512 or not block[0] or block[99] != 0:
        return False
    try:
        told = int(block[148:156].strip(b"\0 ") or b"-", 8)
    except ValueError:
        return False
    return told == sum(block[:148]) + 8 * 32 + sum(block[156:512])


def _by_text(data: Bytes, name: str) -> str:
    text = decode(data[: 1 << 16])
    if text is None:
        text = decode(data[: (1 << 16) - 3])  # a sign of several bytes was cut
    if text is None:
        return UNKNOWN
    start = text.lstrip("\ufeff \t\r\n\v\f\0")
    if re.match(r"\{\s*\\rt", start):
        return "application/rtf"
    return (None if start.startswith("<") else _mail(start)) or _markup(start) or _named(start, name)


def _markup(start: str) -> str | None:
    if _HEAD_OF_HTML.match(start[:8192]):
        return "text/html"
    if start.startswith("<"):
        without = re.sub(
            r"<!--.*?-->|<\?.*?\?>|<!DOCTYPE[^\[>]*(\[.*?\]\s*)?>", "", start[:32768], flags=re.DOTALL | re.IGNORECASE
        )
        root = _ROOT.search(without)
        if root and root[1].split(":")[-1].lower() == "svg":
            return "image/svg+xml"
        if root and root[1].split(":")[-1].lower() == "html":
            return "text/html"
        if root and (start.lower().startswith(("<?xml", "<!doctype")) or "</" in start or "/>" in start):
            return "text/html" if _ANYWHERE_HTML.search(start[:4096]) else "application/xml"
    if _ANYWHERE_HTML.search(start[:1024]):
        return "text/html"
    return None


def _mail(start: str) -> str | None:
    lines = start[:16384].replace("\r\n", "\n").replace("\r", "\n").split("\n")
    is_box = lines[0].startswith("From ")
    fields = 0
    for line in lines[1:60] if is_box else lines[:60]:
        if not line.strip():
            break
        if line[:1] in " \t" and fields:
            continue
        if not re.match(r"^[!-9;-~]+[ \t]*:", line):
            return None
        fields += bool(_MAIL_FIELD.match(line))
    if fields < 2:
        return None
    return "application/mbox" if is_box else "message/rfc822"


def _named(start: str, name: str) -> str:
    ending = name.rpartition(".")[2].strip().lower()
    if start[:1] in "{[" and ending == "json":
        return "application/json"
    return {"csv": "text/csv", "tsv": "text/csv", "tab": "text/csv", "md": "text/markdown", "ics": "text/calendar"}.get(
        ending, "text/plain"
    )
