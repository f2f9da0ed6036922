"""A source that the product does not know: the one file that adds it. test_sixth_source.py drops it among the connectors."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from pipelines.discovery.connector import Fetched, Progress, RecordKind
from pipelines.discovery.credential_question import Question
from pipelines.discovery.normalize import ReadsNotices
from pipelines.discovery.notice_feed import feed_of_json
from pipelines.discovery.pages import Page, walk
from pipelines.discovery.records import read_slices
from pipelines.discovery.shapes import JsonKeys, Shape, Skip, detect
from pipelines.discovery.slices import Slice
from pipelines.discovery.windows import Asked, Window
from warehouse.lake.landings import Bookmark
from warehouse.ledger.source_budgets import Quota
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

URL = "https://bids.example.test/api/bids"
IS_OWN = False
"""Whether that address is the operator's own, and may be a private one."""
PAGE_RECORDS = 3
QUOTA = Quota(30, timedelta(minutes=1))

BIDS = JsonKeys(
    feed="state_bids_json",
    record="state bid",
    list_key="bids",
    id_key="bid",
    telling=frozenset(["bid", "closes", "buyer"]),
    examples="bid, closes, buyer",
    first_keys=("bid",),
    is_list_telling=True,
)
RECORDS = feed_of_json(
    "$.bid",
    {
        "title": "$.name", "solicitation_number": "$.number", "agency": "$.buyer", "notice_type_raw": "$.kind",
        "posted_raw": "$.published", "deadline_raw": "$.closes", "naics_raw": "$.naics", "description": "$.what",
        "link": "$.page", "place_state": "$.state", "contact_email": "$.mail", "links": "$.files",
    },
    needed=("name", "number", "buyer", "closes", "what"),
)  # fmt: skip


class StateBids(ReadsNotices):
    """What a state buys."""

    name = "state_bids"
    documentation_url = "https://bids.example.test/api"
    auth_type = "none"
    kind = RecordKind.NOTICES
    notice_feeds = MappingProxyType({BIDS.feed: RECORDS})
    is_demo = False

    def fetch(
        self, settings: Settings, *, since: datetime | None, at: datetime, progress: Progress
    ) -> Iterator[Fetched]:
        """Yield all that is open, page by page."""
        from pipelines.discovery.polite import Counted, ask

        counted = Counted(open_ledger("procura_pipeline"), self.name, "The state", QUOTA, IS_OWN)
        window = Window(settings.landing, self.name)

        def ask_at(number: int) -> bytes | None:
            progress("asking the state", number * PAGE_RECORDS)
            return ask(counted, Question(URL, params={"page": str(number)}, expects=BIDS.list_key), at=at)

        with window.held():
            asked = window.begin(Asked(at.date(), at.date(), at, counts_by="pages"))
            for path, number in walk(window, asked, PAGE_RECORDS, ask_at, _page):
                yield Fetched(path, f"{URL}?page={number}")
            window.finish(asked)

    def detect(self, stream: BinaryIO) -> Shape | Skip:
        """Tell answers of the API and its records one a line from anything else."""
        return detect(stream, BIDS, has_csv=False)

    def slices(self, stream: BinaryIO, shape: Shape, start: Bookmark, max_records: int) -> Iterator[Slice]:
        """Yield the records of a file behind a bookmark."""
        return read_slices(stream, shape, start, max_records=max_records)


def _page(path: Path) -> Page:
    bids = json.loads(path.read_bytes())[BIDS.list_key]
    return Page(tuple(str(bid.get(BIDS.id_key)) for bid in bids))


CONNECTOR = StateBids()
