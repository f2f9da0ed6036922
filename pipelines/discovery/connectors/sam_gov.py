"""SAM.gov: the daily file of all active contract opportunities, its API beside it where a key is set, files of the inbox.

The daily file has 47 columns and hundreds of MB, takes no key and is of last night; the v2 API tells what was posted since,
1,000 notices a request, ten requests a day for most keys. Its answers hold no texts: these come with the next daily file.
"""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from pipelines.discovery.connector import Fetched, Progress, RecordKind, Trouble
from pipelines.discovery.credential_question import Question, TakenCredential
from pipelines.discovery.http import Download, download
from pipelines.discovery.normalize import ReadsNotices
from pipelines.discovery.pages import Page, walk
from pipelines.discovery.records import read_slices
from pipelines.discovery.sam_gov_feeds import BULK_CSV, V2_JSON
from pipelines.discovery.shapes import Shape, Skip, detect
from pipelines.discovery.slices import Slice
from pipelines.discovery.windows import Asked, Window
from warehouse.domain.credential import CredentialNeed
from warehouse.errors import SourceKeyRefused, SourceQuotaExceeded, SourceUnavailable
from warehouse.lake.landings import Bookmark
from warehouse.landing import open_plain
from warehouse.ledger.credentials import note_failure, note_outcome, read_credential
from warehouse.ledger.source_budgets import Quota
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

MIRROR = "https://s3.amazonaws.com/falextracts/Contract%20Opportunities/datagov/ContractOpportunitiesFullCSV.csv"
"""The same file where SAM.gov itself puts it; tried when the usual address does not answer."""

OFFICE_ZONE = ZoneInfo("America/New_York")
"""The API's days are those of Washington."""
PAGE_RECORDS = 1_000
LONGEST = timedelta(days=364)
"""From the first day to the last: 365 days, and a year from 29 February, were refused."""
OVERLAP = timedelta(days=2)
"""Notices appear under an earlier day now and then. Once a day is enough for that: requests are few."""


def _ask_with_key(settings: Settings, secret: SecretStr, at: datetime) -> Question:
    """Ask for one notice of yesterday; it takes one of the day's requests."""
    day = f"{at - timedelta(days=1):%m/%d/%Y}"
    key = {"api_key": secret.get_secret_value()}
    return Question(
        settings.sam_gov_api_url,
        params={"postedFrom": day, "postedTo": day, "limit": "1", "offset": "0", **key},
        expects="totalRecords",
    )


class SamGov(ReadsNotices):
    """Contract opportunities of the US government."""

    name = "sam_gov"
    documentation_url = "https://open.gsa.gov/api/get-opportunities-public-api/"
    auth_type = "api_key"
    kind = RecordKind.NOTICES
    notice_feeds = MappingProxyType({"bulk_csv": BULK_CSV, "v2_json": V2_JSON})
    is_demo = False
    credentials = (
        TakenCredential(
            CredentialNeed(
                "sam_gov",
                "api_key",
                "SAM.gov API key",
                documentation_url,
                lives=timedelta(days=90),
                is_required=False,  # the daily file needs none
            ),
            _ask_with_key,
        ),
    )

    def fetch(
        self, settings: Settings, *, since: datetime | None, at: datetime, progress: Progress
    ) -> Iterator[Fetched | Trouble]:
        """Yield the daily file, unless it is the one we have, and what the API tells beyond what is known.

        The daily file always holds everything that is active; `since` is for the API.
        """
        fault: SourceUnavailable | None = None
        try:
            yield from self._daily_file(settings, progress)
        except SourceUnavailable as error:
            fault = error
        key = read_credential(open_ledger("procura_pipeline"), self.name, "api_key", at=at)
        if key is None:
            if fault is not None:
                raise fault
            return
        try:
            yield from self._answers(settings, key, since, at, progress)
        except SourceUnavailable as error:
            if fault is not None:
                raise
            fault = error
        if fault is not None:
            yield Trouble(fault)

    def _daily_file(self, settings: Settings, progress: Progress) -> Iterator[Fetched]:
        validators = settings.landing / self.name / ".validators.json"
        got = self._download(settings, _read(validators), progress)
        if got is None:
            return
        try:
            self._check(got.path)
            yield Fetched(got.path, settings.sam_gov_bulk_url.partition("?")[0])
            # Only now: what did not land must be offered again.
            validators.write_text(json.dumps(dict(got.validators)), encoding="utf-8")
        finally:
            got.path.unlink(missing_ok=True)

    def _answers(
        self,
        settings: Settings,
        key: SecretStr,
        since: datetime | None,
        at: datetime,
        progress: Progress,
    ) -> Iterator[Fetched]:
        """Yield the API's answers about the days that are not known yet, as they came."""
        from pipelines.discovery.polite import Counted, ask

        ledger, quota = open_ledger("procura_pipeline"), Quota(settings.sam_gov_requests_a_day, timedelta(days=1))
        counted = Counted(ledger, self.name, "SAM.gov's API", quota, settings.is_own("sam_gov_api_url"))
        window = Window(settings.landing, self.name)
        with window.held():
            for wanted in _stretches(window, since, at):
                asked = window.begin(wanted)

                def ask_at(offset: int, asked: Asked = asked) -> bytes | None:
                    progress(f"asking SAM.gov's API about {asked.first} to {asked.last}", offset)
                    question = Question(
                        settings.sam_gov_api_url,
                        params=_days(asked, offset) | {"api_key": key.get_secret_value()},
                        expects="opportunitiesData",
                    )
                    return ask(counted, question, at=at, empty_status=404)

                try:
                    for path, offset in walk(window, asked, PAGE_RECORDS, ask_at, _page):
                        told = "&".join(f"{name}={value}" for name, value in _days(asked, offset).items())
                        yield Fetched(path, f"{settings.sam_gov_api_url.partition('?')[0]}?{told}")
                except SourceKeyRefused as error:
                    note_failure(ledger, self.name, "api_key", error.what, at=at)
                    raise
                window.finish(asked)
        note_outcome(ledger, self.name, "api_key", None, at=at)

    def detect(self, stream: BinaryIO) -> Shape | Skip:
        """Tell the daily file and v2 records from anything else."""
        return detect(stream)

    def slices(self, stream: BinaryIO, shape: Shape, start: Bookmark, max_records: int) -> Iterator[Slice]:
        """Yield the records of a file behind a bookmark."""
        return read_slices(stream, shape, start, max_records=max_records)

    def _download(self, settings: Settings, known: dict[str, str], progress: Progress) -> Download | None:
        target = settings.temporary / f"{self.name}.download"
        try:
            return download(
                settings.sam_gov_bulk_url, target, name=self.name, progress=progress,
                is_own=settings.is_own("sam_gov_bulk_url"), known=known,
            )  # fmt: skip
        except SourceQuotaExceeded:
            raise
        except SourceUnavailable:
            if settings.is_own("sam_gov_bulk_url"):
                raise  # an address of somebody's own choice: no other is asked behind their back
            return download(MIRROR, target, name=self.name, progress=progress)

    def _check(self, path: Path) -> None:
        """Refuse an answer that is no daily file: a page that asks for patience comes with HTTP 200 too."""
        with path.open("rb") as stored:
            shape = detect(open_plain(stored))
        if isinstance(shape, Skip):
            raise SourceUnavailable(
                f"{self.name} has sent something else than its daily file: {shape.reason}.",
                kept="what had landed before.",
                todo="nothing: it is tried again with the next run; or drop the file into the inbox.",
            )


def _read(validators: Path) -> dict[str, str]:
    if not validators.exists():
        return {}
    validators.parent.mkdir(parents=True, exist_ok=True)
    return dict(json.loads(validators.read_text(encoding="utf-8")))


def _stretches(window: Window, since: datetime | None, at: datetime) -> Iterator[Asked]:
    """Yield the stretches of days to ask about, the oldest first, each of at most 365 days."""
    known, today = window.known, at.astimezone(OFFICE_ZONE).date()
    if since is not None:
        first = since.astimezone(OFFICE_ZONE).date()
    elif known is None:
        first = today - OVERLAP
    else:
        is_first_of_day = known.at.astimezone(OFFICE_ZONE).date() < today
        first = min(known.last, today) - (OVERLAP if is_first_of_day else timedelta())
    while first <= today:
        last = min(first + LONGEST, today)
        yield Asked(first, last, at)
        first = last + timedelta(days=1)


def _days(asked: Asked, offset: int) -> dict[str, str]:
    def day(of: date) -> str:
        return f"{of:%m/%d/%Y}"

    return {
        "postedFrom": day(asked.first),
        "postedTo": day(asked.last),
        "limit": str(PAGE_RECORDS),
        "offset": str(offset),
    }


def _page(path: Path) -> Page:
    answer = json.loads(path.read_bytes())
    records, total = answer.get("opportunitiesData"), answer.get("totalRecords")
    if not isinstance(records, list):
        raise SourceUnavailable(
            "SAM.gov's API answers in another shape: opportunitiesData is no list.",
            kept="what had landed before.",
            todo="look into its documentation: it may have changed.",
        )
    ids = tuple(
        str(record.get("noticeId") if isinstance(record, dict) else None)
        + ("" if isinstance(record, dict) else f" {n}")
        for n, record in enumerate(records)
    )
    return Page(ids, total if isinstance(total, int) else None)


CONNECTOR = SamGov()
