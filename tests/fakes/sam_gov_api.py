"""SAM.gov's v2 API as `shared/connectors.md` describes it: keys, days, pages, the day's requests, and its moods."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.loopback import Handler, serving

NEXT_ACCESS = "2026-Apr-11 00:00:00+0000 UTC"


@dataclass
class SamGovApi:
    """What it holds, how it behaves, and what it was asked.

    Attributes:
        counts_by: What it takes `offset` for: `pages`, as documented, or `records`.
        allowed: Requests until it says 429; None: no end.
        nests: Whether it says so within `fault`.
        moods: Answers of the next requests instead of the right one: a status, or a body of bytes.
    """

    records: Sequence[dict[str, Any]] = ()
    key: str = "SAM-key-of-tests"
    counts_by: str = "pages"
    allowed: int | None = None
    nests: bool = False
    moods: list[int | bytes | dict[str, Any]] = field(default_factory=list)
    silent_seconds: float = 0
    asked: list[dict[str, str]] = field(default_factory=list)
    """The parameters of each request, without the key."""
    url: str = ""


@contextmanager
def running_api(api: SamGovApi) -> Iterator[SamGovApi]:
    """Serve it on a free port of this machine."""

    class Api(Handler):
        def do_GET(self) -> None:
            params = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            key = params.pop("api_key", self.headers.get("X-Api-Key", ""))
            api.asked.append(params)
            time.sleep(api.silent_seconds)
            status, body = _answer(api, key, params)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with serving(Api) as address:
        api.url = f"{address}/opportunities/v2/search"
        yield api


def _answer(api: SamGovApi, key: str, params: dict[str, str]) -> tuple[int, bytes]:
    if api.allowed is not None and len(api.asked) > api.allowed:
        return 429, json.dumps(_throttled(nests=api.nests)).encode()
    if api.moods:
        mood = api.moods.pop(0)
        if isinstance(mood, int):
            return mood, json.dumps({"message": "trouble"}).encode()
        return 200, mood if isinstance(mood, bytes) else json.dumps(mood).encode()
    if not key:
        return 403, b'{"error": {"code": "API_KEY_MISSING", "message": "No api_key was supplied"}}'
    if key != api.key:
        return 403, b'{"error": {"code": "API_KEY_INVALID", "message": "An invalid api_key was supplied"}}'
    return _page(api, params)


def _page(api: SamGovApi, params: dict[str, str]) -> tuple[int, bytes]:
    if "postedFrom" not in params or "postedTo" not in params:
        return 400, b'{"errorMessage": "PostedFrom and PostedTo are mandatory"}'
    try:
        first, last = (
            datetime.strptime(params[name], "%m/%d/%Y").replace(tzinfo=UTC).date()
            for name in ("postedFrom", "postedTo")
        )
    except ValueError:
        return 400, b'{"errorMessage": "Invalid Date Entered. Expected date format is MM/dd/yyyy"}'
    if (last - first).days >= 365:
        return 400, b'{"errorMessage": "Date range must be 1 year(s) apart"}'
    limit, offset = int(params["limit"]), int(params["offset"])
    if not 0 <= limit <= 1000:
        return 400, b'{"errorMessage": "Limit valid range is 0-1000. Please provide valid input."}'
    found = [one for one in api.records if first <= date.fromisoformat(one["postedDate"][:10]) <= last]
    if not found:
        return 404, b'{"errorMessage": "no data found"}'
    begin = offset * limit if api.counts_by == "pages" else offset
    body = {
        "totalRecords": len(found), "limit": limit, "offset": offset, "opportunitiesData": found[begin : begin + limit],
        "links": [{"rel": "self", "href": "null/opportunities/v2/search?"}],
    }  # fmt: skip
    return 200, json.dumps(body).encode()


def _throttled(*, nests: bool) -> dict[str, Any]:
    said = f"You have exceeded your quota .You can access API after {NEXT_ACCESS}"
    flat = {"message": "Message throttled out", "description": said, "nextAccessTime": NEXT_ACCESS}
    return {"fault": {"code": 900804, **flat}} if nests else {"code": "900804", **flat}
