"""Grants.gov as `shared/connectors.md` describes it: the daily extracts, search2 and fetchOpportunity, Simpler.Grants.gov, their moods.

One made-up opportunity (Opp) can be written in all four ways.
"""

import io
import json
import time
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Any
from xml.sax.saxutils import escape

from tests.fakes.loopback import Handler, serving

NAMESPACE = "http://apply.grants.gov/system/OpportunityDetail-V1.0"
KEY = "Simpler-key-of-tests"
WORDS = {
    "23": "small_businesses",
    "22": "for_profit_organizations_other_than_small_businesses",
    "06": "public_and_state_institutions_of_higher_education",
}


@dataclass(frozen=True)
class Opp:
    """An opportunity; days are None where it has none."""

    id: int
    title: str = "Water Quality Monitoring & Education"
    number: str = "EPA-R4-26-007"
    agency: str = "Environmental Protection Agency"
    agency_code: str = "EPA"
    opened: date | None = date(2026, 4, 1)
    closes: date | None = date(2026, 6, 4)
    archived: date | None = date(2026, 7, 4)
    updated: date | None = date(2026, 4, 1)
    status: str = "posted"
    description: str = "<p>Applicants measure the water of <b>rivers</b> &amp; lakes.</p>"
    eligibility: tuple[str, ...] = ("06", "22", "23")
    listings: tuple[str, ...] = ("66.419",)
    floor: str = "0"
    ceiling: str = "250000"

    @property
    def is_forecast(self) -> bool:
        return self.status == "forecasted"


def opportunity(n: int, **changes: Any) -> Opp:
    """Make one; `changes` are its fields."""
    return Opp(
        **({"id": 350_000 + n, "title": f"Water Quality Monitoring {n}", "number": f"EPA-R4-26-{n:05d}"} | changes)
    )


def xml_record(opp: Opp, **changes: str | Sequence[str] | None) -> str:
    """Write it as the extract does; `changes` are its elements as they stand there, None leaves one out."""
    fields: dict[str, str | Sequence[str] | None] = {
        "OpportunityID": str(opp.id), "OpportunityTitle": opp.title, "OpportunityNumber": opp.number, "OpportunityCategory": "D",
        "FundingInstrumentType": "G", "CategoryOfFundingActivity": "ENV", "CFDANumbers": opp.listings,
        "EligibleApplicants": opp.eligibility, "AgencyCode": opp.agency_code, "AgencyName": opp.agency,
        "PostDate": _compact(opp.opened), "CloseDate": None if opp.is_forecast else _compact(opp.closes),
        "LastUpdatedDate": _compact(opp.updated), "AwardCeiling": opp.ceiling, "AwardFloor": opp.floor,
        "EstimatedTotalProgramFunding": "1000000", "ExpectedNumberOfAwards": "4", "Description": opp.description,
        "Version": "Synopsis 1", "CostSharingOrMatchingRequirement": "No", "ArchiveDate": _compact(opp.archived),
        "GrantorContactEmail": "grants@example.gov", "GrantorContactText": "Office of Grants&lt;br/&gt;202-555-0100",
    }  # fmt: skip
    name = f"Opportunity{'Forecast' if opp.is_forecast else 'Synopsis'}Detail_1_0"
    lines = [f"<{name}>"]
    for element, value in (fields | changes).items():
        for text in [value] if isinstance(value, str) else value or ():
            lines.append(f"    <{element}>{escape(text)}</{element}>")
    return "\n".join([*lines, f"</{name}>"])


def extract(records: Iterable[str]) -> bytes:
    """Make the extract's XML."""
    begin = f'<?xml version="1.0" encoding="UTF-8"?>\n<Grants xmlns="{NAMESPACE}">\n'
    return (begin + "\n".join(records) + "\n</Grants>\n").encode()


def zipped(xml: bytes) -> bytes:
    """Pack it as Grants.gov does: written as a stream, so that the sizes in the local header are zero."""

    class Stream(io.RawIOBase):
        def __init__(self) -> None:
            self.body = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, piece: Any) -> int:
            self.body += piece
            return len(piece)

    stream = Stream()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[arg-type]
        archive.writestr("GrantsDBExtract20260410v2.xml", xml)
    return bytes(stream.body)


def hit(opp: Opp, **changes: Any) -> dict[str, Any]:
    """Write it as search2 does."""
    record = {
        "id": str(opp.id), "number": opp.number, "title": escape(opp.title), "agencyCode": opp.agency_code, "agency": opp.agency,
        "openDate": _slashed(opp.opened), "closeDate": _slashed(opp.closes), "oppStatus": opp.status,
        "docType": "forecast" if opp.is_forecast else "synopsis", "cfdaList": list(opp.listings),
    }  # fmt: skip
    return record | changes


def hits_page(records: Sequence[dict[str, Any]], *, total: int | None = None, start: int = 0) -> bytes:
    """Make an answer of search2."""
    data = {
        "hitCount": len(records) if total is None else total,
        "startRecord": start,
        "oppHits": list(records),
        "oppStatusOptions": [],
    }
    return json.dumps({"errorcode": 0, "msg": "Webservice Succeeds", "token": "t", "data": data}).encode()


def detail(opp: Opp, **changes: Any) -> dict[str, Any]:
    """Write what fetchOpportunity holds as `data`; `changes` are keys of its synopsis or forecast."""
    body = {
        "opportunityId": opp.id, "version": 1, "agencyCode": opp.agency_code, "agencyName": opp.agency,
        "agencyContactName": "Office of Grants", "agencyContactDesc": "Office of Grants<br/>202-555-0100",
        "agencyContactEmail": "grants@example.gov", "postingDate": _long(opp.opened), "archiveDate": _long(opp.archived),
        "costSharing": False, "awardCeiling": opp.ceiling, "awardFloor": "none" if opp.floor == "0" else opp.floor,
        "estimatedFunding": "1000000", "numberOfAwards": "4", "lastUpdatedDate": _long(opp.updated, "02:23:13 PM"),
        "applicantTypes": [{"id": code, "description": WORDS.get(code, code)} for code in opp.eligibility],
        "fundingInstruments": [{"id": "G", "description": "Grant"}],
        "fundingActivityCategories": [{"id": "ENV", "description": "Environment"}],
    }  # fmt: skip
    kind = "forecast" if opp.is_forecast else "synopsis"
    body[f"{kind}Desc"] = opp.description
    if not opp.is_forecast and opp.closes:
        body["responseDate"] = _long(opp.closes)
    return {
        "id": opp.id, "revision": 0, "opportunityNumber": opp.number, "opportunityTitle": opp.title,
        "owningAgencyCode": opp.agency_code, kind: body | changes,
        "cfdas": [{"id": n, "opportunityId": opp.id, "cfdaNumber": number} for n, number in enumerate(opp.listings)],
        "synopsisAttachmentFolders": [{"synopsisAttachments": [{"id": opp.id + 1, "fileName": "notice.pdf"}]}],
    }  # fmt: skip


def detail_answer(data: dict[str, Any]) -> bytes:
    """Make an answer of fetchOpportunity."""
    return json.dumps({"errorcode": 0, "msg": "Webservice Succeeds", "token": "t", "data": data}).encode()


def simpler(opp: Opp, **changes: Any) -> dict[str, Any]:
    """Write it as Simpler.Grants.gov does; `changes` are keys of its summary."""
    return {
        "opportunity_id": f"00000000-0000-4000-8000-{opp.id:012d}", "legacy_opportunity_id": opp.id, "opportunity_number": opp.number,
        "opportunity_title": opp.title, "agency_code": opp.agency_code, "agency_name": opp.agency,
        "top_level_agency_name": opp.agency, "opportunity_status": opp.status,
        "opportunity_assistance_listings": [{"assistance_listing_number": n, "program_title": "Water"} for n in opp.listings],
        "summary": {
            "summary_description": opp.description, "is_cost_sharing": False, "is_forecast": opp.is_forecast,
            "close_date": opp.closes.isoformat() if opp.closes and not opp.is_forecast else None,
            "post_date": opp.opened.isoformat() if opp.opened else None,
            "archive_date": opp.archived.isoformat() if opp.archived else None, "expected_number_of_awards": 4,
            "estimated_total_program_funding": 1_000_000, "award_floor": int(opp.floor), "award_ceiling": int(opp.ceiling),
            "agency_contact_description": "Office of Grants<br/>202-555-0100", "agency_email_address": "grants@example.gov",
            "funding_instruments": ["grant"], "funding_categories": ["environment"],
            "applicant_types": [WORDS.get(code, code) for code in opp.eligibility],
            "updated_at": f"{opp.updated.isoformat()}T14:23:13+00:00" if opp.updated else None,
        } | changes,
    }  # fmt: skip


def simpler_page(records: Sequence[dict[str, Any]], *, total: int | None = None) -> bytes:
    """Make an answer of its search."""
    said = {
        "total_records": len(records) if total is None else total,
        "total_pages": 1,
        "page_offset": 1,
        "page_size": len(records),
    }
    return json.dumps(
        {"message": "Success", "data": list(records), "pagination_info": said, "status_code": 200}
    ).encode()


@dataclass
class GrantsGov:
    """What the three services hold, how they behave, and what they were asked.

    Attributes:
        extracts: Day -> the extract's ZIP; other days are answered by 404.
        listed: What search2 lists, as `hit` makes it.
        details: Id -> `detail`; others fail with errorcode 1 and HTTP 200.
        opportunities: What Simpler has, as `simpler` makes it.
        most_rows: More rows than these are never given, whatever is asked for.
        moods: Answers of the next requests to one service (search2, fetchOpportunity, simpler) instead of the right one: a
            status, a body, or (status, headers).
        break_after: The extract's connection breaks after so many bytes, once.
    """

    extracts: dict[date, bytes] = field(default_factory=dict)
    listed: Sequence[dict[str, Any]] = ()
    details: dict[int, dict[str, Any]] = field(default_factory=dict)
    opportunities: Sequence[dict[str, Any]] = ()
    most_rows: int = 1_000
    moods: dict[str, list[int | bytes | tuple[int, dict[str, str]]]] = field(default_factory=dict)
    break_after: int | None = None
    silent_seconds: float = 0
    asked: list[tuple[str, Any]] = field(default_factory=list)
    """What was asked for: the service, and the question or the file's name with the status it got."""
    url: str = ""

    def asked_of(self, service: str) -> list[Any]:
        """Return the questions to one service, in order."""
        return [question for name, question in self.asked if name == service]

    @property
    def addresses(self) -> dict[str, str]:
        """Return the settings that lead here."""
        return {
            "grants_gov_extract_url": f"{self.url}/extracts", "grants_gov_api_url": f"{self.url}/v1/api",
            "simpler_grants_url": f"{self.url}/v1",
        }  # fmt: skip


@contextmanager
def running_grants_gov(served: GrantsGov) -> Iterator[GrantsGov]:
    """Serve them on a free port of this machine."""

    class Services(Handler):
        def do_GET(self) -> None:
            name = self.path.rpartition("/")[2]
            body = next((b for day, b in served.extracts.items() if name == f"GrantsDBExtract{day:%Y%m%d}v2.zip"), None)
            etag = f'"{sha256(body).hexdigest()[:16]}"' if body is not None else ""
            status = 404 if body is None else 304 if self.headers.get("If-None-Match") == etag else 200
            served.asked.append(("extract", (name, status)))
            if status != 200 or body is None:
                self._send(status, b"" if status == 304 else b"<Error><Code>NoSuchKey</Code></Error>")
                return
            self.send_response(200)
            self.send_header("ETag", etag)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            cut, served.break_after = served.break_after, None
            self.wfile.write(body[:cut])
            if cut is not None:
                self.close_connection = True

        def do_POST(self) -> None:
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            service = {"/v1/api/search2": "search2", "/v1/api/fetchOpportunity": "fetchOpportunity"}.get(
                self.path, "simpler"
            )
            served.asked.append((service, question))
            time.sleep(served.silent_seconds)
            moods = served.moods.get(service) or []
            if moods:
                mood = moods.pop(0)
                status, headers = mood if isinstance(mood, tuple) else (mood if isinstance(mood, int) else 200, {})
                self._send(status, mood if isinstance(mood, bytes) else b'{"message": "trouble"}', headers)
            elif service == "search2":
                self._send(200, _listing(served, question))
            elif service == "fetchOpportunity":
                self._send(200, _one(served, question))
            else:
                self._send(*_simpler(served, question, self.headers.get("X-API-Key", "")))

        def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in (
                {"Content-Type": "application/json", "Content-Length": str(len(body))} | (headers or {})
            ).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    with serving(Services) as address:
        served.url = address
        yield served


def _listing(served: GrantsGov, question: dict[str, Any]) -> bytes:
    statuses = question.get("oppStatuses", "").split("|")
    found = [record for record in served.listed if record["oppStatus"] in statuses]
    start, rows = question.get("startRecordNum", 0), min(question.get("rows", 25), served.most_rows)
    return hits_page(found[start : start + rows], total=len(found), start=start)


def _one(served: GrantsGov, question: dict[str, Any]) -> bytes:
    data = served.details.get(question["opportunityId"])
    if data is None:
        return b'{"errorcode": 1, "msg": "Opportunity is not found", "token": "t", "data": {}}'
    return detail_answer(data)


def _simpler(served: GrantsGov, question: dict[str, Any], key: str) -> tuple[int, bytes]:
    if key != KEY:
        return 401, b'{"message": "Invalid API key", "status_code": 401}'
    pagination = question["pagination"]
    allowed = question.get("filters", {}).get("opportunity_status", {}).get("one_of")
    found = [one for one in served.opportunities if not allowed or one["opportunity_status"] in allowed]
    size = min(pagination["page_size"], served.most_rows)
    begin = (pagination["page_offset"] - 1) * size
    return 200, simpler_page(found[begin : begin + size], total=len(found))


def _compact(day: date | None) -> str | None:
    return f"{day:%m%d%Y}" if day else None


def _slashed(day: date | None) -> str:
    return f"{day:%m/%d/%Y}" if day else ""


def _long(day: date | None, time_of_day: str = "12:00:00 AM") -> str | None:
    return f"{day:%b %d, %Y} {time_of_day} EDT" if day else None
