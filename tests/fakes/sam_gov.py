"""SAM.gov as tests meet it: records of both feeds, and a server that offers the daily file with all its moods."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import md5
from typing import Any

from tests.fakes.loopback import Handler, serving

COLUMNS = [
    "NoticeId",
    "Title",
    "Sol#",
    "Department/Ind.Agency",
    "CGAC",
    "Sub-Tier",
    "FPDS Code",
    "Office",
    "AAC Code",
    "PostedDate",
    "Type",
    "BaseType",
    "ArchiveType",
    "ArchiveDate",
    "SetASideCode",
    "SetASide",
    "ResponseDeadLine",
    "NaicsCode",
    "ClassificationCode",
    "PopStreetAddress",
    "PopCity",
    "PopState",
    "PopZip",
    "PopCountry",
    "Active",
    "AwardNumber",
    "AwardDate",
    "Award$",
    "Awardee",
    "PrimaryContactTitle",
    "PrimaryContactFullname",
    "PrimaryContactEmail",
    "PrimaryContactPhone",
    "PrimaryContactFax",
    "SecondaryContactTitle",
    "SecondaryContactFullname",
    "SecondaryContactEmail",
    "SecondaryContactPhone",
    "SecondaryContactFax",
    "OrganizationType",
    "State",
    "City",
    "ZipCode",
    "CountryCode",
    "AdditionalInfoLink",
    "Link",
    "Description",
]
"""The daily file's 47 columns in its order."""


def sam_id(number: int) -> str:
    """Make a notice id as SAM.gov's: 32 hexadecimal digits."""
    return md5(str(number).encode(), usedforsecurity=False).hexdigest()


def csv_row(number: int, **changes: str) -> dict[str, str]:
    """Make a plausible row of the daily file; `changes` by column, `sol` for Sol# and `ceiling` for Award$."""
    row = dict.fromkeys(COLUMNS, "") | {
        "NoticeId": sam_id(number),
        "Title": f"Maintenance of pump station {number}",
        "Sol#": f"W912HN26Q{number:04d}",
        "Department/Ind.Agency": "DEPT OF DEFENSE",
        "Sub-Tier": "DEPT OF THE ARMY",
        "Office": "W074 ENDIST SAVANNAH",
        "PostedDate": "2026-04-08 12:32:43.005-04",
        "Type": "Solicitation",
        "BaseType": "Solicitation",
        "ArchiveType": "auto15",
        "ArchiveDate": "2026-05-10",
        "SetASideCode": "SBA",
        "SetASide": "Total Small Business Set-Aside (FAR 19.5)",
        "ResponseDeadLine": "2026-04-25T14:00:00-04:00",
        "NaicsCode": "811310",
        "ClassificationCode": "J043",
        "Active": "Yes",
        "State": "GA",
        "City": "SAVANNAH",
        "Link": f"https://sam.gov/workspace/contract/opp/{sam_id(number)}/view",
        "Description": f'Inspect and overhaul the pumps.\nStation {number}, "north" side.',
    }
    names = {"sol": "Sol#", "ceiling": "Award$", "agency": "Department/Ind.Agency"}
    return row | {names.get(name, name): value for name, value in changes.items()}


def csv_bytes(rows: Sequence[Mapping[str, str]], columns: Sequence[str] = COLUMNS, *, quote_all: bool = True) -> bytes:
    """Write a daily file."""
    text = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL
    writer = csv.DictWriter(text, list(columns), quoting=quoting, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def v2_record(number: int, **changes: Any) -> dict[str, Any]:
    """Make a whole record of the v2 API that says the same as `csv_row(number)`, as far as the API tells it."""
    row = csv_row(number)
    record: dict[str, Any] = {
        "noticeId": row["NoticeId"],
        "title": row["Title"],
        "solicitationNumber": row["Sol#"],
        "fullParentPathName": "DEPT OF DEFENSE.DEPT OF THE ARMY.W074 ENDIST SAVANNAH",
        "fullParentPathCode": "097.2100.W912HN",
        "postedDate": "2026-04-08",
        "type": "Solicitation",
        "baseType": "Solicitation",
        "archiveType": "auto15",
        "archiveDate": "2026-05-10",
        "typeOfSetAside": "SBA",
        "typeOfSetAsideDescription": row["SetASide"],
        "responseDeadLine": row["ResponseDeadLine"],
        "naicsCode": "811310",
        "naicsCodes": ["811310"],
        "classificationCode": "J043",
        "active": "Yes",
        "award": None,
        "pointOfContact": None,
        "description": f"https://api.sam.gov/prod/opportunities/v1/noticedesc?noticeid={row['NoticeId']}",
        "organizationType": "OFFICE",
        "officeAddress": {"zipcode": "31401", "city": "SAVANNAH", "countryCode": "USA", "state": "GA"},
        "placeOfPerformance": None,
        "additionalInfoLink": None,
        "uiLink": row["Link"],
        "resourceLinks": None,
    }
    return record | changes


def json_lines(records: Sequence[Mapping[str, Any]]) -> bytes:
    """Write records one a line."""
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def envelope(records: Sequence[Mapping[str, Any]]) -> bytes:
    """Write an answer of the API."""
    body = {"totalRecords": len(records), "limit": 1000, "offset": 0, "opportunitiesData": records, "links": []}
    return json.dumps(body, indent=1).encode()


@dataclass
class FakeSite:
    """What the server offers, and what it was asked."""

    body: bytes = b""
    etag: str = '"1"'
    breaks_after: list[int] = field(default_factory=list)
    """Bytes of the body after which successive connections break; empty: no more breaks."""
    statuses: list[int] = field(default_factory=list)
    """Answers of successive requests before the body is given."""
    requests: list[dict[str, str]] = field(default_factory=list)
    url: str = ""


@contextmanager
def running_site(site: FakeSite) -> Iterator[FakeSite]:
    """Serve a site on a free port of this machine."""

    class Site(Handler):
        def do_GET(self) -> None:
            _answer(self, site)

    with serving(Site) as address:
        site.url = f"{address}/daily.csv"
        yield site


def _answer(handler: Handler, site: FakeSite) -> None:
    site.requests.append({name.lower(): value for name, value in handler.headers.items()})
    if site.statuses:
        handler.send_response(site.statuses.pop(0))
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return
    if handler.headers.get("If-None-Match") == site.etag:
        handler.send_response(304)
        handler.end_headers()
        return
    start = 0
    if handler.headers.get("If-Range") == site.etag:
        start = int(handler.headers["Range"].removeprefix("bytes=").removesuffix("-"))
    handler.send_response(206 if start else 200)
    handler.send_header("Content-Length", str(len(site.body) - start))
    handler.send_header("ETag", site.etag)
    handler.end_headers()
    end = site.breaks_after.pop(0) if site.breaks_after else len(site.body)
    handler.wfile.write(site.body[start:end])
    if end < len(site.body):
        handler.close_connection = True
