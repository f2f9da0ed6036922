"""GovCon API: SAM.gov's notices as a reseller tells them, with their whole texts, for a key that is paid for.

A notice has the id that it has at SAM.gov. What SAM.gov itself tells always stands; GovCon API fills what is empty there, above
all the text, and speaks for a notice only until SAM.gov does (filled_notices.sql, group.sql). Its `active` says "Yes" of all.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from pydantic import SecretStr

from pipelines.discovery.connector import Fetched, NoKey, Progress, RecordKind, Trouble
from pipelines.discovery.credential_question import Question, TakenCredential
from pipelines.discovery.govcon_pages import DELTA, SEARCH, Questions, posted_after, since_moment
from pipelines.discovery.govcon_plan import (
    ASKED_AGAIN_AFTER,
    FIRST_QUESTION,
    Plan,
    forget_plan,
    keep_plan,
    kept_plan,
    read_plan,
)
from pipelines.discovery.normalize import ReadsNotices
from pipelines.discovery.notice_feed import NoticeFeed, statement
from pipelines.discovery.pages import PAGES, walk
from pipelines.discovery.records import read_slices
from pipelines.discovery.shapes import JsonKeys, Shape, Skip, detect
from pipelines.discovery.slices import Slice
from pipelines.discovery.windows import Asked, Window
from warehouse.domain.credential import CredentialNeed
from warehouse.errors import SourceDiffers, SourceKeyRefused, SourcePlanLacks
from warehouse.lake.landings import Bookmark
from warehouse.ledger.company_profiles import declared_naics
from warehouse.ledger.credentials import note_failure, note_outcome, read_credential
from warehouse.ledger.source_budgets import Quota
from warehouse.ledger.store import Ledger, open_ledger
from warehouse.settings import Settings

TITLE = "GovCon API"
PLAN_STATUS = 402
LOOKS_BACK = timedelta(days=59)
"""What the delta reaches; the search of the smallest plan reaches 90 days."""
OVERLAP = timedelta(days=2)
DELTA_OVERLAP = timedelta(hours=1)
INDUSTRY = "naics "
"""What the scope of a stretch about one industry begins with."""

NOTICES = JsonKeys(
    feed="govcon_json",
    record="GovCon API record",
    list_key="data",
    id_key="notice_id",
    telling=frozenset(["title", "solicitation_number", "notice_type", "description_text", "sam_url", "set_aside_type"]),
    examples="title, notice_type, sam_url",
    first_keys=("notice_id",),
    is_list_telling=False,
)
RECORDS = NoticeFeed(
    statement("normalize_govcon.sql"),
    "json_extract_string(text, '$.notice_id')",
    statement("normalize.sql"),
    needed=(
        "title", "agency", "notice_type", "posted_date", "response_deadline", "naics", "psc", "set_aside_type",
        "solicitation_number", "description_text", "award_amount", "awardee_name", "contact_name", "contact_email", "sam_url",
        "performance_city_name", "performance_state_code",
    ),
    id_name="the notice id or the title",
)  # fmt: skip
"""Only the id and the title are promised."""


def _ask_for_plan(settings: Settings, secret: SecretStr, at: datetime) -> Question:
    return Question(f"{settings.govcon_api_url.rstrip('/')}/me", headers=_bearer(secret))


def _bearer(secret: SecretStr) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret.get_secret_value()}"}


class GovCon(ReadsNotices):
    """Contract opportunities of the US government, resold."""

    name = "govcon"
    documentation_url = "https://govconapi.com/api-guide"
    auth_type = "api_key"
    kind = RecordKind.NOTICES
    notice_feeds = MappingProxyType({NOTICES.feed: RECORDS})
    is_demo = False
    credentials = (
        # Nothing is missed without it: its notices are SAM.gov's.
        TakenCredential(
            CredentialNeed("govcon", "api_key", "GovCon API key", documentation_url, is_required=False), _ask_for_plan
        ),
    )

    def fetch(
        self, settings: Settings, *, since: datetime | None, at: datetime, progress: Progress
    ) -> Iterator[Fetched | Trouble | NoKey]:
        """Yield answers about what was changed or posted since the last time, by the best way that the plan has."""
        ledger = open_ledger("procura_pipeline")
        key = read_credential(ledger, self.name, "api_key", at=at)
        if key is None:
            yield NoKey()
            return
        window, folder = Window(settings.landing, self.name), settings.landing / self.name
        desk = _Desk(ledger, settings, key, at, progress, time.monotonic())
        try:
            with window.held():
                plan = desk.plan(folder)
                try:
                    yield from self._answers(desk, window, plan, since)
                except SourcePlanLacks:
                    forget_plan(folder)
                    raise
        except SourceKeyRefused as error:
            forget_plan(folder)
            note_failure(ledger, self.name, "api_key", error.what, at=at)
            raise
        note_outcome(ledger, self.name, "api_key", None, at=at)

    def _answers(self, desk: "_Desk", window: Window, plan: Plan, since: datetime | None) -> Iterator[Fetched]:
        if plan.has_delta:
            try:
                yield from desk.walk(window, _delta(window, plan, since, desk.at))
                return
            except (SourcePlanLacks, SourceDiffers):
                # The search tells of the same notices; the delta is not tried again until the plan is asked for anew.
                keep_plan(desk.settings.landing / self.name, replace(plan, has_delta=False), at=desk.at)
        for stretch in _searches(window, plan, since, desk):
            yield from desk.walk(window, stretch)

    def detect(self, stream: BinaryIO) -> Shape | Skip:
        """Tell answers of the API and its records one a line from anything else."""
        return detect(stream, NOTICES, has_csv=False)

    def slices(self, stream: BinaryIO, shape: Shape, start: Bookmark, max_records: int) -> Iterator[Slice]:
        """Yield the records of a file behind a bookmark."""
        return read_slices(stream, shape, start, max_records=max_records)


@dataclass
class _Desk:
    """One run's asking: by which key, since when, of whom."""

    ledger: Ledger
    settings: Settings
    key: SecretStr
    at: datetime
    progress: Progress
    began: float

    def plan(self, folder: Path) -> Plan:
        """Return the key's plan: as it was told within the last day, else asked for."""
        kept = kept_plan(folder)
        if kept is not None and timedelta() <= self.at - kept[1] < ASKED_AGAIN_AFTER:
            return kept[0]
        question = _ask_for_plan(self.settings, self.key, self.at)
        body = self.ask(question, kept[0].quota if kept else FIRST_QUESTION)
        plan = read_plan(json.loads(body or b"{}"))
        keep_plan(folder, plan, at=self.at)
        return plan

    def walk(self, window: Window, stretch: "_Stretch") -> Iterator[Fetched]:
        """Yield the pages of a stretch, those of an earlier run first."""
        asked = window.begin(stretch.asked)
        questions = stretch.questions(asked)
        url = self.settings.govcon_api_url.rstrip("/") + questions.path

        def ask_at(number: int) -> bytes | None:
            self.progress(f"asking {TITLE} about {asked.first} to {asked.last}", number * questions.limit)
            question = Question(url, params=questions.params(), headers=_bearer(self.key), expects="data")
            return self.ask(question, stretch.quota)

        told = "&".join(f"{name}={value}" for name, value in questions.filters.items())
        for path, number in walk(window, asked, questions.limit, ask_at, questions.read):
            yield Fetched(path, f"{url}?{told}&page={number + 1}")
        window.finish(asked)

    def ask(self, question: Question, quota: Quota) -> bytes | None:
        """Ask once, counted."""
        from pipelines.discovery.polite import Counted, ask

        is_own = self.settings.is_own("govcon_api_url")
        counted = Counted(self.ledger, GovCon.name, TITLE, quota, is_own, plan_status=PLAN_STATUS)
        # The quota may be of hours, a run of many minutes.
        return ask(counted, question, at=self.at + timedelta(seconds=time.monotonic() - self.began))


@dataclass(frozen=True)
class _Stretch:
    """What is asked for next, and its questions: made from what was begun, so that a later run asks the same ones."""

    asked: Asked
    quota: Quota
    questions: Callable[[Asked], Questions]


def _delta(window: Window, plan: Plan, since: datetime | None, at: datetime) -> _Stretch:
    """Ask for what was changed since the last whole answer was asked for."""
    known, today = window.known, at.astimezone(UTC).date()
    start = known.at - DELTA_OVERLAP if known and known.scope == "delta" else None
    first = start.astimezone(UTC).date() if start else today - LOOKS_BACK
    if since is not None and since.astimezone(UTC).date() < first:
        first, start = since.astimezone(UTC).date(), None

    def questions(asked: Asked) -> Questions:
        moment = start if start and asked.first == first else datetime.combine(asked.first, datetime.min.time(), UTC)
        return Questions(DELTA, since_moment(moment.astimezone(UTC)), plan.page_records)

    return _Stretch(Asked(first, today, at, PAGES, "delta"), plan.quota, questions)


def _searches(window: Window, plan: Plan, since: datetime | None, desk: _Desk) -> Iterator[_Stretch]:
    """Ask by the day of posting; where the plan has no days, by the firm's own industries, each once a day."""
    today, known = desk.at.astimezone(UTC).date(), window.known
    if plan.is_paid:
        first = _first_day(known.last if known and known.scope == "search" else None, since, today)

        def by_day(asked: Asked) -> Questions:
            return Questions(SEARCH, posted_after(asked.first - timedelta(days=1)), plan.page_records)

        yield _Stretch(Asked(first, today, desk.at, PAGES, "search"), plan.quota, by_day)
        return
    with desk.ledger.read() as tx:
        codes = declared_naics(tx)
    done = known.scope if known and known.last == today and known.scope.startswith(INDUSTRY) else INDUSTRY
    for code in codes:
        if INDUSTRY + code > done:
            questions = Questions(SEARCH, {"naics": code}, plan.page_records)
            asked = Asked(today, today, desk.at, PAGES, INDUSTRY + code)
            yield _Stretch(asked, plan.quota, lambda _, questions=questions: questions)  # type: ignore[misc]


def _first_day(known: date | None, since: datetime | None, today: date) -> date:
    first = min(known, today) - OVERLAP if known else today - LOOKS_BACK
    return min(first, since.astimezone(UTC).date()) if since is not None else first


CONNECTOR = GovCon()
