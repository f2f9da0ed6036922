"""Kinds that are not looked into: never clean by themselves."""

from pipelines.submission.scanning.source import Source
from pipelines.submission.scanning.verdict import Finding, Findings, not_scanned

_SEALED = {
    "application/x-7z-compressed": "a 7z archive",
    "application/vnd.rar": "a RAR archive",
    "application/x-lzip": "an lzip archive",
    "application/x-lzma": "an LZMA archive",
    "application/x-compress": "a compress archive",
    "application/x-arj": "an ARJ archive",
    "application/x-lzh-compressed": "an LZH archive",
    "application/x-opc-package": "a package of Office of another kind, or damaged",
    "application/vnd.ms-excel.sheet.binary.macroEnabled.12": "a binary workbook; save it as .xlsx",
    "application/vnd.ms-tnef": "a message in Outlook's own wrapping",
    "image/heif": "a picture in HEIF; save it as JPEG",
}
_MEDIA = ("audio/", "video/", "font/")


def looks(media_type: str) -> bool:
    """Look at the kinds above, at sounds and films, and at what was not recognised."""
    return media_type in _SEALED or media_type.startswith(_MEDIA) or media_type == "application/octet-stream"


def look(source: Source, findings: Findings) -> Finding | None:
    """Say what it is; parts of documents may be fonts, films and printer settings."""
    if source.is_part and source.media_type not in _SEALED:
        return None
    if source.media_type in _SEALED:
        findings["is_archive"] = "archive" in _SEALED[source.media_type]
        return not_scanned(f"is {_SEALED[source.media_type]}, which is not looked into here")
    return not_scanned("is of a kind that is not looked into here")
