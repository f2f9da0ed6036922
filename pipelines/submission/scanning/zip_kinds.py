"""What kind of zip a zip is: a document of Office or OpenDocument, a program, or an archive of files."""

import re

from pipelines.submission.scanning.budget import Budget
from pipelines.submission.scanning.buffers import Bytes
from pipelines.submission.scanning.unpack import entry_chunks
from pipelines.submission.scanning.verdict import Stopped
from pipelines.submission.scanning.zip_layout import ZipLayout, read_layout

OOXML = "application/vnd.openxmlformats-officedocument."
WORD, SHEET, SLIDES = OOXML + "wordprocessingml", OOXML + "spreadsheetml", OOXML + "presentationml"
MACRO_OFFICE = "application/vnd.ms-office.macroEnabled"
BINARY_SHEET = "application/vnd.ms-excel.sheet.binary.macroEnabled.12"
ODF = "application/vnd.oasis.opendocument."
PROGRAM = "application/x-zip-program"
UNKNOWN_OPC = "application/x-opc-package"

_MAIN = re.compile(rb"""contenttype\s*=\s*["']([^"']{1,200}\.main\+xml|[^"']{1,200}\.main)["']""", re.IGNORECASE)
_PROGRAMS = (
    "classes.dex",
    "androidmanifest.xml",
    "appxmanifest.xml",
    "install.rdf",
    "extension.vsixmanifest",
    "meta-inf/manifest.mf",
)


def kind_of_zip(data: Bytes) -> str:
    """Return the media type; a zip that is not read strictly is still a zip, and refused later."""
    try:
        layout = read_layout(data)
        return _kind(data, layout)
    except Stopped:
        return "application/zip" if b"[Content_Types].xml" not in data[-65536:] else UNKNOWN_OPC


def _kind(data: Bytes, layout: ZipLayout) -> str:
    types = layout.find("[Content_Types].xml")
    if types is not None:
        return _office_kind(_content(data, layout, "[Content_Types].xml"))
    if layout.find("mimetype") is not None:
        told = _content(data, layout, "mimetype").strip().decode("ascii", errors="replace")
        if told.startswith(ODF) or told == "application/epub+zip":
            return told
    names = {entry.name.lower().replace("\\", "/") for entry in layout.entries}
    if "meta-inf/manifest.xml" in names and "content.xml" in names:
        return ODF + "text"
    is_program = any(name in names for name in _PROGRAMS) or any(name.endswith(".class") for name in names)
    return PROGRAM if is_program else "application/zip"


def _content(data: Bytes, layout: ZipLayout, name: str) -> bytes:
    entry = layout.find(name)
    if entry is None or entry.size > 4 << 20:
        return b""
    content = b"".join(entry_chunks(data, entry, Budget()))
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        content = content.decode("utf-16", errors="replace").encode()
    return content


def _office_kind(types: bytes) -> str:
    mains = {found.decode("ascii", errors="replace").lower() for found in _MAIN.findall(types)}
    if any("sheet.binary" in main for main in mains):
        return BINARY_SHEET
    if any("macroenabled" in main for main in mains):
        return MACRO_OFFICE
    families = {
        kind for kind in ("wordprocessingml", "spreadsheetml", "presentationml") for main in mains if kind in main
    }
    if len(families) != 1:
        return UNKNOWN_OPC
    family = families.pop()
    is_template = any("template" in main for main in mains)
    noun = {"wordprocessingml": "document", "spreadsheetml": "sheet", "presentationml": "presentation"}[family]
    return f"{OOXML}{family}.{'template' if is_template else noun}"
