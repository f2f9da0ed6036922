"""SAM.gov's API beside the daily file: every record once, no request for a page that has come, and its refusals told apart."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from pipelines.discovery.discover import Landed, Reading, land_source, read_landings
from pipelines.discovery.windows import Window
from tests.fakes.sam_gov import FakeSite, csv_bytes, csv_row, running_site, v2_record
from tests.fakes.sam_gov_api import SamGovApi, running_api
from warehouse import settings as settings_module
from warehouse.domain.run_outcome import RunOutcome
from warehouse.lake.connection import Lake, open_lake
from warehouse.landing import Landing
from warehouse.ledger.source_budgets import budget_of
from warehouse.ledger.sources import Run, list_runs
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

AT = datetime(2026, 4, 10, 12, tzinfo=UTC)


def quiet(what: str, done: int, total: int | None = None) -> None:
    """Hear of progress and say nothing."""


@pytest.fixture
def api() -> Iterator[SamGovApi]:
    """An API that holds 2,500 notices of 8 April."""
    with running_api(SamGovApi([v2_record(n) for n in range(2_500)])) as served:
        yield served


@pytest.fixture
def site() -> Iterator[FakeSite]:
    """A daily file of three of them."""
    with running_site(FakeSite(csv_bytes([csv_row(n) for n in range(3)]))) as served:
        yield served


@pytest.fixture
def fresh(home: Settings, api: SamGovApi, site: FakeSite, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The home with empty landing and lake, whose SAM.gov is here, and a key."""
    shutil.rmtree(home.landing)
    home.landing.mkdir()
    for note in home.run.glob("landed-*.json"):
        note.unlink()
    lake = open_lake()
    for table in ("core.notice_versions", "core.notice_sightings", "core.landings", "core.quarantine"):
        lake.write(lambda cursor, table=table: cursor.execute(f"delete from {table}"))
    with open_ledger("procura_pipeline").housekeeping() as tx:
        tx.execute("update discovery_runs set started_at = started_at - interval '1 year', status = 'success'")
        tx.execute("update source_budgets set spent = 0, faults = 0, closed_until = null, closed_because = ''")
    changes = {
        "offline": False,
        "sam_gov_bulk_url": site.url,
        "sam_gov_api_url": api.url,
        "sam_gov_api_key": SecretStr(api.key),
    }
    changed = home.model_copy(update=changes)
    monkeypatch.setattr(settings_module, "current", lambda: changed)
    monkeypatch.setattr("warehouse.ledger.credentials.current", lambda: changed)
    return changed


@pytest.fixture
def lake(fresh: Settings) -> Lake:
    return open_lake()


def land(settings: Settings, at: datetime = AT, **changes: Any) -> Landed:
    return land_source("sam_gov", settings, progress=quiet, at=at, **changes)


def read(settings: Settings) -> Reading:
    return read_landings(settings, progress=quiet)


def notices(lake: Lake) -> int:
    row = lake.cursor().execute("select count(distinct notice_id) from core.notice_versions").fetchone()
    return int(row[0]) if row else 0


def last_run() -> Run:
    with open_ledger().read() as tx:
        return list_runs(tx, limit=1)[0]


def offsets(api: SamGovApi) -> list[str]:
    return [params["offset"] for params in api.asked]


@pytest.mark.parametrize(("counts_by", "asked"), [("pages", ["0", "1", "2"]), ("records", ["0", "1", "1001", "2001"])])
def test_every_notice_comes_once_however_the_api_counts(
    fresh: Settings, lake: Lake, api: SamGovApi, counts_by: str, asked: list[str]
) -> None:
    api.counts_by = counts_by
    landed = land(fresh)
    assert offsets(api) == asked
    assert api.asked[0] | {"postedFrom": "04/08/2026", "postedTo": "04/10/2026", "limit": "1000"} == api.asked[0]
    assert (landed.outcome, landed.requests_spent) == (RunOutcome.CAME, len(asked))
    read(fresh)
    assert notices(lake) == 2_500
    assert (last_run().outcome, last_run().requests_spent) == ("came", len(asked))


def test_the_key_stands_nowhere(fresh: Settings, api: SamGovApi) -> None:
    land(fresh)
    for entry in Landing(fresh.landing).entries():
        assert api.key not in entry.origin
    for path in fresh.landing.rglob("*"):
        assert not path.is_file() or api.key.encode() not in path.read_bytes()


def test_later_on_the_same_day_only_that_day_is_asked_about_and_the_next_day_two_more(
    fresh: Settings, api: SamGovApi
) -> None:
    land(fresh)
    api.asked.clear()
    land(fresh, AT + timedelta(hours=3))
    assert [(params["postedFrom"], params["postedTo"]) for params in api.asked] == [("04/10/2026", "04/10/2026")]
    api.asked.clear()
    land(fresh, AT + timedelta(days=1))
    assert (api.asked[0]["postedFrom"], api.asked[0]["postedTo"]) == ("04/08/2026", "04/11/2026")


def test_years_back_are_asked_for_in_stretches_that_the_api_takes(fresh: Settings, api: SamGovApi) -> None:
    api.records = [v2_record(n, postedDate=day) for n, day in enumerate(("2024-02-29", "2025-02-28", "2026-04-09"))]
    landed = land(fresh, since=datetime(2024, 2, 29, 12, tzinfo=UTC))
    assert [(params["postedFrom"], params["postedTo"]) for params in api.asked] == [
        ("02/29/2024", "02/27/2025"), ("02/28/2025", "02/27/2026"), ("02/28/2026", "04/10/2026"),
    ]  # fmt: skip
    assert landed.files == 4, "the daily file and three answers"


def test_requests_used_up_in_the_middle_are_no_failure_and_the_next_day_goes_on_behind(
    fresh: Settings, lake: Lake, api: SamGovApi
) -> None:
    api.allowed = 2
    landed = land(fresh)
    assert (landed.outcome, landed.files) == (RunOutcome.QUOTA, 3)
    assert "until 2026-04-11 00:00 UTC" in landed.reason
    read(fresh)
    assert notices(lake) == 2_000
    assert (last_run().status, last_run().outcome) == ("success", "quota")
    assert Window(fresh.landing, "sam_gov").known is None, "not all of it is known"
    api.asked.clear()
    api.allowed = None
    assert land(fresh, AT + timedelta(hours=1)).outcome is RunOutcome.QUOTA
    assert api.asked == [], "until then it is not asked"
    land(fresh, AT + timedelta(hours=12, minutes=1))
    assert offsets(api) == ["2"], "pages that have come are not asked for again"
    read(fresh)
    assert notices(lake) == 2_500


@pytest.mark.parametrize("nests", [False, True])
def test_both_forms_of_its_refusal_are_read(fresh: Settings, api: SamGovApi, nests: bool) -> None:
    api.allowed, api.nests = 0, nests
    assert "2026-04-11 00:00 UTC" in land(fresh).reason


def test_our_own_count_stops_before_the_source_does(fresh: Settings, api: SamGovApi) -> None:
    landed = land(fresh.model_copy(update={"sam_gov_requests_a_day": 2}))
    assert (landed.outcome, len(api.asked)) == (RunOutcome.QUOTA, 2)
    assert "all 2 requests" in landed.reason


def test_a_refused_key_is_told_and_the_daily_file_is_read_nevertheless(
    fresh: Settings, lake: Lake, api: SamGovApi
) -> None:
    api.key = "another"
    landed = land(fresh)
    assert landed.outcome is RunOutcome.KEY_REFUSED
    assert "refuses the key" in landed.reason
    read(fresh)
    assert notices(lake) == 3
    with open_ledger().read() as tx:
        row = tx.row("select status::text as status, status_reason from connectors where name = 'sam_gov'")
    assert row is not None
    assert row["status"] == "warning"
    assert "SAM-key-of-tests" not in str(row)


def test_a_broken_api_is_asked_three_times_then_left_alone_and_asked_again(fresh: Settings, api: SamGovApi) -> None:
    api.moods = [503] * 9
    for run in range(3):
        landed = land(fresh, AT + timedelta(minutes=run))
        assert (landed.outcome, landed.requests_spent) == (RunOutcome.BROKEN, 3)
    landed = land(fresh.model_copy(update={"sam_gov_requests_a_day": 50}), AT + timedelta(minutes=4))
    assert (landed.outcome, landed.requests_spent, len(api.asked)) == (RunOutcome.BROKEN, 0, 9)
    assert "left alone until" in landed.reason
    landed = land(fresh.model_copy(update={"sam_gov_requests_a_day": 50}), AT + timedelta(minutes=9))
    assert (landed.outcome, landed.files) == (RunOutcome.CAME, 3)
    with open_ledger().read() as tx:
        budget = budget_of(tx, "sam_gov")
    assert budget is not None
    assert (budget.faults, budget.closed_until) == (0, None)


@pytest.mark.parametrize(
    "mood",
    [
        b"",
        b"<html>please wait</html>",
        b'{"totalRecords": 1',
        {"unexpected": []},
        {"opportunitiesData": {"a": 1}},
        b"[]",
    ],
)
def test_another_answer_than_its_own_is_no_quiet_day(
    fresh: Settings, api: SamGovApi, mood: bytes | dict[str, Any]
) -> None:
    api.moods = [mood] * 3
    landed = land(fresh)
    assert landed.outcome is RunOutcome.BROKEN
    assert landed.files == 1, "the daily file"
    assert Window(fresh.landing, "sam_gov").known is None
    api.moods.clear()
    assert land(fresh, AT + timedelta(minutes=1)).outcome is RunOutcome.CAME, "what was no page is asked for again"


def test_no_notice_at_all_is_a_quiet_day(fresh: Settings, api: SamGovApi, site: FakeSite) -> None:
    land(fresh)
    api.records = []
    landed = land(fresh, AT + timedelta(days=1))
    assert landed.outcome is RunOutcome.NO_NEWS
    known = Window(fresh.landing, "sam_gov").known
    assert known is not None
    assert known.last == (AT + timedelta(days=1)).date()


def test_an_api_that_repeats_itself_is_told_of(fresh: Settings, api: SamGovApi) -> None:
    page = {"totalRecords": 5_000, "opportunitiesData": [v2_record(n) for n in range(1_000)]}
    api.moods = [page] * 8
    landed = land(fresh)
    assert landed.outcome is RunOutcome.BROKEN
    assert "repeats itself" in landed.reason
    assert len(api.asked) <= 3


def test_without_a_key_the_daily_file_is_enough(fresh: Settings, api: SamGovApi) -> None:
    landed = land(fresh.model_copy(update={"sam_gov_api_key": None}))
    assert landed.files >= 1
    assert api.asked == [] or landed.outcome is RunOutcome.CAME


def test_the_api_alone_is_enough_when_the_daily_file_fails(fresh: Settings, lake: Lake, site: FakeSite) -> None:
    site.statuses = [404]
    landed = land(fresh)
    assert (landed.outcome, landed.files) == (RunOutcome.BROKEN, 3)
    assert "HTTP 404" in landed.reason
    read(fresh)
    assert (notices(lake), last_run().status) == (2_500, "success")


def test_an_answer_without_texts_does_not_take_them_from_a_notice(fresh: Settings, lake: Lake, api: SamGovApi) -> None:
    api.records = [v2_record(n) for n in range(3)]
    land(fresh)
    read(fresh)
    texts = (
        lake.cursor()
        .execute("select description_text from core.notices where is_current order by notice_id")
        .fetchall()
    )
    assert len(texts) == 3
    assert all("Inspect and overhaul" in (text or "") for (text,) in texts)
