"""What kind of file it is, told by its first bytes: a feed that can be read, or why it is skipped.

Told by content, never by name. Not here: reading it (csv_records.py, json_records.py).
"""

import csv
import io
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, BinaryIO

from pipelines.discovery.blocks import Blocks
from pipelines.discovery.decode import decode_line

HEAD_BYTES = 262_144
GZIP_MAGIC = b"\x1f\x8b"
MAGICS = {
    b"PK\x03\x04": "a ZIP archive or a spreadsheet: unpack it or save it as CSV",
    b"%PDF": "a PDF",
    b"\xff\xfe": "UTF-16 text: save it as UTF-8",
    b"\xfe\xff": "UTF-16 text: save it as UTF-8",
}
"""Beginnings that say what a file is, whatever can be read further on: a ZIP may hold a CSV in clear."""


class Form(StrEnum):
    """How records lie in a file."""

    CSV = "csv"
    LINES = "lines"
    ENVELOPE = "envelope"


FEEDS = {Form.CSV: "bulk_csv", Form.LINES: "v2_json", Form.ENVELOPE: "v2_json"}

CSV_COLUMNS: dict[str, str] = {
    "NoticeId": "notice_id",
    "Title": "title",
    "Sol#": "solicitation_number",
    "Department/Ind.Agency": "agency",
    "Sub-Tier": "sub_agency",
    "Office": "office",
    "PostedDate": "posted",
    "Type": "type",
    "BaseType": "base_type",
    "ArchiveType": "archive_type",
    "ArchiveDate": "archive_date",
    "SetASideCode": "set_aside",
    "SetASide": "set_aside_text",
    "ResponseDeadLine": "deadline",
    "NaicsCode": "naics",
    "ClassificationCode": "psc",
    "PopStreetAddress": "place_street",
    "PopCity": "place_city",
    "PopState": "place_state",
    "PopZip": "place_zip",
    "PopCountry": "place_country",
    "Active": "active",
    "AwardNumber": "award_number",
    "AwardDate": "award_date",
    "Award$": "award_amount",
    "Awardee": "awardee",
    "PrimaryContactTitle": "primary_title",
    "PrimaryContactFullname": "primary_name",
    "PrimaryContactEmail": "primary_email",
    "PrimaryContactPhone": "primary_phone",
    "PrimaryContactFax": "primary_fax",
    "SecondaryContactTitle": "secondary_title",
    "SecondaryContactFullname": "secondary_name",
    "SecondaryContactEmail": "secondary_email",
    "SecondaryContactPhone": "secondary_phone",
    "SecondaryContactFax": "secondary_fax",
    "State": "office_state",
    "City": "office_city",
    "ZipCode": "office_zip",
    "CountryCode": "office_country",
    "Link": "link",
    "Description": "description",
}
"""Column of the daily file -> our raw name. CGAC, FPDS Code, AAC Code, OrganizationType, AdditionalInfoLink say nothing we keep."""

NEEDED_COLUMNS = [
    "NoticeId",
    "Title",
    "Sol#",
    "Department/Ind.Agency",
    "Sub-Tier",
    "Office",
    "PostedDate",
    "Type",
    "ArchiveDate",
    "SetASideCode",
    "ResponseDeadLine",
    "NaicsCode",
    "ClassificationCode",
    "State",
    "Link",
    "Description",
]
"""Without these a bidder cannot decide; a file that lacks one is not read, and the reason names it."""

V2_ONLY_KEYS = frozenset(
    [
        "uiLink",
        "fullParentPathName",
        "fullParentPathCode",
        "responseDeadLine",
        "typeOfSetAside",
        "typeOfSetAsideDescription",
        "classificationCode",
        "naicsCode",
        "naicsCodes",
        "archiveDate",
        "archiveType",
        "baseType",
        "organizationType",
        "officeAddress",
        "pointOfContact",
        "placeOfPerformance",
        "resourceLinks",
    ]
)
"""One of these tells a record of the v2 API from other JSON about notices."""


@dataclass(frozen=True)
class Shape:
    """A file that can be read: its form and, for CSV, its header (names in the file's order) and the header's bytes."""

    form: Form
    header: tuple[str, ...] = ()
    header_bytes: int = 0
    header_lines: int = 0

    @property
    def feed(self) -> str:
        """The feed's name in the lake: bulk_csv or v2_json."""
        return FEEDS[self.form]


@dataclass(frozen=True)
class Skip:
    """A file that is not read, and why, in words for the person who dropped it."""

    reason: str


def detect(stream: BinaryIO) -> Shape | Skip:
    """Tell the shape of a stream of plain bytes from its first 256 KiB; the stream is read up to there."""
    blocks = Blocks(stream)
    head = blocks.read(HEAD_BYTES)
    if not head and blocks.damage:
        return Skip(blocks.damage)
    body = head.removeprefix(b"\xef\xbb\xbf")
    if not body.strip():
        return Skip("it is empty")
    for magic, name in MAGICS.items():
        if body.startswith(magic):
            return Skip(f"it is {name}")
    if body.lstrip()[:1] in {b"{", b"["}:
        return _json_shape(body, is_whole=len(head) < HEAD_BYTES)
    return _csv_shape(body, skipped=len(head) - len(body))


def _csv_shape(body: bytes, *, skipped: int) -> Shape | Skip:
    if b"\n" not in body and b"\r" in body:
        return Skip("its lines end with bare carriage returns: save it with the line ends of Unix or Windows")
    lines = io.StringIO(decode_line(body)[0], newline="")
    reader = csv.reader(lines, strict=True)
    try:
        names = tuple(name.strip() for name in next(reader))
    except (csv.Error, StopIteration):
        names = ()
    known = {name.lower(): name for name in CSV_COLUMNS}
    found = {known[name.lower()] for name in names if name.lower() in known}
    if len(found) < 5:
        return Skip(_what_else(body))
    missing = [name for name in NEEDED_COLUMNS if name not in found]
    if missing:
        return Skip(
            f"the needed column{'s' if len(missing) > 1 else ''} {', '.join(missing)} {'are' if len(missing) > 1 else 'is'} missing"
        )
    size = sum(len(line) + 1 for line in body.split(b"\n")[: reader.line_num])
    header = tuple(known.get(name.lower(), name) for name in names)
    return Shape(Form.CSV, header, skipped + min(size, len(body)), reader.line_num)


def _what_else(body: bytes) -> str:
    if b"\0" in body or sum(byte < 32 and byte not in b"\t\n\r\f" for byte in body[:4096]) > 16:
        return "it is a binary file"
    return "it is of another shape: neither SAM.gov's daily CSV nor v2 API records"


def _json_shape(body: bytes, *, is_whole: bool) -> Shape | Skip:
    lines = body.splitlines()
    if not is_whole:
        lines = lines[:-1] or lines
    objects = [record for line in lines[:200] if isinstance(record := _parsed(line), dict)]
    if objects and not (len(objects) == 1 and "opportunitiesData" in objects[0]):
        return _recognised(objects, Form.LINES)
    if b'"opportunitiesData"' in body:
        return Shape(Form.ENVELOPE)
    whole = _parsed(body) if is_whole else None
    items: list[object] = whole if isinstance(whole, list) else [whole]
    records = [item for item in items if isinstance(item, dict)]
    if records:
        return _recognised(records, Form.ENVELOPE)
    return _recognised_by_text(body)


def _recognised(objects: list[dict[str, Any]], form: Form) -> Shape | Skip:
    keys = {key for record in objects for key in record}
    if "noticeId" not in keys:
        return Skip("it is JSON of another shape: its records have no noticeId")
    if keys.isdisjoint(V2_ONLY_KEYS):
        return Skip(
            "it is JSON of another shape: no key that v2 API records have beside noticeId (uiLink, naicsCode, responseDeadLine, …)"
        )
    return Shape(form)


def _recognised_by_text(body: bytes) -> Shape | Skip:
    """Damaged or very long: no line of the head parses, so its keys are looked for as text."""
    has_keys = any(f'"{key}"'.encode() in body for key in V2_ONLY_KEYS)
    if b'"noticeId"' not in body or not has_keys:
        return Skip("it is JSON of another shape, or damaged: no v2 API record is found at its beginning")
    one_a_line = body.lstrip()[:1] == b"{" and b'"noticeId"' in body.split(b"\n", 1)[0]
    return Shape(Form.LINES if one_a_line else Form.ENVELOPE)


def _parsed(text: bytes) -> object:
    try:
        return json.loads(decode_line(text)[0])
    except (json.JSONDecodeError, RecursionError):
        return None
