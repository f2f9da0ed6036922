"""Grants.gov: grants and cooperative agreements of the US government, told of in four ways that are read together.

The daily extract holds all of them with their texts, takes no key and is of last night; the API lists what is open now and
gives details of what is new; Simpler.Grants.gov, its successor, tells the same with a key. Files of the inbox are any of these.
"""

import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from pydantic import SecretStr

from pipelines.discovery import simpler_grants
from pipelines.discovery.blocks import Blocks
from pipelines.discovery.connector import Fetched, Progress, RecordKind, Trouble
from pipelines.discovery.credential_question import Question, TakenCredential
from pipelines.discovery.grants_extract import known_extract, newest_extract
from pipelines.discovery.grants_search import QUOTA, TITLE, Ask, GrantsApi, known_of, wanted_details
from pipelines.discovery.normalize import ReadsNotices
from pipelines.discovery.notice_feed import NoticeFeed, statement
from pipelines.discovery.records import read_slices
from pipelines.discovery.shapes import HEAD_BYTES, Form, JsonKeys, Shape, Skip, XmlKeys, detect
from pipelines.discovery.slices import Slice
from pipelines.discovery.windows import Window
from pipelines.discovery.zip_member import plain_of
from warehouse.errors import SourceKeyRefused, SourceUnavailable
from warehouse.lake.connection import open_lake
from warehouse.lake.landings import Bookmark
from warehouse.ledger.credentials import note_failure, note_outcome, read_credential
from warehouse.ledger.source_budgets import Quota
from warehouse.ledger.store import Ledger, open_ledger
from warehouse.settings import Settings

EXTRACT = XmlKeys(
    feed="extract_xml",
    elements=("OpportunitySynopsisDetail_1_0", "OpportunityForecastDetail_1_0"),
    root="Grants",
    lists=frozenset(["EligibleApplicants", "CFDANumbers", "CategoryOfFundingActivity", "FundingInstrumentType"]),
)
HITS = JsonKeys(
    feed="search2_json",
    record="search2 hit",
    list_key="oppHits",
    id_key="id",
    telling=frozenset(["oppStatus", "openDate", "closeDate", "docType", "cfdaList", "alnist"]),
    examples="oppStatus, openDate, cfdaList",
    first_keys=("id",),
    is_list_telling=True,
    wrapper="data",
)
DETAILS = JsonKeys(
    feed="detail_json",
    record="fetchOpportunity answer",
    list_key="opportunities",  # of our own: it answers about one
    id_key="id",
    telling=frozenset(["opportunityNumber", "opportunityTitle", "synopsis", "forecast"]),
    examples="opportunityNumber, opportunityTitle, synopsis",
    first_keys=("id", "errorcode"),
    is_list_telling=False,
    wrapper="data",
)
SIMPLER = JsonKeys(
    feed="simpler_json",
    record="Simpler.Grants.gov record",
    list_key="data",
    id_key="legacy_opportunity_id",
    telling=frozenset(["opportunity_id", "opportunity_status", "opportunity_title", "summary"]),
    examples="opportunity_id, opportunity_status, summary",
    first_keys=("opportunity_id", "agency", "agency_code", "legacy_opportunity_id"),
    is_list_telling=False,
)

_GRANTS = statement("normalize_grants.sql")
FEEDS = MappingProxyType(
    {
        EXTRACT.feed: NoticeFeed(
            statement("normalize_grants_xml.sql"), "trim(json_extract_string(text, '$.OpportunityID'))", _GRANTS
        ),
        HITS.feed: NoticeFeed(
            statement("normalize_grants_hit.sql"), "trim(json_extract_string(text, '$.id'))", _GRANTS
        ),
        DETAILS.feed: NoticeFeed(
            statement("normalize_grants_detail.sql"),
            "trim(coalesce(json_extract_string(text, '$.data.id'), json_extract_string(text, '$.id')))",
            _GRANTS,
        ),
        SIMPLER.feed: NoticeFeed(
            statement("normalize_grants_simpler.sql"),
            "trim(coalesce(json_extract_string(text, '$.legacy_opportunity_id'), json_extract_string(text, '$.opportunity_id')))",
            _GRANTS,
        ),
    }
)


@dataclass(frozen=True)
class _Run:
    """One run's way to the source: `now` moves on with it, for the quotas are of minutes and a run is of many."""

    settings: Settings
    ledger: Ledger
    at: datetime
    progress: Progress
    began: float

    @property
    def now(self) -> datetime:
        return self.at + timedelta(seconds=time.monotonic() - self.began)

    def asks(self, source: str, title: str, quota: Quota, address: str) -> Ask:
        """Return how one of its services is asked, its requests counted under a name of their own."""
        from pipelines.discovery.polite import Counted, ask

        counted = Counted(self.ledger, source, title, quota, self.settings.is_own(address))

        def ask_it(question: Question, what: str, done: int) -> bytes | None:
            self.progress(f"asking {title} ({what})", done)
            return ask(counted, question, at=self.now)

        return ask_it


class GrantsGov(ReadsNotices):
    """Grants of the US government."""

    name = "grants_gov"
    documentation_url = "https://www.grants.gov/api/api-guide"
    auth_type = "api_key"
    kind = RecordKind.NOTICES
    notice_feeds = FEEDS
    is_demo = False
    credentials: tuple[TakenCredential, ...] = (simpler_grants.CREDENTIAL,)

    def fetch(
        self, settings: Settings, *, since: datetime | None, at: datetime, progress: Progress
    ) -> Iterator[Fetched | Trouble]:
        """Yield the extract, unless it is the one we have; what is open now, with details of what is new; Simpler's with a key.

        The first two hold everything, whatever `since` says. One way that fails does not keep the others from being gone.
        """
        run = _Run(settings, open_ledger("procura_pipeline"), at, progress, time.monotonic())
        key = read_credential(run.ledger, simpler_grants.NAME, "api_key", at=at)
        ways = [self._extract(run), self._api(run), *([self._simpler(run, key)] if key is not None else [])]
        faults: list[SourceUnavailable] = []
        for way in ways:
            try:
                yield from way
            except SourceUnavailable as error:
                faults.append(error)
        if len(faults) == len(ways):
            raise faults[0]
        if faults:
            yield Trouble(faults[0])

    def _extract(self, run: _Run) -> Iterator[Fetched]:
        yield from newest_extract(run.settings, self.name, at=run.at, progress=run.progress, check=self._check)

    def _api(self, run: _Run) -> Iterator[Fetched]:
        ask = run.asks(self.name, TITLE, QUOTA, "grants_gov_api_url")
        api = GrantsApi(run.settings.grants_gov_api_url.rstrip("/"), ask, run.at)
        for path, origin in api.listed(Window(run.settings.landing, self.name)):
            yield Fetched(path, origin)
        known, has_extract = known_of(open_lake("procura_pipeline"), self.name, api.hits)
        extract = known_extract(run.settings, self.name)
        wanted = wanted_details(api.hits, known, has_extract=has_extract, extract=extract.day if extract else None)
        for path, origin in api.details(Window(run.settings.landing / self.name, ".details"), wanted):
            yield Fetched(path, origin)

    def _simpler(self, run: _Run, key: SecretStr) -> Iterator[Fetched]:
        ask = run.asks(simpler_grants.NAME, simpler_grants.TITLE, simpler_grants.QUOTA, "simpler_grants_url")
        window = Window(run.settings.landing / self.name, ".simpler")
        try:
            pages = simpler_grants.open_ones(
                run.settings, key, window, lambda question, done: ask(question, "listing", done), run.at
            )
            for path, origin in pages:
                yield Fetched(path, origin)
        except SourceKeyRefused as error:
            note_failure(run.ledger, simpler_grants.NAME, "api_key", error.what, at=run.at)
            raise
        note_outcome(run.ledger, simpler_grants.NAME, "api_key", None, at=run.at)

    def detect(self, stream: BinaryIO) -> Shape | Skip:
        """Tell the extract, plain or as ZIP, and the answers of each service from anything else."""
        blocks = Blocks(plain_of(stream))
        head = blocks.read(HEAD_BYTES)
        if not head and blocks.damage:
            return Skip(blocks.damage)
        if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<":
            return _xml_shape(head)
        return detect(io.BytesIO(head), _keys(head), has_csv=False)

    def slices(self, stream: BinaryIO, shape: Shape, start: Bookmark, max_records: int) -> Iterator[Slice]:
        """Yield the records of a file behind a bookmark."""
        return read_slices(plain_of(stream), shape, start, max_records=max_records)

    def _check(self, path: Path) -> None:
        """Refuse an answer that is no extract: a page that asks for patience comes with HTTP 200 too."""
        with path.open("rb") as stored:
            shape = self.detect(stored)
        if isinstance(shape, Skip) or shape.xml is None:
            reason = shape.reason if isinstance(shape, Skip) else "it is JSON"
            raise SourceUnavailable(
                f"{self.name} has sent something else than its extract: {reason}.",
                kept="what had landed before.",
                todo="nothing: it is tried again with the next run; or drop the file into the inbox.",
            )


def _xml_shape(head: bytes) -> Shape | Skip:
    if any(element.encode() in head for element in EXTRACT.elements):
        return Shape(Form.XML, xml=EXTRACT)
    return Skip(f"it is XML of another shape: it begins without any {' or '.join(EXTRACT.elements)}")


def _keys(head: bytes) -> JsonKeys:
    if b'"legacy_opportunity_id"' in head:
        return SIMPLER
    is_detail = b'"opportunityNumber"' in head and b'"oppHits"' not in head
    return DETAILS if is_detail else HITS


CONNECTOR = GrantsGov()
