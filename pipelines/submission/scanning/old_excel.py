"""Workbooks of the old Excel: the records that seal, run or reach outside ([MS-XLS] 2.4)."""

import re

from pipelines.submission.scanning.ole_storage import OleStorage
from pipelines.submission.scanning.verdict import Findings

_FILEPASS, _BOUNDSHEET, _SUPBOOK, _EXTERNNAME, _NAME, _HLINK = 0x2F, 0x85, 0x1AE, 0x23, 0x18, 0x1B8


def why_workbook(ole: OleStorage, findings: Findings) -> str:
    """Return what is wrong with the workbook in it, or nothing."""
    for name in ("Workbook", "Book"):
        data = ole.read(name)
        if not data:
            continue
        sheets, at = 0, 0
        while at + 4 <= len(data):
            kind, length = int.from_bytes(data[at : at + 2], "little"), int.from_bytes(data[at + 2 : at + 4], "little")
            body = data[at + 4 : at + 4 + length]
            reason = _why_record(kind, body, findings)
            if reason:
                return reason
            sheets += kind == _BOUNDSHEET
            at += 4 + length
        findings["sheets"] = sheets
    return ""


def _why_record(kind: int, body: bytes, findings: Findings) -> str:
    if kind == _FILEPASS:
        findings["is_encrypted"] = True
        return "is locked by a password and cannot be looked into; packages may not hold passwords"
    is_macro_sheet = kind == _BOUNDSHEET and len(body) > 5 and body[5] in (1, 6)
    if is_macro_sheet or (kind == 0x809 and len(body) >= 4 and int.from_bytes(body[2:4], "little") == 0x40):
        findings["has_macros"] = True
        return "contains macros in a sheet (Excel 4.0); save it without them"
    if kind in (0xD3, 0x1BD):
        findings["has_macros"] = True
        return "contains macros; save it without them"
    if (
        kind == _NAME
        and len(body) > 15
        and int.from_bytes(body[:2], "little") & 0x0C
        and not int.from_bytes(body[:2], "little") & 0x20
    ):
        return "names a macro"
    if kind == _SUPBOOK and len(body) > 4:
        return _why_link(body)
    return ""


def _why_link(body: bytes) -> str:
    text = body[4:].replace(b"\0", b"")
    if b"\x03" in text and not re.match(rb"[\x00\x01]?\x01", text[:2]):
        return "takes values of another program by DDE"
    if re.search(rb"https?:|\x01@|ftp:|\\\\", text, re.IGNORECASE):
        return "takes values of a workbook that lies elsewhere"
    return ""
