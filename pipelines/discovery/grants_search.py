"""Grants.gov's API: the list of everything open, and the details of what in it is new or changed since the extract.

The list tells no day of a change, so all of it is asked for each time: some thousand short hits, a few requests; what
it repeats writes nothing. Details are one request each, so a run asks for some only, the newest first. Not here: which of
them are known (the lake), reading them (normalize_grants_*.sql).
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from pipelines.discovery.credential_question import Question
from pipelines.discovery.pages import PAGES, Page, walk
from pipelines.discovery.windows import Asked, Window
from warehouse.errors import SourceUnavailable
from warehouse.lake.connection import Lake
from warehouse.lake.notice_engine import unescape_html
from warehouse.ledger.source_budgets import Quota

TITLE = "Grants.gov's API"
QUOTA = Quota(60, timedelta(minutes=1))
"""It states no limit; one a second has done nobody harm."""
ROWS = 1_000
DETAILS_A_RUN = 60
"""A minute's worth: no run keeps notices waiting for longer."""
OVERLAP = timedelta(days=1)
"""The extract is of the night before the day in its name."""
NEVER = timedelta(days=20 * 365)
"""A closing date so far away means none (normalize_grants.sql says the same)."""
STATUSES = "forecasted|posted"
RICH_FEEDS = frozenset({"extract_xml", "detail_json", "simpler_json"})
"""What has told of a notice here has told more than a hit does."""


Ask = Callable[[Question, str, int], bytes | None]
"""Puts a question to the service and returns the answer's body; what is asked for and how far it is are for the progress."""


@dataclass(frozen=True)
class Hit:
    """What the list says of an opportunity; days are None where it names none."""

    id: int
    title: str
    opened_on: date | None
    closes_on: date | None


@dataclass(frozen=True)
class Known:
    """What the lake knows of one."""

    feeds: frozenset[str]
    title: str
    closes_on: date | None


class GrantsApi:
    """The API of one run: `listed` first, then `details` of some hits."""

    def __init__(self, url: str, ask: Ask, at: datetime) -> None:
        """Ask at `url` (without a slash at its end) by `ask`, as of the run's instant."""
        self._url, self._ask, self._at = url, ask, at
        self.hits: dict[int, Hit] = {}

    def listed(self, window: Window) -> Iterator[tuple[Path, str]]:
        """Yield the pages of everything open, with the address each is from; `hits` is what they hold."""
        with window.held():
            asked = window.begin(Asked(self._at.date(), self._at.date(), self._at, counts_by=PAGES, scope=STATUSES))

            def ask_at(number: int) -> bytes | None:
                # Counted by what came: a service that gives fewer rows than were asked for must not make us skip any.
                start = sum(len(_hits(page)) for n in range(number) if (page := window.page(n)) is not None)
                body = {"oppStatuses": STATUSES, "rows": ROWS, "startRecordNum": start, "sortBy": "openDate|desc"}
                return self._ask(Question(f"{self._url}/search2", body=body, expects="errorcode"), "listing", start)

            for path, number in walk(window, asked, ROWS, ask_at, _page):
                self.hits |= {hit.id: hit for record in _hits(path) if (hit := _hit(record)) is not None}
                yield path, f"{self._url}/search2?oppStatuses={STATUSES}&page={number + 1}"
            window.finish(asked)

    def details(self, window: Window, wanted: list[int]) -> Iterator[tuple[Path, str]]:
        """Yield the details of some opportunities, with the address each is from.

        Raises:
            SourceUnavailable: one was refused; those before it are kept.
        """
        with window.held():
            asked = window.begin(Asked(self._at.date(), self._at.date(), self._at, counts_by=PAGES, scope="details"))
            refused: SourceUnavailable | None = None
            for done, number in enumerate(wanted):
                path = window.page(number)
                if path is None:
                    question = Question(
                        f"{self._url}/fetchOpportunity", body={"opportunityId": number}, expects="errorcode"
                    )
                    body = self._ask(question, "details", done)
                    try:
                        _answer(body or b"")
                    except SourceUnavailable as error:  # this one; the others may be there
                        refused = error
                        continue
                    path = window.keep(number, body or b"")
                yield path, f"{self._url}/fetchOpportunity?opportunityId={number}"
            window.finish(asked)
        if refused is not None:
            raise refused


def wanted_details(
    hits: Mapping[int, Hit], known: Mapping[int, Known], *, has_extract: bool, extract: date | None
) -> list[int]:
    """Choose the hits whose details are to be asked for, the newest first.

    Args:
        hits: What the list holds.
        known: What the lake knows of them.
        has_extract: Whether the lake has read an extract: before, only what was opened since `extract` can be missing in it.
        extract: The day of the extract that landed last; None: none ever did.
    """

    def is_wanted(hit: Hit) -> bool:
        one = known.get(hit.id)
        if one is not None and one.feeds & RICH_FEEDS:
            return (one.title, one.closes_on) != (hit.title, hit.closes_on)
        return has_extract or extract is None or hit.opened_on is None or hit.opened_on >= extract - OVERLAP

    chosen = sorted(
        (hit for hit in hits.values() if is_wanted(hit)), key=lambda hit: (hit.opened_on or date.max, hit.id)
    )
    return [hit.id for hit in reversed(chosen)][:DETAILS_A_RUN]


def known_of(lake: Lake, source: str, hits: Mapping[int, Hit]) -> tuple[dict[int, Known], bool]:
    """Return what the lake knows of some hits, and whether it has read an extract."""
    cursor = lake.cursor()
    try:
        rows = cursor.execute(
            "select notice_id, feeds, title, response_deadline_raw from core.notices"
            " where source = ? and is_current and notice_id in (select unnest(?::varchar[]))",
            [source, [str(number) for number in hits]],
        ).fetchall()
        has_extract = cursor.execute(
            "select 1 from core.notice_sightings where source = ? and feeds like '%extract_xml%' limit 1", [source]
        ).fetchone()
    finally:
        cursor.close()
    known = {
        int(number): Known(frozenset(feeds.split(",")), title or "", _day((closes or "")[:10], "%Y-%m-%d"))
        for number, feeds, title, closes in rows
    }
    return known, has_extract is not None


def _page(path: Path) -> Page:
    ids = tuple(str(record.get("id") or f"{path.name} {n}") for n, record in enumerate(_hits(path)))
    total = _answer(path.read_bytes()).get("hitCount")
    return Page(ids, total if isinstance(total, int) else None)


def _hits(path: Path) -> list[dict[str, Any]]:
    found = _answer(path.read_bytes()).get("oppHits")
    if not isinstance(found, list) or not all(isinstance(record, dict) for record in found):
        raise _other_shape("oppHits is no list of records")
    return found


def _answer(body: bytes) -> dict[str, Any]:
    """Return what an answer holds.

    Raises:
        SourceUnavailable: it says that it failed, with HTTP 200, or has another shape.
    """
    answer = json.loads(body)
    if answer.get("errorcode") != 0:
        said = " ".join(str(answer.get("msg") or "no reason").split())[:200]
        raise SourceUnavailable(
            f"{TITLE} says that it failed: {said} (errorcode {answer.get('errorcode')}).",
            kept="what had landed before.",
            todo="nothing: it is tried again with the next run.",
        )
    if not isinstance(answer.get("data"), dict):
        raise _other_shape("data is no object")
    return dict(answer["data"])


def _hit(record: dict[str, Any]) -> Hit | None:
    if not str(record.get("id", "")).isdigit():
        return None  # it goes to quarantine, and nothing more can be asked about it
    opened = _day(str(record.get("openDate") or ""), "%m/%d/%Y")
    closes = _day(str(record.get("closeDate") or ""), "%m/%d/%Y")
    if record.get("oppStatus") == "forecasted" or (closes and closes > (opened or date(2050, 1, 1)) + NEVER):
        closes = None
    title = " ".join(unescape_html(str(record.get("title") or "")).split())
    return Hit(int(record["id"]), title, opened, closes)


def _day(text: str, form: str) -> date | None:
    with suppress(ValueError):
        return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day, no instant
    return None


def _other_shape(how: str) -> SourceUnavailable:
    return SourceUnavailable(
        f"{TITLE} answers in another shape: {how}.",
        kept="what had landed before.",
        todo="look into its documentation: it may have changed.",
    )
