"""An ending that promises something else than the file is, or that of a program."""

from pipelines.submission.scanning.endings import MAY_BE, PROGRAMS, ending_of
from pipelines.submission.scanning.media_types import EMPTY, UNKNOWN
from pipelines.submission.scanning.source import Source
from pipelines.submission.scanning.verdict import Finding, Findings, not_scanned, refused
from pipelines.submission.scanning.zip_kinds import MACRO_OFFICE, ODF, OOXML, UNKNOWN_OPC

_DOCUMENTS = {"docm", "dotm", "xlsm", "xltm", "xlam", "pptm", "potm", "ppsm", "ppam"}


def looks(media_type: str) -> bool:
    """Look at every file."""
    return True


def look(source: Source, findings: Findings) -> Finding | None:
    """Compare name and content."""
    ending = "" if source.is_part else ending_of(source.name)
    if ending in _DOCUMENTS or source.media_type == MACRO_OFFICE:
        findings["has_macros"] = True
        return refused("is of a kind that carries macros; save it without them (.docx, .xlsx, .pptx)")
    return None if source.is_part else _compare(source, ending)


def _compare(source: Source, ending: str) -> Finding | None:
    if ending in PROGRAMS:
        return refused(f"ends in .{ending}: programs, scripts and what makes a program act do not belong into an offer")
    if source.media_type == EMPTY:
        return refused("is empty") if source.level == 0 else None
    # A Mac puts a file of colours and dates beside each file of a zip, under its name behind `._`.
    is_of_mac = source.media_type == "application/applefile" and "._" in source.name and source.level
    may_be = MAY_BE.get(ending)
    if is_of_mac or may_be is None or source.media_type in may_be:
        return None
    if source.media_type == UNKNOWN_OPC:
        count = len(source.zip.entries)  # reading it says what is wrong with it, when something is
        return not_scanned(f"ends in .{ending}, but its {count} parts make no whole document")
    if source.media_type == UNKNOWN:
        return not_scanned(f"ends in .{ending}, but is damaged or something else")
    return refused(f"ends in .{ending}, but is {describe(source.media_type)} by its content")


def describe(media_type: str) -> str:
    """Return a kind in words."""
    words = {
        "application/pdf": "a PDF", "application/zip": "a zip archive", "text/html": "a web page", "text/plain": "a plain text",
        "application/x-executable": "a program", "application/rtf": "an RTF document", "image/png": "a PNG picture",
        "image/jpeg": "a JPEG picture", "application/x-ole-storage": "an old Office document or a sealed one",
    }  # fmt: skip
    if media_type.startswith((OOXML, ODF)):
        return "a document of Office of another kind"
    return words.get(media_type, f"another kind ({media_type})")
