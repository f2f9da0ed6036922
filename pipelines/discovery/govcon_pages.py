"""Pages of GovCon API: which parameters a question has, and what the next page is asked by. All guesses stand here.

`/opportunities/search` pages by `offset`, in records. `/opportunities/delta` pages by key, and its parameters are documented
nowhere that we know of: `since` is what public clients send, and whatever an answer names as its next is followed. That pages
go on is proven by the ids on them (pages.py), so a wrong guess ends in an error and never in a circle.
"""

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from pipelines.discovery.pages import Page
from warehouse.errors import SourceDiffers

SEARCH, DELTA = "/opportunities/search", "/opportunities/delta"
SINCE = "since"
CURSORS = {
    "next_cursor": "cursor",
    "next_page_token": "page_token",
    "next_token": "page_token",
    "next_after": "after",
    "next_key": "after_key",
    "cursor": "cursor",
}
"""What an answer may name as its next, and the parameter that it is sent as."""
LINKS = ("next", "next_url", "next_page")
"""Names under which an answer may give the whole next address: its parameters are taken, its host is not."""
MORE = ("has_next", "has_more")
PLACES = ("pagination", "sync", "meta")
"""Where an answer may say so, besides its outermost level."""
NOT_SENT = {"limit", "api_key", "key", "token"}


@dataclass
class Questions:
    """The questions for one stretch, page after page; an earlier run's pages are read in their order as well.

    Attributes:
        path: Below the API's address.
        filters: What is asked for; without limit and place.
        limit: Records a page.
    """

    path: str
    filters: dict[str, str]
    limit: int
    _place: dict[str, str] = field(default_factory=dict)
    _reached: int = 0

    def params(self) -> dict[str, str]:
        """Write the parameters of the next page."""
        return self.filters | {"limit": str(self.limit)} | self._place

    def read(self, path: Path) -> Page:
        """Read a page and learn from it how the next one is asked for."""
        answer = json.loads(path.read_bytes())
        records = answer.get("data")
        if not isinstance(records, list):
            raise SourceDiffers(
                "GovCon API answers in another shape: data is no list.",
                kept="what had landed before.",
                todo="look into its documentation: it may have changed.",
            )
        said = [answer, *(answer[name] for name in PLACES if isinstance(answer.get(name), dict))]
        self._reached += len(records)
        following = _following(said) if self.path == DELTA else {}
        self._place = following or {"offset": str(self._reached)}
        more = [one[name] for one in said for name in MORE if isinstance(one.get(name), bool)]
        is_last = not all(more) if more else not following and len(records) < self.limit
        return Page(tuple(_id_of(record, path, n) for n, record in enumerate(records)), is_last=is_last)


def since_moment(moment: datetime) -> dict[str, str]:
    """Ask the delta for what was changed since an instant (UTC)."""
    return {SINCE: f"{moment:%Y-%m-%dT%H:%M:%SZ}"}


def posted_after(day: date) -> dict[str, str]:
    """Ask the search for what was posted after a day, the oldest first: what comes meanwhile moves no page."""
    return {"posted_after": day.isoformat(), "sort_by": "posted_date", "sort_order": "asc"}


def _following(said: list[dict[str, object]]) -> dict[str, str]:
    for one in said:
        for name in LINKS:
            if isinstance(link := one.get(name), str) and "?" in link:
                return {key: value for key, value in parse_qsl(urlsplit(link).query) if key.lower() not in NOT_SENT}
        for name, parameter in CURSORS.items():
            if isinstance(cursor := one.get(name), str | int) and not isinstance(cursor, bool) and cursor != "":
                return {parameter: str(cursor)}
    return {}


def _id_of(record: object, path: Path, number: int) -> str:
    stated = record.get("notice_id") if isinstance(record, dict) else None
    return str(stated or f"{path.name} {number}")
