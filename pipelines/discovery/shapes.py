"""What kind of file it is, told by its first bytes: a feed that can be read, or why it is skipped.

Told by content, never by name; how a source writes its JSON or XML is data (JsonKeys, XmlKeys). Not here: reading it
(csv_records.py, json_records.py, xml_records.py).
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
    XML = "xml"


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
class JsonKeys:
    """How a source writes its records in JSON.

    Attributes:
        feed: The feed's name in the lake.
        record: What one of its records is called in a message.
        list_key: The key under which an answer has the list of them.
        id_key: The key of a record's id.
        telling: One of these tells a record from other JSON with such an id.
        examples: Three of them, for a message.
        first_keys: A record begins with one of these; behind a damaged one the next is found by it.
        is_list_telling: Whether nobody else names a list so: then an answer without any record is known too.
        wrapper: The key under which an answer holds all it says, list or record; empty where there is none.
    """

    feed: str
    record: str
    list_key: str
    id_key: str
    telling: frozenset[str]
    examples: str
    first_keys: tuple[str, ...]
    is_list_telling: bool
    wrapper: str = ""

    def within(self, answer: dict[str, Any]) -> dict[str, Any]:
        """Return what an answer holds, without what is around it."""
        inner = answer.get(self.wrapper)
        return inner if isinstance(inner, dict) else answer


OPPORTUNITIES = JsonKeys(
    feed="v2_json",
    record="v2 API record",
    list_key="opportunitiesData",
    id_key="noticeId",
    telling=V2_ONLY_KEYS,
    examples="uiLink, naicsCode, responseDeadLine",
    first_keys=("noticeId",),
    is_list_telling=True,
)
"""SAM.gov's v2 API."""


@dataclass(frozen=True)
class XmlKeys:
    """How a source writes its records in XML.

    Attributes:
        feed: The feed's name in the lake.
        elements: Local names of the elements that are records.
        root: Local name of the element around them.
        lists: Local names of fields that occur several times; each is a list, also where it occurs once.
    """

    feed: str
    elements: tuple[str, ...]
    root: str
    lists: frozenset[str]


@dataclass(frozen=True)
class Shape:
    """A file that can be read: its form; for CSV, its header (names in the file's order) and the header's bytes; else its keys."""

    form: Form
    header: tuple[str, ...] = ()
    header_bytes: int = 0
    header_lines: int = 0
    keys: JsonKeys = OPPORTUNITIES
    xml: XmlKeys | None = None

    @property
    def feed(self) -> str:
        """The feed's name in the lake: bulk_csv, or that of the keys."""
        if self.xml is not None:
            return self.xml.feed
        return "bulk_csv" if self.form is Form.CSV else self.keys.feed


@dataclass(frozen=True)
class Skip:
    """A file that is not read, and why, in words for the person who dropped it."""

    reason: str


def detect(stream: BinaryIO, keys: JsonKeys = OPPORTUNITIES, *, has_csv: bool = True) -> Shape | Skip:
    """Tell the shape of a stream of plain bytes from its first 256 KiB; the stream is read up to there.

    Args:
        stream: The file's plain bytes, at their beginning.
        keys: How the source writes JSON.
        has_csv: Whether SAM.gov's daily CSV is one of its files.
    """
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
        return _json_shape(body, keys, is_whole=len(head) < HEAD_BYTES)
    if not has_csv:
        return Skip(_what_else(body, f"no JSON with {keys.record}s"))
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
        return Skip(_what_else(body, "neither SAM.gov's daily CSV nor v2 API records"))
    missing = [name for name in NEEDED_COLUMNS if name not in found]
    if missing:
        return Skip(
            f"the needed column{'s' if len(missing) > 1 else ''} {', '.join(missing)} {'are' if len(missing) > 1 else 'is'} missing"
        )
    size = sum(len(line) + 1 for line in body.split(b"\n")[: reader.line_num])
    header = tuple(known.get(name.lower(), name) for name in names)
    return Shape(Form.CSV, header, skipped + min(size, len(body)), reader.line_num)


def _what_else(body: bytes, wanted: str) -> str:
    if b"\0" in body or sum(byte < 32 and byte not in b"\t\n\r\f" for byte in body[:4096]) > 16:
        return "it is a binary file"
    return f"it is of another shape: {wanted}"


def _json_shape(body: bytes, keys: JsonKeys, *, is_whole: bool) -> Shape | Skip:
    lines = body.splitlines()
    if not is_whole:
        lines = lines[:-1] or lines
    objects = [keys.within(record) for line in lines[:200] if isinstance(record := _parsed(line), dict)]
    if objects and not (len(objects) == 1 and keys.list_key in objects[0]):
        return _recognised(objects, Form.LINES, keys)
    if _names(body, keys.list_key) and (keys.is_list_telling or _names_record(body, keys)):
        return Shape(Form.ENVELOPE, keys=keys)
    whole = _parsed(body) if is_whole else None
    items: list[object] = whole if isinstance(whole, list) else [whole]
    records = [keys.within(item) for item in items if isinstance(item, dict)]
    if records:
        return _recognised(records, Form.ENVELOPE, keys)
    return _recognised_by_text(body, keys)


def _recognised(objects: list[dict[str, Any]], form: Form, keys: JsonKeys) -> Shape | Skip:
    found = {key for record in objects for key in record}
    if keys.id_key not in found:
        return Skip(f"it is JSON of another shape: its records have no {keys.id_key}")
    if found.isdisjoint(keys.telling):
        return Skip(
            f"it is JSON of another shape: no key that {keys.record}s have beside {keys.id_key} ({keys.examples}, …)"
        )
    return Shape(form, keys=keys)


def _recognised_by_text(body: bytes, keys: JsonKeys) -> Shape | Skip:
    """Damaged or very long: no line of the head parses, so its keys are looked for as text."""
    if not _names_record(body, keys):
        return Skip(f"it is JSON of another shape, or damaged: no {keys.record} is found at its beginning")
    one_a_line = body.lstrip()[:1] == b"{" and _names(body.split(b"\n", 1)[0], keys.id_key)
    return Shape(Form.LINES if one_a_line else Form.ENVELOPE, keys=keys)


def _names_record(body: bytes, keys: JsonKeys) -> bool:
    return _names(body, keys.id_key) and any(_names(body, key) for key in keys.telling)


def _names(body: bytes, key: str) -> bool:
    return f'"{key}"'.encode() in body


def _parsed(text: bytes) -> object:
    try:
        return json.loads(decode_line(text)[0])
    except (json.JSONDecodeError, RecursionError):
        return None
