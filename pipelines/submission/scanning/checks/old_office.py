"""Documents of the old Office (.doc, .xls, .ppt, .msg): macros, passwords, embedded programs, links that act."""

import re
import zlib

from pipelines.submission.scanning.checks.office_fields import why_field
from pipelines.submission.scanning.endings import ending_of
from pipelines.submission.scanning.links import is_remote, is_share
from pipelines.submission.scanning.old_excel import why_workbook
from pipelines.submission.scanning.ole_storage import OleStorage
from pipelines.submission.scanning.source import Source
from pipelines.submission.scanning.verdict import Finding, Findings, not_scanned, refused, worse

LOCKED = "is locked by a password and cannot be looked into; packages may not hold passwords"
MACROS = "contains macros; save it without them"
_MACRO_NAMES = {"vba", "_vba_project", "_vba_project_cur", "macros", "_vba_project_cur2", "__srp_0", "projectwm"}
_PROGRAM_CLASSES = {
    "0002CE02-0000-0000-C000-000000000046": "an equation object, which can start programs; make it a picture",
    "00021700-0000-0000-C000-000000000046": "an equation object, which can start programs; make it a picture",
    "0003000B-0000-0000-C000-000000000046": "an equation object, which can start programs; make it a picture",
    "0003000C-0000-0000-C000-000000000046": "a packed file, which can be a program; put the file itself beside it",
    "F20DA720-C02F-11CE-927B-0800095AE340": "a packed file, which can be a program; put the file itself beside it",
    "D27CDB6E-AE6D-11CF-96B8-444553540000": "a Flash program",
    "8856F961-340A-11D0-A96B-00C04FD705A2": "a web browser",
    "F4754C9B-64F5-4B40-8AF4-679732AC0607": "a control",
}
_CONTENT = {"worddocument", "workbook", "book", "powerpoint document", "__properties_version1.0", "visiodocument"}


def looks(media_type: str) -> bool:
    """Look at compound files."""
    return media_type == "application/x-ole-storage"


def look(source: Source, findings: Findings) -> Finding | None:
    """Judge its streams."""
    ole = OleStorage(source.data)
    reason = _why(ole, findings)
    if reason:
        return refused(reason)
    found: Finding | None = None
    if "__properties_version1.0" in ole.top:
        found = _message(source, ole)
    if "powerpoint document" in ole.top:
        found = worse(found, _slides(source, ole))
    if not _CONTENT & ole.top:
        found = worse(found, not_scanned("is an object of a program that is not looked into here"))
    elif len(_CONTENT & ole.top - {"book"}) > 1:
        return refused("is several documents in one, which readers take in different ways")
    elif not source.is_part:
        found = worse(found, _ending(source, ole))
    return found


def _why(ole: OleStorage, findings: Findings) -> str:
    if {"encryptedpackage", "encryptioninfo", "encryptedsummary", "\x06dataspaces"} & ole.names:
        findings["is_encrypted"] = True
        return LOCKED
    if _MACRO_NAMES & ole.names:
        findings["has_macros"] = True
        return MACROS
    return _why_objects(ole) or _why_word(ole, findings) or why_workbook(ole, findings)


def _why_objects(ole: OleStorage) -> str:
    if any(name.endswith("ole10native") or name in ("package", "equation native") for name in ole.names):
        return "contains a packed file or an equation object, which can start programs; put the file itself beside it"
    classes = ole.classes()
    for known, words in _PROGRAM_CLASSES.items():
        if known in classes:
            return f"contains {words}"
    if (
        any(name.startswith("ocxname") or name in {"\x03ocxname", "contents"} for name in ole.names)
        and "objectpool" in ole.names
    ):
        return "contains ActiveX controls, which run programs"
    if "000C1084-0000-0000-C000-000000000046" in classes or any(
        "\u3f3f" in name or "\u4840" in name for name in ole.names
    ):
        return "installs a program"
    return ""


def _why_word(ole: OleStorage, findings: Findings) -> str:
    text = ole.read("WordDocument")
    if not text:
        return ""
    flags = int.from_bytes(text[10:12], "little")
    if flags & 0x0100:
        findings["is_encrypted"] = True
        return LOCKED
    for encoding, open_sign, close in (("cp1252", b"\x13", b"\x15"), ("utf-16-le", b"\x13\0", b"\x15\0")):
        for code in re.findall(re.escape(open_sign) + b"(.{1,1000}?)" + re.escape(close), text, re.DOTALL):
            reason = why_field(re.split("[\x14]", code.decode(encoding, errors="replace"))[0])
            if reason:
                return reason
    table = ole.read("1Table" if flags & 0x0200 else "0Table")
    return _why_template(text, table)


def _why_template(text: bytes, table: bytes) -> str:
    """Read the second string of SttbfAssoc, the template ([MS-DOC] 2.9.277)."""
    at, size = int.from_bytes(text[0x19A:0x19E], "little"), int.from_bytes(text[0x19E:0x1A2], "little")
    strings = table[at : at + size]
    if strings[:2] != b"\xff\xff":
        return ""
    place = 6
    for number in range(2):
        length = int.from_bytes(strings[place : place + 2], "little")
        value = strings[place + 2 : place + 2 + 2 * length].decode("utf-16-le", errors="replace")
        place += 2 + 2 * length
        if number == 1 and (is_share(value) or is_remote(value)):
            return "fetches its template from elsewhere when it is opened"
    return ""


def _message(source: Source, ole: OleStorage) -> Finding | None:
    """Judge the attachments of a message of Outlook ([MS-OXMSG] 2.2.2)."""
    found: Finding | None = None
    for path in ole.streams:
        last = path[-1].lower()
        if last.startswith("__substg1.0_3701") and len(path) > 1:
            name = (
                _text(ole, [*path[:-1], "__substg1.0_3707001F"])
                or _text(ole, [*path[:-1], "__substg1.0_3704001F"])
                or "attachment"
            )
            found = worse(found, source.descend(name, [ole.read(*path)], is_part=last.endswith("0d")))
        elif last in ("__substg1.0_10130102", "__substg1.0_1013001f", "__substg1.0_1013001e"):
            found = worse(found, source.descend("body.html", [ole.read(*path)]) if ole.read(*path).strip() else None)
    return found


def _text(ole: OleStorage, path: list[str]) -> str:
    return ole.read(*path).decode("utf-16-le", errors="replace").strip("\0")


def _slides(source: Source, ole: OleStorage) -> Finding | None:
    """Walk the records of a presentation: objects in it are packed storages ([MS-PPT] 2.10.34), actions may start programs."""
    data = ole.read("PowerPoint Document")
    if ole.read("Current User")[12:16] == b"\xdf\xc4\xd1\xf3":
        return refused(LOCKED)
    found: Finding | None = None
    stack = [(0, len(data))]
    while stack:
        at, end = stack.pop()
        while at + 8 <= end:
            source.budget.check_time()
            version, kind, length = (
                int.from_bytes(data[at + i : at + i + n], "little") for i, n in ((0, 2), (2, 2), (4, 4))
            )
            body, stop = at + 8, min(end, at + 8 + length)
            if version & 0xF == 0xF:
                stack.append((body, stop))
            elif kind == 0x1011:
                found = worse(found, _object(source, data[body:stop], is_packed=version >> 4 == 1))
            elif kind == 0x0FF3 and stop - body >= 9 and data[body + 8] in (1, 2):
                return refused("starts a program or a macro by a click on a slide")
            at = stop if stop > at else end
    return found


def _object(source: Source, content: bytes, *, is_packed: bool) -> Finding | None:
    if is_packed:
        content = zlib.decompressobj().decompress(content[4:], 32 << 20)
    source.budget.unpack(len(content))
    return source.descend("object", [content], is_part=True)


def _ending(source: Source, ole: OleStorage) -> Finding | None:
    """Compare the ending with what the streams say."""
    kinds = {"worddocument": "doc dot", "workbook": "xls xlt", "book": "xls xlt", "powerpoint document": "ppt pps pot",
             "__properties_version1.0": "msg", "visiodocument": "vsd"}  # fmt: skip
    may_be = {ending for name in ole.top & kinds.keys() for ending in kinds[name].split()}
    ending = ending_of(source.name)
    return (
        refused(f"ends in .{ending}, but is another kind of old Office document by its content")
        if ending and ending not in may_be
        else None
    )
