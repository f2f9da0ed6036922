"""GovCon API as `shared/connectors.md` describes it: Bearer keys, plans, filters, pages, the delta, its errors and its moods."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.loopback import Handler, serving

PAID_FILTERS = {"agency", "set_aside", "posted_after", "due_before", "due_after", "date_from", "date_to", "sort_by"}
FILTERS = {"naics", "psc", "state", "keywords", "notice_type", "solicitation_number", *PAID_FILTERS} - {"sort_by"}
DEVELOPER = {"plan": "developer", "limits": {"requests_per_hour": 1_000, "max_page_size": 1_000}}
TRIAL = {"plan": "free_trial", "limits": {"requests_per_day": 25, "max_page_size": 50}}


def govcon_record(n: int, **changes: Any) -> dict[str, Any]:
    """Make one record as the API writes it; `changes` are its keys as they stand there."""
    record = {
        "notice_id": f"{n:032x}",
        "title": f"Network support {n}",
        "agency": "DEPT OF EXAMPLES",
        "notice_type": "Solicitation",
        "posted_date": "2026-04-08",
        "response_deadline": "2026-05-08T14:00:00-04:00",
        "naics": ["541512"],
        "psc": ["DA01"],
        "set_aside_type": "SBA",
        "solicitation_number": f"W912DY26R{n:04d}",
        "description_text": f"The whole text of notice {n}.",
        "award_amount": None,
        "awardee_name": None,
        "contact_name": "Pat Example",
        "contact_email": "pat@office.example",
        "sam_url": f"https://sam.gov/opp/{n:032x}/view",
        "performance_city_name": "Norfolk",
        "performance_state_code": "VA",
        "active": "Yes",
        "something_new": {"of": ["another", "version"]},
    }
    return record | changes


def govcon_envelope(records: Sequence[Any], **said: Any) -> bytes:
    """Make an answer with some records."""
    pagination = {"limit": 50, "offset": 0, "total": len(records), "has_next": False} | said
    return json.dumps({"data": list(records), "pagination": pagination, "filters_applied": {}}).encode()


@dataclass
class GovConApi:
    """What it holds, how it behaves, and what it was asked.

    Attributes:
        records: As `govcon_record` makes them.
        me: What `/me` answers.
        allowed: Requests until it says 429; None: no end.
        retry_after: What it then says of when.
        remaining: What X-RateLimit-Remaining says after each request, the first one first; then nothing.
        delta: How the delta names what follows: `cursor`, `link`, `offset`; `absent`: 404; `paid`: 402; `stuck`: one cursor for ever.
        expired: Whether the trial has ended.
        moods: Answers of the next requests but `/me` instead of the right one: a status, or a body of bytes.
    """

    records: Sequence[Any] = ()
    key: str = "gca_key-of-tests-0123456789"
    me: dict[str, Any] = field(default_factory=lambda: DEVELOPER)
    allowed: int | None = None
    retry_after: str = "7200"
    remaining: list[int] = field(default_factory=list)
    delta: str = "cursor"
    expired: bool = False
    moods: list[int | bytes] = field(default_factory=list)
    silent_seconds: float = 0
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Path and parameters of each request."""
    url: str = ""


@contextmanager
def running_govcon(api: GovConApi) -> Iterator[GovConApi]:
    """Serve it on a free port of this machine."""

    class Api(Handler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            params = {name: values[0] for name, values in parse_qs(parts.query).items()}
            path = parts.path.removeprefix("/api/v1")
            api.asked.append((path, params))
            time.sleep(api.silent_seconds)
            status, body = _answer(api, self.headers.get("Authorization", ""), path, params)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            if status == 429:
                self.send_header("Retry-After", api.retry_after)
            if api.remaining:
                self.send_header("X-RateLimit-Remaining", str(api.remaining.pop(0)))
            self.end_headers()
            self.wfile.write(body)

    with serving(Api) as address:
        api.url = f"{address}/api/v1"
        yield api


def _answer(api: GovConApi, key: str, path: str, params: dict[str, str]) -> tuple[int, bytes]:
    if key != f"Bearer {api.key}":
        return 401, b'{"error": "Invalid API key"}'
    if api.expired:
        return 403, b'{"message": "Your free trial has expired."}'
    if api.allowed is not None and len(api.asked) > api.allowed:
        return 429, b'{"error": "Rate limit"}'
    if path == "/me":
        return 200, json.dumps(api.me | {"email": "somebody@firm.example"}).encode()
    if api.moods:
        mood = api.moods.pop(0)
        return (mood, b'{"detail": "trouble"}') if isinstance(mood, int) else (200, mood)
    most = api.me.get("limits", {}).get("max_page_size", 50)
    if int(params.get("limit", 20)) > most:
        return 402, json.dumps({"error": f"Your plan allows {most} results a page"}).encode()
    if path == "/opportunities/delta":
        return _delta(api, params)
    if path == "/opportunities/search":
        return _search(api, params)
    return 404, b'{"error": "Not found"}'


def _search(api: GovConApi, params: dict[str, str]) -> tuple[int, bytes]:
    if not FILTERS & set(params):
        return 400, b'{"error": "At least one filter is required"}'
    if PAID_FILTERS & set(params) and "trial" in str(api.me.get("plan")):
        return 402, b'{"message": "Filters by date belong to the Developer plan."}'
    records = [one for one in api.records if isinstance(one, dict)]
    found = [
        one
        for one in records
        if one.get("posted_date", "9999") > params.get("posted_after", "0000")
        and ("naics" not in params or params["naics"] in (one.get("naics") or []))
    ]
    limit, offset = int(params.get("limit", 20)), int(params.get("offset", 0))
    page = found[offset : offset + limit]
    said = {"limit": limit, "offset": offset, "total": len(found), "has_next": offset + limit < len(found)}
    return 200, govcon_envelope(page, **said)


def _delta(api: GovConApi, params: dict[str, str]) -> tuple[int, bytes]:
    if api.delta == "absent":
        return 404, b'{"error": "Not found"}'
    if api.delta == "paid":
        return 402, b'{"message": "The delta belongs to a larger plan."}'
    if "since" not in params:
        return 400, b'{"error": "since is required"}'
    limit = int(params.get("limit", 100))
    after = int(params.get("cursor") or params.get("page_key") or params.get("offset") or 0)
    page, reached = list(api.records[after : after + limit]), after + limit
    has_next = reached < len(api.records)
    said: dict[str, Any] = {"limit": limit, "has_next": has_next}
    if has_next and api.delta == "cursor":
        said["next_cursor"] = str(reached)
    if has_next and api.delta == "link":
        said["next"] = f"https://elsewhere.example/opportunities/delta?since=x&limit=9&page_key={reached}&api_key=none"
    if api.delta == "stuck":
        said |= {"next_cursor": "0", "has_next": True}
    body = {"data": page, "pagination": said, "sync": {"server_time": "2026-04-10T12:00:00Z", "clamp_reason": None}}
    return 200, json.dumps(body).encode()
