"""NewsAPI: what the press says of the firm's topics and buyers. News of the market, never something to answer, never an award.

Of a story only headline, publisher, day and address are kept; its text, teaser, author and picture are taken out of the answer
before it is written anywhere (stories.py). The Developer plan gives 100 requests a day, stories a day late, about a month back,
and no more than 100 stories of a question: behind them it says 426, and the question is finished.
"""

import json
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from pydantic import SecretStr

from pipelines.discovery.connector import Fetched, NoKey, Progress, RecordKind, Trouble
from pipelines.discovery.credential_question import Question, TakenCredential
from pipelines.discovery.pages import PAGES, Page, walk
from pipelines.discovery.records import read_slices
from pipelines.discovery.shapes import JsonKeys, Shape, Skip, detect
from pipelines.discovery.slices import ReadSlice, Slice
from pipelines.discovery.stories import NOT_OURS, facts_only, read_stories
from pipelines.discovery.windows import Asked, Window
from warehouse.domain.credential import CredentialNeed
from warehouse.domain.mentions import spoken
from warehouse.errors import SourceDiffers, SourceKeyRefused, SourcePlanLacks
from warehouse.lake.landings import Bookmark
from warehouse.ledger.company_profiles import declared_interests
from warehouse.ledger.credentials import note_failure, note_outcome, read_credential
from warehouse.ledger.source_budgets import Quota
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

TITLE = "NewsAPI"
QUOTA = Quota(100, timedelta(days=1))
"""The Developer plan's; larger ones are not used up by what is asked here."""
PLAN_STATUS = 426
PAGE_RECORDS = 100
PAGES_A_QUESTION = 3
MOST_QUESTIONS = 40
"""A day: with repetitions well within the requests."""
FIRST_LOOK, LATER_LOOK = timedelta(days=27), timedelta(days=7)
"""The smallest plan reaches about a month back. A week's overlap costs no request more, and stories come late."""

STORIES = JsonKeys(
    feed="news_json",
    record="NewsAPI story",
    list_key="articles",
    id_key="url",
    telling=frozenset(["publishedAt"]),
    examples="title, url, publishedAt",
    first_keys=("source",),
    is_list_telling=False,
)


def _ask_with_key(settings: Settings, secret: SecretStr, at: datetime) -> Question:
    return Question(
        f"{settings.newsapi_url.rstrip('/')}/top-headlines",
        params={"country": "us", "pageSize": "1"},
        headers={"X-Api-Key": secret.get_secret_value()},
        expects="articles",
    )


class NewsApi:
    """Headlines about the firm's topics and buyers."""

    name = "newsapi"
    documentation_url = "https://newsapi.org/docs"
    auth_type = "api_key"
    kind = RecordKind.ARTICLES
    feeds: tuple[str, ...] = (STORIES.feed,)
    is_demo = False
    credentials = (
        TakenCredential(
            CredentialNeed("newsapi", "api_key", "NewsAPI key", documentation_url, is_required=False), _ask_with_key
        ),
    )

    def fetch(
        self, settings: Settings, *, since: datetime | None, at: datetime, progress: Progress
    ) -> Iterator[Fetched | Trouble | NoKey]:
        """Yield answers about each topic and buyer, each asked once a day."""
        from pipelines.discovery.polite import Counted, ask

        ledger, began = open_ledger("procura_pipeline"), time.monotonic()
        key = read_credential(ledger, self.name, "api_key", at=at)
        if key is None:
            yield NoKey()
            return
        with ledger.read() as tx:
            topics, buyers = declared_interests(tx)
        wanted = list(dict.fromkeys([*topics, *map(spoken, buyers)]))[:MOST_QUESTIONS]
        url = f"{settings.newsapi_url.rstrip('/')}/everything"
        counted = Counted(ledger, self.name, TITLE, QUOTA, settings.is_own("newsapi_url"), plan_status=PLAN_STATUS)
        window, has_end = Window(settings.landing, self.name), False
        with window.held():
            for stretch in _stretches(window, wanted, since, at):
                asked = window.begin(stretch)

                def ask_at(number: int, asked: Asked = asked) -> bytes | None:
                    nonlocal has_end
                    if number >= (1 if has_end else PAGES_A_QUESTION):
                        return None
                    progress(f"asking {TITLE} about {asked.scope}", number * PAGE_RECORDS)
                    question = Question(
                        url,
                        params=_params(asked, number),
                        headers={"X-Api-Key": key.get_secret_value()},
                        expects=STORIES.list_key,
                    )
                    moment = at + timedelta(seconds=time.monotonic() - began)
                    try:
                        body = ask(counted, question, at=moment)
                    except SourcePlanLacks:
                        if not number:
                            raise
                        has_end = True  # what was paid for ends here for every question: this one is finished
                        progress(f"{TITLE} gives this key no more stories about {asked.scope}", number * PAGE_RECORDS)
                        return None
                    return facts_only(body or b"{}")

                try:
                    for path, number in walk(window, asked, PAGE_RECORDS, ask_at, _page):
                        yield Fetched(path, f"{url}?q={asked.scope}&from={asked.first}&page={number + 1}")
                except SourceKeyRefused as error:
                    note_failure(ledger, self.name, "api_key", error.what, at=at)
                    raise
                window.finish(asked)
        note_outcome(ledger, self.name, "api_key", None, at=at)

    def detect(self, stream: BinaryIO) -> Shape | Skip:
        """Tell answers and stories one a line from anything else, and refuse to keep what belongs to others."""
        shape = detect(_Listened(stream, heard := bytearray()), STORIES, has_csv=False)  # type: ignore[arg-type]
        found = [name for name in NOT_OURS if f'"{name}"'.encode() in heard]
        if isinstance(shape, Shape) and found:
            return Skip(
                f"it holds what belongs to the publishers ({', '.join(found)}): leave source, title, url and publishedAt"
            )
        return shape

    def slices(self, stream: BinaryIO, shape: Shape, start: Bookmark, max_records: int) -> Iterator[Slice]:
        """Yield the records of a file behind a bookmark."""
        return read_slices(stream, shape, start, max_records=max_records)

    def to_rows(self, part: Slice) -> ReadSlice:
        """Read the fields of a slice."""
        return read_stories(part, self.name)


class _Listened:
    """A stream that keeps what was read of it."""

    def __init__(self, stream: BinaryIO, heard: bytearray) -> None:
        self._stream, self._heard = stream, heard

    def read(self, size: int = -1) -> bytes:
        piece = self._stream.read(size)
        self._heard += piece
        return piece


def _stretches(window: Window, wanted: list[str], since: datetime | None, at: datetime) -> Iterator[Asked]:
    """Yield a stretch for each topic and buyer that was not asked about today, in the order of the profile."""
    known, today = window.known, at.astimezone(UTC).date()
    first = today - (LATER_LOOK if known else FIRST_LOOK)
    if since is not None:
        first = max(min(first, since.astimezone(UTC).date()), today - FIRST_LOOK)
    done = wanted.index(known.scope) + 1 if known and known.last == today and known.scope in wanted else 0
    for scope in wanted[done:]:
        yield Asked(first, today, at, PAGES, scope)


def _params(asked: Asked, number: int) -> dict[str, str]:
    """Write the question for a page, counted from 0: stories whose headline has the words, the newest first."""
    return {
        "q": '"' + asked.scope.replace('"', " ") + '"',
        "searchIn": "title",
        "from": _day(asked.first),
        "language": "en",
        "sortBy": "publishedAt",
        "pageSize": str(PAGE_RECORDS),
        "page": str(number + 1),
    }


def _day(day: date) -> str:
    return day.isoformat()


def _page(path: Path) -> Page:
    answer = json.loads(path.read_bytes())
    stories, total = answer.get(STORIES.list_key), answer.get("totalResults")
    if not isinstance(stories, list):
        raise SourceDiffers(
            f"{TITLE} answers in another shape: {STORIES.list_key} is no list.",
            kept="what had landed before.",
            todo="look into its documentation: it may have changed.",
        )
    ids = tuple(
        str((story.get("url") if isinstance(story, dict) else None) or f"{path.name} {n}")
        for n, story in enumerate(stories)
    )
    return Page(ids, total if isinstance(total, int) else None, is_last=len(stories) < PAGE_RECORDS)


CONNECTOR = NewsApi()
