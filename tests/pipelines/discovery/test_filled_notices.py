"""One notice from two tellers is one notice: what SAM.gov says always stands, GovCon API fills what it leaves empty."""

import itertools
import json
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipelines.discovery.discover import land_source, read_landings
from pipelines.discovery.group import Grouping, group_opportunities
from pipelines.discovery.publish import Publication, publish_opportunities
from pipelines.discovery.rebuild import rebuild_lake
from tests.factories import empty_lake
from tests.fakes.govcon import govcon_envelope, govcon_record
from tests.fakes.sam_gov import v2_record
from warehouse.lake.connection import Lake, open_lake
from warehouse.lake.purging import remove_notices
from warehouse.ledger.opportunities import OpportunityDetail, read_opportunity
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

AT = datetime(2026, 4, 10, 12, tzinfo=UTC)
NUMBER = "W912DY26R0007"
AGENCY = {"fullParentPathName": "DEPT OF DEFENSE.DEPT OF THE ARMY.OFFICE 7", "fullParentPathCode": "021.2100.W912DY"}


class Teller:
    """Drops what sources tell into the inbox of a home, one file a call, and reads it."""

    def __init__(self, settings: Settings) -> None:
        """Begin with an empty inbox."""
        self._settings, self._files = settings, itertools.count(1)
        for source in ("sam_gov", "govcon"):
            shutil.rmtree(settings.inbox / source, ignore_errors=True)
            (settings.inbox / source).mkdir(parents=True)

    def sam(self, **changes: Any) -> None:
        """Let SAM.gov's API tell of notice 7, whose text it never holds."""
        told = AGENCY | {"noticeId": f"{7:032x}", "solicitationNumber": NUMBER, "description": None} | changes
        record = v2_record(7, **told)
        self._drop("sam_gov", json.dumps({"totalRecords": 1, "opportunitiesData": [record]}).encode())

    def govcon(self, **changes: Any) -> None:
        """Let GovCon API tell of it."""
        self._drop("govcon", govcon_envelope([govcon_record(7, **({"solicitation_number": NUMBER} | changes))]))

    def _drop(self, source: str, body: bytes) -> None:
        for old in (self._settings.inbox / source).iterdir():
            old.unlink()
        number = next(self._files)
        (self._settings.inbox / source / f"{number}.json").write_bytes(body)
        land_source(source, self._settings, progress=lambda *_: None, at=AT + timedelta(minutes=number))
        read_landings(self._settings, progress=lambda *_: None)


@pytest.fixture
def teller(home: Settings) -> Iterator[Teller]:
    empty_lake(open_lake())
    open_lake().write(lambda cursor: cursor.execute("delete from core.filled_notices"))
    shutil.rmtree(home.landing)
    home.landing.mkdir()
    (home.landing / "demo/00").mkdir(parents=True)  # no notices of our own making beside these
    yield Teller(home)
    publish()


@pytest.fixture
def lake(home: Settings) -> Lake:
    return open_lake()


def group() -> Grouping:
    return group_opportunities(open_lake(), as_of=AT)


def publish() -> Publication:
    group()
    return publish_opportunities(open_lake("procura_pipeline"), open_ledger("procura_pipeline"), as_of=AT)


def opportunities() -> list[OpportunityDetail]:
    with open_ledger().read() as tx:
        ids = [row["id"] for row in tx.rows("select id from opportunities where merged_into is null and not is_demo")]
        return [found for one in ids if (found := read_opportunity(tx, one))]


def only() -> OpportunityDetail:
    (found,) = opportunities()
    return found


def table(name: str, columns: str = "*") -> list[tuple[Any, ...]]:
    return open_lake().cursor().execute(f"select {columns} from core.{name} order by all").fetchall()


def facts(found: OpportunityDetail) -> Mapping[str, Any]:
    row = found.row
    return {
        "source": row.source, "id": row.external_ref, "title": row.title, "agency": row.agency, "due": row.due_date,
        "naics": row.naics_code, "set_aside": row.set_aside_code, "text": found.description, "notices": row.notice_count,
    }  # fmt: skip


ORDERS = [["sam", "govcon"], ["govcon", "sam"], ["govcon", "sam", "govcon"], ["sam", "govcon", "sam"]]


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_a_notice_of_both_is_one_and_sam_gov_stands_whichever_came_first(teller: Teller, order: list[str]) -> None:
    for who in order:
        getattr(teller, who)(**({"title": "Another title", "naics": ["999999"]} if who == "govcon" else {}))
        publish()
    found = facts(only())
    stated = v2_record(7)
    assert (found["source"], found["id"], found["notices"]) == ("sam_gov", f"{7:032x}", 1)
    assert (found["title"], found["naics"]) == (stated["title"], stated["naicsCode"])
    assert found["agency"] == "DEPT OF DEFENSE"
    assert found["text"] == "The whole text of notice 7."
    assert "filled_by_govcon" in only().flags
    assert len(only().notices) == 1, "a filled version is no amendment"


def test_what_sam_gov_states_is_never_filled_and_none_is_a_statement_of_set_asides(teller: Teller) -> None:
    teller.sam(description="SAM.gov's own text.", typeOfSetAside=None, typeOfSetAsideDescription=None)
    teller.govcon(set_aside_type="SBA", response_deadline="2030-01-01T00:00:00Z")
    publish()
    found = facts(only())
    assert (found["text"], found["set_aside"]) == ("SAM.gov's own text.", None)
    assert found["due"] != datetime(2030, 1, 1, tzinfo=UTC)


def test_a_later_text_of_govcon_is_shown_and_one_of_sam_gov_ends_it(teller: Teller) -> None:
    teller.sam()
    teller.govcon()
    publish()
    teller.govcon(description_text="A longer text.")
    assert publish().written == 1
    assert only().description == "A longer text."
    teller.sam(description="At last.")
    publish()
    assert only().description == "At last."


def test_what_fills_nothing_publishes_nothing(teller: Teller) -> None:
    teller.sam()
    teller.govcon()
    publish()
    teller.govcon(title="Only the title is another one")
    assert group() == Grouping(1, 1, 0, 0, 0)
    assert publish() == Publication(open=1)


def test_govcon_alone_speaks_until_sam_gov_tells_and_its_entry_leads_on(teller: Teller) -> None:
    teller.govcon(agency="Army, Department of the")
    publish()
    former = only()
    assert (former.row.source, former.description) == ("govcon", "The whole text of notice 7.")
    teller.sam()
    publish()
    assert only().row.source == "sam_gov"
    assert only().row.id != former.row.id
    assert table("opportunity_aliases") == [(former.row.id, only().row.id)]


def test_sam_gov_govcon_and_a_posting_anew_are_one_opportunity(teller: Teller, lake: Lake) -> None:
    teller.sam()
    teller.govcon(agency="Army, Department of the")
    anew = {"notice_id": "e" * 32, "posted_date": "2026-04-09", "agency": "Army, Department of the"}
    teller.govcon(**anew, solicitation_number="2026-W912DY-26-R-0007", title="Posted anew")
    publish()
    assert facts(only())["notices"] == 2
    assert {one.notice_id for one in only().notices} == {f"{7:032x}", "e" * 32}
    # SAM.gov tells of it as well, under a third spelling.
    teller.sam(
        noticeId="e" * 32, solicitationNumber="W912DY-26-R-0007", postedDate="2026-04-09", title="As SAM.gov says"
    )
    publish()
    assert (facts(only())["title"], facts(only())["notices"]) == ("As SAM.gov says", 2)


def test_an_amendment_never_overwrites_an_older_version(teller: Teller) -> None:
    teller.sam(title="First")
    teller.govcon()
    publish()
    before = table("notice_versions")
    teller.sam(title="Second")
    teller.govcon(description_text="Second text.")
    publish()
    after = table("notice_versions")
    assert len(after) == 4
    assert set(map(str, before)) <= set(map(str, after)), "every version as it was written"
    assert [(one.title, one.description) for one in only().notices] == [("First", None), ("Second", "Second text.")]


def test_the_same_again_writes_nothing_and_a_rebuilt_lake_says_the_same(teller: Teller, home: Settings) -> None:
    teller.govcon()
    teller.sam()
    publish()
    teller.sam()
    teller.govcon()
    assert publish() == Publication(open=1)
    filled, shown = table("filled_notices"), facts(only())
    rebuild_lake(home, lambda *_: None)
    assert publish() == Publication(open=1)
    assert (table("filled_notices"), facts(only())) == (filled, shown)


def test_what_was_purged_leaves_no_filling_behind(teller: Teller, lake: Lake) -> None:
    teller.sam()
    teller.govcon()
    publish()
    hashes = lake.cursor().execute("select sha256('govcon' || chr(31) || ?)", [f"{7:032x}"]).fetchone()
    assert hashes
    removed = remove_notices(open_lake("procura_pipeline"), [(bytes.fromhex(hashes[0]), 10**6)], [])
    assert removed["filled_notices"] == 1
    assert table("filled_notices") == []
    publish()
    assert only().description is None
