"""GovCon API: asked by the best way that the key's plan has, within what it allows, and its refusals told apart."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from pipelines.discovery import polite
from pipelines.discovery.connectors import govcon
from pipelines.discovery.discover import Landed, Reading, land_source, read_landings
from pipelines.discovery.inbox import offered_files
from pipelines.discovery.shapes import Form, Shape, Skip
from pipelines.discovery.windows import Window
from pipelines.qualification.profiles import ensure_company
from tests.fakes.govcon import TRIAL, GovConApi, govcon_envelope, govcon_record, running_govcon
from tests.fakes.sam_gov import v2_record
from tests.pipelines.discovery.connectors.anew import begin_anew
from warehouse import settings as settings_module
from warehouse.domain.run_outcome import RunOutcome
from warehouse.lake.connection import open_lake
from warehouse.landing import Landing
from warehouse.ledger.source_budgets import budget_of
from warehouse.ledger.sources import list_runs
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

AT = datetime(2026, 4, 10, 12, tzinfo=UTC)
DELTA, SEARCH = "/opportunities/delta", "/opportunities/search"
TABLES = ("notice_versions", "notice_sightings", "landings", "quarantine", "filled_notices", "opportunities")


def quiet(what: str, done: int, total: int | None = None) -> None:
    """Hear of progress and say nothing."""


@pytest.fixture
def api() -> Iterator[GovConApi]:
    """An API that holds 2,500 notices of 8 April, asked with a key of the Developer plan."""
    with running_govcon(GovConApi([govcon_record(n) for n in range(2_500)])) as served:
        yield served


@pytest.fixture
def fresh(home: Settings, api: GovConApi, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The home with empty landing and lake, whose GovCon API is here, and a key."""
    begin_anew(home, TABLES)
    with open_ledger("procura_pipeline").housekeeping() as tx:
        tx.execute("update connector_credentials set failures = 0")
    ensure_company(open_ledger("procura_pipeline"))
    monkeypatch.setattr(polite, "PATIENCE", timedelta())
    changes = {"offline": False, "govcon_api_url": api.url, "govcon_api_key": SecretStr(api.key)}
    changed = home.model_copy(update=changes)
    monkeypatch.setattr(settings_module, "current", lambda: changed)
    monkeypatch.setattr("warehouse.ledger.credentials.current", lambda: changed)
    return changed


def land(settings: Settings, at: datetime = AT, **changes: Any) -> Landed:
    return land_source("govcon", settings, progress=quiet, at=at, **changes)


def read(settings: Settings) -> Reading:
    return read_landings(settings, progress=quiet)


def count(table: str = "notice_versions") -> int:
    row = open_lake().cursor().execute(f"select count(*) from core.{table} where source = 'govcon'").fetchone()
    return int(row[0]) if row else 0


def paths(api: GovConApi) -> list[str]:
    return [path for path, _ in api.asked]


def spent() -> int:
    with open_ledger().read() as tx:
        budget = budget_of(tx, "govcon")
    return budget.spent_ever if budget else 0


@pytest.mark.parametrize("delta", ["cursor", "link", "offset"])
def test_the_delta_is_followed_by_whatever_it_names_as_its_next(fresh: Settings, api: GovConApi, delta: str) -> None:
    api.delta = delta
    landed = land(fresh)
    assert paths(api) == ["/me", DELTA, DELTA, DELTA]
    assert (landed.outcome, landed.requests_spent) == (RunOutcome.CAME, 4)
    assert api.asked[1][1] == {"since": "2026-02-10T00:00:00Z", "limit": "1000"}
    assert all(params["limit"] == "1000" and "api_key" not in params for _, params in api.asked[1:])
    reading = read(fresh)
    assert (reading.landed, reading.accepted, reading.quarantined, reading.versions) == (2_500, 2_500, 0, 2_500)
    assert count() == 2_500


def test_the_same_again_writes_nothing_and_asks_only_for_what_changed_since(fresh: Settings, api: GovConApi) -> None:
    land(fresh)
    read(fresh)
    api.asked.clear()
    landed = land(fresh, AT + timedelta(hours=3))
    assert (landed.new_files, landed.outcome) == (0, RunOutcome.NO_NEWS)
    assert paths(api) == [DELTA] * 3, "the plan is known for a day"
    assert api.asked[0][1]["since"] == "2026-04-10T11:00:00Z"
    assert read(fresh).versions == 0
    assert count() == 2_500


@pytest.mark.parametrize("delta", ["absent", "paid", "stuck"])
def test_where_the_delta_does_not_do_the_search_is_asked_and_nothing_circles(
    fresh: Settings, api: GovConApi, delta: str
) -> None:
    api.delta = delta
    assert land(fresh).outcome is RunOutcome.CAME
    asked = [params for path, params in api.asked if path == SEARCH]
    assert paths(api).count(DELTA) == (2 if delta == "stuck" else 1)
    assert asked[0] == {"posted_after": "2026-02-09", "sort_by": "posted_date", "sort_order": "asc", "limit": "1000"}
    assert [params.get("offset") for params in asked] == [None, "1000", "2000"]
    read(fresh)
    assert count() == 2_500
    api.asked.clear()
    land(fresh, AT + timedelta(hours=1))
    assert set(paths(api)) == {SEARCH}, "the delta is not tried again with this plan"
    assert api.asked[0][1]["posted_after"] == "2026-04-07"


def test_the_smallest_plan_is_obeyed_and_asked_by_the_firms_own_industries(
    fresh: Settings, api: GovConApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(govcon, "declared_naics", lambda tx: ("236220", "541512"))
    api.me, api.records = TRIAL, [govcon_record(n) for n in range(120)]
    assert land(fresh).outcome is RunOutcome.CAME
    assert [(params.get("naics"), params.get("limit")) for _, params in api.asked[1:]] == [
        ("236220", "50"), ("541512", "50"), ("541512", "50"), ("541512", "50"),
    ]  # fmt: skip
    assert read(fresh).versions == 120
    api.asked.clear()
    assert land(fresh, AT + timedelta(hours=2)).outcome is RunOutcome.NO_NEWS
    assert api.asked == [], "each industry once a day: it is the same answer"


def test_no_request_more_than_the_plan_allows_and_no_page_paid_for_twice(
    fresh: Settings, api: GovConApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(govcon, "declared_naics", lambda tx: ("541512",))
    api.me = {"plan": "free_trial", "limits": {"requests_per_day": 6, "max_page_size": 50}}
    landed = land(fresh)
    assert (landed.outcome, len(api.asked), spent()) == (RunOutcome.QUOTA, 6, 6)
    assert read(fresh).versions == 5 * 50
    assert "all 6 requests" in landed.reason
    assert land(fresh, AT + timedelta(hours=6)).outcome is RunOutcome.QUOTA
    assert len(api.asked) == 6
    api.asked.clear()
    land(fresh, datetime(2026, 4, 11, 6, tzinfo=UTC))
    assert api.asked[0][1]["offset"] == "250", "it goes on behind the pages that have come"


def test_what_the_plan_lacks_is_said_and_never_asked_again_in_the_run(fresh: Settings, api: GovConApi) -> None:
    api.me = {"plan": "developer", "limits": {"requests_per_hour": 100, "max_page_size": 1_000}}
    api.delta, api.moods = "paid", [402, 402]
    landed = land(fresh)
    assert (landed.outcome, paths(api)) == (RunOutcome.KEY_REFUSED, ["/me", DELTA, SEARCH])
    assert "does not give this for what is paid (HTTP 402: trouble)" in landed.reason
    with open_ledger().read() as tx:
        outcomes = {run.outcome for run in list_runs(tx, limit=2) if run.source == "govcon"}
    assert "key_refused" in outcomes
    api.asked.clear()
    land(fresh, AT + timedelta(hours=1))
    assert paths(api)[0] == "/me", "the plan is another one than was thought"


@pytest.mark.parametrize(("expired", "words"), [(False, "refuses the key"), (True, "says that the key has expired")])
def test_a_refused_key_is_told_apart_and_said_nowhere(
    fresh: Settings, api: GovConApi, expired: bool, words: str
) -> None:
    api.expired = expired
    settings = fresh if expired else fresh.model_copy(update={"govcon_api_key": SecretStr("another-key-of-tests")})
    api.key = api.key if expired else "known-to-nobody"
    landed = land(settings)
    assert (landed.outcome, len(api.asked)) == (RunOutcome.KEY_REFUSED, 1)
    assert words in landed.reason
    assert "key-of-tests" not in landed.reason


def test_without_a_key_it_is_left_out_calmly(fresh: Settings, api: GovConApi, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = fresh.model_copy(update={"govcon_api_key": None})
    monkeypatch.setattr(settings_module, "current", lambda: bare)
    monkeypatch.setattr("warehouse.ledger.credentials.current", lambda: bare)
    landed = land(bare)
    assert (landed.outcome, api.asked) == (RunOutcome.NO_KEY, [])
    with open_ledger().read() as tx:
        runs = [run for run in list_runs(tx, limit=2) if run.source == "govcon"]
    assert (runs[0].status, runs[0].outcome) == ("success", "no_key")


@pytest.mark.parametrize("stated", ["7200", "Fri, 10 Apr 2026 14:00:00 GMT"])
def test_both_forms_of_retry_after_are_kept_to(fresh: Settings, api: GovConApi, stated: str) -> None:
    api.allowed, api.retry_after = 2, stated
    landed = land(fresh)
    assert landed.outcome is RunOutcome.QUOTA
    assert "until 2026-04-10 14:00 UTC" in landed.reason
    assert read(fresh).versions == 1_000, "the page before it"
    asked = len(api.asked)
    assert land(fresh, AT + timedelta(hours=1, minutes=59)).outcome is RunOutcome.QUOTA
    assert len(api.asked) == asked
    api.allowed = None
    assert land(fresh, AT + timedelta(hours=2, minutes=1)).outcome is RunOutcome.CAME
    assert api.asked[asked][1]["cursor"] == "1000"


def test_the_last_request_that_it_has_left_is_the_last_one_asked(fresh: Settings, api: GovConApi) -> None:
    api.remaining = [2, 1, 0]
    landed = land(fresh)
    assert (landed.outcome, len(api.asked)) == (RunOutcome.QUOTA, 3)
    assert land(fresh, AT + timedelta(minutes=59)).outcome is RunOutcome.QUOTA
    assert len(api.asked) == 3
    assert land(fresh, AT + timedelta(minutes=61)).outcome is RunOutcome.CAME


def test_troubles_are_repeated_and_counted_and_then_told(
    fresh: Settings, api: GovConApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polite.Counted, "wait_seconds", 0.01)
    api.moods = [503, b"<html>Wait</html>"]
    assert land(fresh).outcome is RunOutcome.CAME
    assert spent() == len(api.asked) == 6
    api.moods = [503, 503, 503]
    assert land(fresh, AT + timedelta(hours=1)).outcome is RunOutcome.BROKEN


def test_another_shape_is_told_and_its_page_asked_for_again(fresh: Settings, api: GovConApi) -> None:
    api.delta = "absent"
    api.moods = [404, json.dumps({"data": {"items": []}}).encode()]
    assert land(fresh).outcome is RunOutcome.BROKEN
    assert Window(fresh.landing, "govcon").page(0) is None
    assert land(fresh, AT + timedelta(hours=1)).outcome is RunOutcome.CAME


def test_only_the_id_and_the_title_are_needed_and_everything_is_accounted_for(fresh: Settings, api: GovConApi) -> None:
    bare = {"notice_id": "a" * 32, "title": "Bare"}
    api.records = [
        bare,
        {"notice_id": "b" * 32},
        {"title": "No id"},
        {**govcon_record(1), "naics": "541512", "psc": "DA01", "award_amount": 5000000.5},
        {**govcon_record(2), "naics": None, "contact_name": ["odd"], "title": {"en": "odd"}},
        7,
    ]
    land(fresh)
    reading = read(fresh)
    assert reading.landed == reading.accepted + reading.quarantined == 6
    assert reading.accepted == 3
    cursor = open_lake().cursor()
    reasons = {row[0] for row in cursor.execute("select reason from core.quarantine").fetchall()}
    assert reasons == {"the notice id or the title is missing or empty", "it is JSON, but no record"}
    found = cursor.execute(
        "select naics_code, psc_code, award_ceiling_usd, is_active_raw, posted_precision from core.notice_versions where notice_id = ?",
        [f"{1:032x}"],
    ).fetchone()
    assert found is not None
    assert (*found[:2], float(found[2]), *found[3:]) == ("541512", "DA01", 5000000.5, None, "date")


def test_no_record_however_odd_stops_the_reading(fresh: Settings, api: GovConApi) -> None:
    chance = random.Random(4711)
    odd = [
        None,
        "",
        0,
        -1,
        1e300,
        True,
        [],
        {},
        ["x", None],
        {"a": []},
        "\x00",
        "9999-99-99",
        "\ud800",
        "ü" * 5_000,
        [[]],
    ]
    for _ in range(5):
        api.records = [
            {key: chance.choice(odd) if chance.random() < 0.4 else value for key, value in govcon_record(n).items()}
            for n in range(100)
        ]
        (fresh.landing / "govcon/.known.json").unlink(missing_ok=True)
        land(fresh)
        reading = read(fresh)
        assert reading.landed == reading.accepted + reading.quarantined == 100


def test_a_record_that_lacks_keys_erases_nothing(fresh: Settings, api: GovConApi) -> None:
    api.records = [govcon_record(1)]
    land(fresh)
    read(fresh)
    api.records = [{"notice_id": f"{1:032x}", "title": "Renamed"}]
    land(fresh, AT + timedelta(hours=1))
    read(fresh)
    cursor = open_lake().cursor()
    shown = cursor.execute(
        "select title, naics_code from core.notices where is_current and source = 'govcon'"
    ).fetchall()
    assert shown == [("Renamed", "541512")]
    assert count() == 2, "the older version stays as it was"


def test_the_key_stands_nowhere(fresh: Settings, api: GovConApi, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        land(fresh)
    assert api.key not in caplog.text
    for entry in Landing(fresh.landing).entries():
        assert api.key not in entry.origin
        assert "cursor" not in entry.origin
    for path in fresh.landing.rglob("*"):
        assert not path.is_file() or api.key.encode() not in path.read_bytes()
    assert b"somebody@firm.example" not in (fresh.landing / "govcon/.plan.json").read_bytes()


def test_files_of_the_inbox_are_told_by_their_content(fresh: Settings) -> None:
    folder = fresh.inbox / "govcon"
    folder.mkdir()
    offered = {
        "answer.json": govcon_envelope([govcon_record(1)]),
        "lines.txt": b"\n".join(json.dumps(govcon_record(n)).encode() for n in range(3)),
        "sam.json": json.dumps({"opportunitiesData": [v2_record(1)]}).encode(),
    }
    for name, body in offered.items():
        (folder / name).write_bytes(body)
    found = {Path(one.name).name: one.shape for one in offered_files(fresh.inbox, govcon.CONNECTOR, None)}
    assert {name: shape.form for name, shape in found.items() if isinstance(shape, Shape)} == {
        "answer.json": Form.ENVELOPE,
        "lines.txt": Form.LINES,
    }
    assert isinstance(found["sam.json"], Skip)
    assert land(fresh).new_files == 2
    assert read(fresh).versions == 3
