"""USAspending's spending_by_award as `shared/connectors.md` describes it: its checks and their texts, pages, the edge, its moods."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.loopback import Handler, serving

PATH = "/api/v2/search/spending_by_award/"


def award_record(n: int, **changes: Any) -> dict[str, Any]:
    """Make one record as the API writes it; `changes` are its keys as they stand there."""
    piid = f"W912DY26F{n:04d}"
    record = {
        "internal_id": 100_000 + n,
        "Award ID": piid,
        "Description": f"NETWORK SUPPORT SERVICES {n}",
        "Recipient Name": f"HOLDER {n % 5} LLC",
        "Recipient UEI": f"HOLDER00000{n % 5}",
        "Awarding Agency": "Department of Defense",
        "Awarding Sub Agency": "Department of the Army",
        "NAICS": {"code": "541512", "description": "COMPUTER SYSTEMS DESIGN SERVICES"},
        "PSC": {"code": "DA01", "description": "IT AND TELECOM - BUSINESS APPLICATION SUPPORT"},
        "Primary Place of Performance": {"location_country_code": "USA", "state_code": "VA"},
        "Award Amount": 1000.5 * (n + 1),
        "Base Obligation Date": "2024-05-01",
        "Start Date": "2024-06-01",
        "End Date": "2027-05-31",
        "Last Modified Date": "2026-04-08",
        "awarding_agency_id": 1173,
        "generated_internal_id": f"CONT_AWD_{piid}_9700_W912DY20D0001_9700",
    }
    return record | changes


def envelope(records: Sequence[dict[str, Any]], **metadata: Any) -> bytes:
    """Make an answer with some records."""
    said = {"page": 1, "hasNext": False} | metadata
    return json.dumps({"limit": 100, "results": list(records), "page_metadata": said, "messages": []}).encode()


@dataclass
class Usaspending:
    """What it holds, how it behaves, and what it was asked.

    Attributes:
        records: As `award_record` makes them.
        deepest: So many records are reached by a page's number.
        moods: Answers of the next requests instead of the right one: a status, a body of bytes, or an object.
        names_last: Whether its answers name the last record.
    """

    records: Sequence[dict[str, Any]] = ()
    deepest: int = 50_000
    moods: list[int | bytes | dict[str, Any]] = field(default_factory=list)
    silent_seconds: float = 0
    names_last: bool = True
    asked: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""


@contextmanager
def running_usaspending(api: Usaspending) -> Iterator[Usaspending]:
    """Serve it on a free port of this machine."""

    class Api(Handler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            api.asked.append(body)
            time.sleep(api.silent_seconds)
            status, answer = _answer(api, body) if self.path == PATH else (404, b'{"detail": "Not found."}')
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

    with serving(Api) as address:
        api.url = f"{address}/api/v2"
        yield api


def _answer(api: Usaspending, body: dict[str, Any]) -> tuple[int, bytes]:
    if api.moods:
        mood = api.moods.pop(0)
        if isinstance(mood, int):
            return mood, b'{"message": "Service Unavailable"}'
        return 200, mood if isinstance(mood, bytes) else json.dumps(mood).encode()
    fault = _fault(api, body)
    return (422, json.dumps({"detail": fault}).encode()) if fault else (200, _page(api, body))


def _fault(api: Usaspending, body: dict[str, Any]) -> str:
    filters = body.get("filters", {})
    if not filters.get("award_type_codes"):
        return "Missing value: 'filters|award_type_codes' is a required field"
    if not body.get("fields"):
        return "Missing value: 'fields' is a required field"
    limit, page = body.get("limit", 10), body.get("page", 1)
    if limit > 100:
        return f"Field 'limit' value '{limit}' is above max '100'"
    if body.get("sort") not in body["fields"]:
        return f"Sort value '{body.get('sort')}' not found in requested fields"
    given = [body.get("last_record_unique_id") is None, body.get("last_record_sort_value") is None]
    if any(given) and not all(given):
        return "Both last_record_unique_id and last_record_sort_value are needed"
    if all(given) and page * limit > api.deepest:
        return (
            f"Page #{page} with limit {limit} is over the maximum result limit {api.deepest}. Please provide the"
            " 'last_record_sort_value' and 'last_record_unique_id' to paginate sequentially."
        )
    return ""


def _page(api: Usaspending, body: dict[str, Any]) -> bytes:
    days, naics = body["filters"]["time_period"][0], tuple(body["filters"]["naics_codes"]["require"])
    assert days["date_type"] == "last_modified_date"
    found = [
        record
        for record in api.records
        if days["start_date"] <= record["Last Modified Date"] <= days["end_date"]
        and (record["NAICS"] or {}).get("code", "").startswith(naics)
    ]
    found.sort(key=lambda record: (record["Last Modified Date"], record["internal_id"]))
    after = body.get("last_record_unique_id")
    if after is None:
        begin = (body["page"] - 1) * body["limit"]
    else:
        begin = next(n for n, record in enumerate(found) if record["internal_id"] == after) + 1
    page = found[begin : begin + body["limit"]]
    last = page[-1] if page and api.names_last else None
    return envelope(
        page,
        page=body["page"],
        hasNext=begin + body["limit"] < len(found),
        last_record_unique_id=last["internal_id"] if last else None,
        last_record_sort_value=last["Last Modified Date"] if last else None,
    )
