"""USAspending: contracts that were awarded in the firm's own industries, from its API, and its answers as files of the inbox.

Facts of the market: who buys, who holds, until when. It takes no key and states no limit of requests; 100 awards a request.
What is asked for is what was changed lately, so that a later run brings what became of an award known before.
"""

import json
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from pipelines.discovery.awards import read_awards
from pipelines.discovery.connector import Fetched, Progress, RecordKind
from pipelines.discovery.credential_question import Question
from pipelines.discovery.pages import PAGES, Page, walk
from pipelines.discovery.records import read_slices
from pipelines.discovery.shapes import JsonKeys, Shape, Skip, detect
from pipelines.discovery.slices import ReadSlice, Slice
from pipelines.discovery.windows import Asked, Window
from warehouse.errors import SourceUnavailable
from warehouse.lake.landings import Bookmark
from warehouse.ledger.company_profiles import declared_naics
from warehouse.ledger.source_budgets import Quota
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

TITLE = "USAspending's API"
OFFICE_ZONE = ZoneInfo("America/New_York")
"""The API's days are those of Washington."""
PAGE_RECORDS = 100
"""The most that it gives."""
DEEPEST = 50_000
"""So many records are reached by a page's number; beyond, by the last record before."""
QUOTA = Quota(120, timedelta(minutes=1))
"""It states no limit; two a second has done nobody harm."""
LOOKS_BACK = timedelta(days=730)
OVERLAP = timedelta(days=3)
"""Changes appear under an earlier day now and then."""
LONGEST = timedelta(days=30)
"""From the first day of a stretch to the last: what is known moves on with each stretch."""
PAGES_A_RUN = 300
"""Behind so many no further stretch is begun: the first two years come over some runs, and no run keeps notices waiting."""
CONTRACTS = ("A", "B", "C", "D")
SORT = "Last Modified Date"
FIELDS = (
    "Award ID",
    "Description",
    "Recipient Name",
    "Recipient UEI",
    "Awarding Agency",
    "Awarding Sub Agency",
    "NAICS",
    "PSC",
    "Primary Place of Performance",
    "Award Amount",
    "Base Obligation Date",
    "Start Date",
    "End Date",
    SORT,
)

AWARDS = JsonKeys(
    feed="api_json",
    record="USAspending award",
    list_key="results",
    id_key="generated_internal_id",
    telling=frozenset(["Award ID", "Recipient Name", "Award Amount", "award_id", "recipient_name", "award_amount"]),
    examples="Award ID, Recipient Name, award_amount",
    first_keys=("internal_id", "generated_internal_id"),
    is_list_telling=False,
)


class Usaspending:
    """Contracts that the US government has awarded."""

    name = "usaspending"
    documentation_url = "https://api.usaspending.gov/docs/endpoints"
    auth_type = "none"
    kind = RecordKind.AWARDS
    feeds: tuple[str, ...] = (AWARDS.feed,)
    is_demo = False

    def fetch(
        self, settings: Settings, *, since: datetime | None, at: datetime, progress: Progress
    ) -> Iterator[Fetched]:
        """Yield the API's answers about what was changed in the days that are not known yet, as they came."""
        from pipelines.discovery.polite import Counted, ask

        ledger, began = open_ledger("procura_pipeline"), time.monotonic()
        with ledger.read() as tx:
            naics = declared_naics(tx)
        if not naics:
            raise SourceUnavailable(
                f"{TITLE} is asked about the firm's own industries, and its profile names no NAICS code.",
                kept="what had landed before.",
                todo="name the firm's NAICS codes on the page Company profile.",
            )
        url = f"{settings.usaspending_url.rstrip('/')}/search/spending_by_award/"
        counted = Counted(ledger, self.name, TITLE, QUOTA, settings.is_own("usaspending_url"))
        window, pages = Window(settings.landing, self.name), 0
        with window.held():
            for wanted in _stretches(window, ",".join(naics), since, at):
                if pages >= PAGES_A_RUN:
                    return
                asked = window.begin(wanted)

                def ask_at(number: int, asked: Asked = asked) -> bytes | None:
                    progress(f"asking USAspending about {asked.first} to {asked.last}", number * PAGE_RECORDS)
                    body = _question(asked, naics, number, window.page(number - 1) if number else None)
                    moment = at + timedelta(seconds=time.monotonic() - began)  # the quota is of minutes, a run of many
                    return ask(counted, Question(url, body=body, expects=AWARDS.list_key), at=moment)

                for path, number in walk(window, asked, PAGE_RECORDS, ask_at, _page):
                    pages += 1
                    yield Fetched(path, f"{url}?changed={asked.first}..{asked.last}&page={number + 1}")
                window.finish(asked)

    def detect(self, stream: BinaryIO) -> Shape | Skip:
        """Tell answers of the API and its records one a line from anything else."""
        return detect(stream, AWARDS, has_csv=False)

    def slices(self, stream: BinaryIO, shape: Shape, start: Bookmark, max_records: int) -> Iterator[Slice]:
        """Yield the records of a file behind a bookmark."""
        return read_slices(stream, shape, start, max_records=max_records)

    def to_rows(self, part: Slice) -> ReadSlice:
        """Read the fields of a slice."""
        return read_awards(part, self.name)


def _stretches(window: Window, scope: str, since: datetime | None, at: datetime) -> Iterator[Asked]:
    """Yield the stretches of days to ask about, the oldest first; all of two years where the scope is another than before."""
    known, today = window.known, at.astimezone(OFFICE_ZONE).date()
    first = min(known.last, today) - OVERLAP if known and known.scope == scope else today - LOOKS_BACK
    if since is not None:  # further back, never later: days in between would count as known
        first = min(first, since.astimezone(OFFICE_ZONE).date())
    while first <= today:
        last = min(first + LONGEST, today)
        yield Asked(first, last, at, counts_by=PAGES, scope=scope)
        first = last + timedelta(days=1)


def _question(asked: Asked, naics: tuple[str, ...], number: int, before: Path | None) -> dict[str, object]:
    """Write the question for a page, counted from 0; `before` is the page before it."""
    days = {"start_date": _day(asked.first), "end_date": _day(asked.last), "date_type": "last_modified_date"}
    body: dict[str, object] = {
        "filters": {"award_type_codes": CONTRACTS, "naics_codes": {"require": naics}, "time_period": [days]},
        "fields": FIELDS,
        "sort": SORT,
        "order": "asc",
        "limit": PAGE_RECORDS,
        "page": number + 1,
    }
    if (number + 1) * PAGE_RECORDS > DEEPEST and before is not None:
        said = _answer(before).get("page_metadata") or {}
        names = ("last_record_unique_id", "last_record_sort_value")
        if any(said.get(name) is None for name in names):
            raise _other_shape("page_metadata names no last record")
        body |= {name: said[name] for name in names}
    return body


def _day(day: date) -> str:
    return day.isoformat()


def _page(path: Path) -> Page:
    answer = _answer(path)
    records, said = answer.get(AWARDS.list_key), answer.get("page_metadata")
    if not isinstance(records, list):
        raise _other_shape(f"{AWARDS.list_key} is no list")
    ids = tuple(
        str((record.get(AWARDS.id_key) if isinstance(record, dict) else None) or f"{path.name} {n}")
        for n, record in enumerate(records)
    )
    return Page(ids, is_last=isinstance(said, dict) and said.get("hasNext") is False)


def _answer(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_bytes()))


def _other_shape(how: str) -> SourceUnavailable:
    return SourceUnavailable(
        f"{TITLE} answers in another shape: {how}.",
        kept="what had landed before.",
        todo="look into its documentation: it may have changed.",
    )


CONNECTOR = Usaspending()
