"""Grants.gov: the extract once, what is open from the API, Simpler's with a key; one notice an opportunity, whoever tells of it."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from pipelines.discovery import grants_search
from pipelines.discovery.connectors.grants_gov import CONNECTOR
from pipelines.discovery.discover import Landed, Reading, land_source, read_landings
from pipelines.discovery.inbox import offered_files
from pipelines.discovery.rebuild import rebuild_lake
from pipelines.discovery.retry import Retried, retry_quarantine
from pipelines.discovery.shapes import Shape, Skip
from tests.fakes.grants_gov import (
    KEY,
    GrantsGov,
    Opp,
    detail,
    detail_answer,
    extract,
    hit,
    hits_page,
    opportunity,
    running_grants_gov,
    simpler,
    simpler_page,
    xml_record,
    zipped,
)
from tests.fakes.sam_gov import json_lines, v2_record
from tests.pipelines.discovery.connectors.anew import begin_anew
from warehouse import settings as settings_module
from warehouse.domain.run_outcome import RunOutcome
from warehouse.lake.connection import open_lake
from warehouse.lake.quarantine import Fault, write_faults
from warehouse.landing import Landing
from warehouse.ledger.source_budgets import budget_of
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

AT = datetime(2026, 4, 10, 12, tzinfo=UTC)
TODAY = AT.date()
TABLES = ("landings", "quarantine", "notice_versions", "notice_sightings")


def quiet(what: str, done: int, total: int | None = None) -> None:
    """Hear of progress and say nothing."""


def packed(*opps: Opp) -> bytes:
    return zipped(extract(xml_record(opp) for opp in opps))


@pytest.fixture
def served() -> Iterator[GrantsGov]:
    """Services that hold 30 opportunities: an extract of today, their list, their details; no key is set."""
    opps = [opportunity(n) for n in range(30)]
    held = GrantsGov(
        {TODAY: packed(*opps)}, [hit(o) for o in opps], {o.id: detail(o) for o in opps}, [simpler(o) for o in opps]
    )
    with running_grants_gov(held) as served:
        yield served


@pytest.fixture
def fresh(home: Settings, served: GrantsGov, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The home with empty landing and lake, whose Grants.gov is here."""
    begin_anew(home, TABLES)
    return set_to(home, monkeypatch, offline=False, **served.addresses)


def set_to(settings: Settings, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> Settings:
    changed = settings.model_copy(update=changes)
    monkeypatch.setattr(settings_module, "current", lambda: changed)
    monkeypatch.setattr("warehouse.ledger.credentials.current", lambda: changed)
    return changed


@pytest.fixture
def keyed(fresh: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The same home with a key of Simpler.Grants.gov."""
    return set_to(fresh, monkeypatch, simpler_grants_api_key=SecretStr(KEY))


def land(settings: Settings, at: datetime = AT, **changes: Any) -> Landed:
    return land_source("grants_gov", settings, progress=quiet, at=at, **changes)


def read(settings: Settings) -> Reading:
    reading = read_landings(settings, progress=quiet)
    assert reading.landed == reading.accepted + reading.quarantined
    return reading


def drop(settings: Settings, name: str, body: bytes) -> Path:
    path = settings.inbox / "grants_gov" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(body)
    return path


def drop_and_read(settings: Settings, name: str, body: bytes, at: datetime = AT) -> Reading:
    """Read one file of the inbox and take it away again."""
    path = drop(settings, name, body)
    land(settings, at)
    reading = read(settings)
    path.unlink()
    return reading


def present(columns: str = "notice_id") -> list[tuple[Any, ...]]:
    """Return the present version of each notice."""
    query = f"select {columns} from core.notices where is_current and source = 'grants_gov' order by notice_id"
    return open_lake().cursor().execute(query).fetchall()


def versions() -> int:
    row = (
        open_lake().cursor().execute("select count(*) from core.notice_versions where source = 'grants_gov'").fetchone()
    )
    return int(row[0]) if row else 0


def test_the_extract_and_the_list_come_without_a_key_and_no_detail_is_asked_for_twice(
    fresh: Settings, served: GrantsGov
) -> None:
    landed = land(fresh)
    assert (landed.outcome, landed.files) == (RunOutcome.CAME, 2)
    assert served.asked_of("extract") == [("GrantsDBExtract20260410v2.zip", 200)]
    assert [q["startRecordNum"] for q in served.asked_of("search2")] == [0]
    assert served.asked_of("search2")[0]["oppStatuses"] == "forecasted|posted"
    assert not served.asked_of("fetchOpportunity"), "none was opened since the extract"
    assert not served.asked_of("simpler"), "there is no key"
    reading = read(fresh)
    assert (reading.landed, reading.versions, reading.quarantined) == (60, 30, 0)
    assert {row for (row,) in present("feeds")} == {"extract_xml,search2_json"}
    assert land(fresh, AT + timedelta(hours=1)).outcome is RunOutcome.NO_NEWS
    assert served.asked_of("extract")[1:] == [("GrantsDBExtract20260410v2.zip", 304)], "it is the one we have"
    assert not served.asked_of("fetchOpportunity")
    again = read(fresh)
    assert (again.versions, again.unchanged, versions()) == (0, again.landed, 30)


def test_an_extract_that_is_not_there_yet_is_looked_for_a_week_back(fresh: Settings, served: GrantsGov) -> None:
    served.extracts = {TODAY - timedelta(days=7): packed(opportunity(1))}
    land(fresh)
    assert [status for _, status in served.asked_of("extract")] == [404] * 7 + [200]
    served.asked.clear()
    land(fresh, AT + timedelta(days=1))
    assert [name for name, _ in served.asked_of("extract")][-1] == "GrantsDBExtract20260404v2.zip", (
        "no older one than ours"
    )
    served.extracts = {TODAY + timedelta(days=2): packed(opportunity(1), opportunity(2))}
    assert land(fresh, AT + timedelta(days=2)).new_files == 1
    served.extracts = {}
    served.asked.clear()
    landed = land(fresh, AT + timedelta(days=30))
    assert len(served.asked_of("extract")) == 8
    assert "no extract of 2026-05-03 to 2026-05-10" in landed.reason
    assert landed.outcome is RunOutcome.BROKEN, "told beside the list, which came"


def test_a_broken_download_goes_on_and_a_page_instead_of_the_extract_is_refused(
    fresh: Settings, served: GrantsGov
) -> None:
    served.break_after = 500
    land(fresh)
    assert read(fresh).versions == 30
    served.extracts = {TODAY + timedelta(days=1): b"<html>We are down for maintenance</html>"}
    landed = land(fresh, AT + timedelta(days=1))
    assert "something else than its extract" in landed.reason
    served.extracts = {TODAY + timedelta(days=1): packed(opportunity(1)).replace(b"PK\x03\x04", b"PK\x03\x05", 1)}
    assert "something else than its extract" in land(fresh, AT + timedelta(days=1)).reason
    served.extracts = {TODAY + timedelta(days=1): packed(opportunity(77))}
    assert land(fresh, AT + timedelta(days=1)).new_files >= 1, "what did not land is offered again"


def test_a_cut_extract_gives_what_came_and_a_fault(fresh: Settings, served: GrantsGov) -> None:
    whole = packed(*(opportunity(n, description=f"{n} " * 500) for n in range(40)))
    served.extracts, served.listed = {TODAY: whole[: len(whole) // 2]}, []
    land(fresh)
    reading = read(fresh)
    assert reading.quarantined == 1
    assert 3 < reading.accepted < 40


def test_what_is_new_since_the_extract_gets_its_details_within_the_budget(
    fresh: Settings, served: GrantsGov, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grants_search, "DETAILS_A_RUN", 3)
    new = [opportunity(100 + n, opened=TODAY - timedelta(days=n), updated=TODAY) for n in range(5)]
    late = opportunity(200, opened=date(2026, 3, 1))
    served.listed = [*served.listed, *(hit(o) for o in [*new, late])]
    served.details = {o.id: detail(o) for o in [*new, late]}
    land(fresh)
    read(fresh)
    assert [q["opportunityId"] for q in served.asked_of("fetchOpportunity")] == [350_100, 350_101], (
        "opened since the extract"
    )
    assert len(present()) == 36
    land(fresh, AT + timedelta(hours=1))
    read(fresh)
    asked = [q["opportunityId"] for q in served.asked_of("fetchOpportunity")][2:]
    assert asked == [350_102, 350_103, 350_104], "the extract is read, and they are not in it; three a run"
    land(fresh, AT + timedelta(hours=2))
    read(fresh)
    land(fresh, AT + timedelta(hours=3))
    assert [q["opportunityId"] for q in served.asked_of("fetchOpportunity")][5:] == [350_200]
    assert all(text for (text,) in present("description_text"))


def test_what_the_list_says_otherwise_is_asked_about_and_becomes_a_version(fresh: Settings, served: GrantsGov) -> None:
    land(fresh)
    read(fresh)
    moved = opportunity(7, closes=date(2026, 7, 1), updated=TODAY, description="Now with a new date.")
    served.listed = [
        hit(moved if record["id"] == str(moved.id) else opportunity(int(record["id"]) - 350_000))
        for record in served.listed
    ]
    served.details[moved.id] = detail(moved)
    land(fresh, AT + timedelta(hours=1))
    assert [q["opportunityId"] for q in served.asked_of("fetchOpportunity")] == [moved.id]
    assert read(fresh).versions == 2, "the list's word, then the whole"
    [row] = [row for row in present("notice_id, response_deadline_raw, description_text") if row[0] == str(moved.id)]
    assert row[1:] == ("2026-07-01", "Now with a new date.")
    # The extract of the night before that change, which is yesterday's word, takes nothing back.
    served.extracts = {TODAY + timedelta(days=1): packed(*(opportunity(n) for n in range(30)))}
    land(fresh, AT + timedelta(days=1))
    read(fresh)
    assert row in present("notice_id, response_deadline_raw, description_text")


def test_a_service_that_gives_fewer_rows_than_asked_for_loses_none(fresh: Settings, served: GrantsGov) -> None:
    served.most_rows, served.extracts, served.details = 7, {}, {}
    land(fresh)
    assert [q["startRecordNum"] for q in served.asked_of("search2")] == [0, 7, 14, 21, 28]
    read(fresh)
    assert len(present()) == 30


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            b'{"errorcode": 17, "msg": "Search is down", "token": "t", "data": {}}',
            "failed: Search is down (errorcode 17)",
        ),
        (b'{"errorcode": 0, "msg": "", "data": {"hitCount": 1, "hits": []}}', "oppHits is no list"),
        (b'{"errorcode": 0, "msg": "", "data": []}', "data is no object"),
        (b"<html>maintenance</html>", "something else than its answer"),
        (500, "HTTP 500"),
    ],
)
def test_a_list_that_fails_is_told_beside_the_extract_that_came(
    fresh: Settings, served: GrantsGov, answer: int | bytes, words: str
) -> None:
    served.moods["search2"] = [answer] * 3
    landed = land(fresh)
    assert (landed.outcome, landed.files) == (RunOutcome.BROKEN, 1)
    assert words in landed.reason
    assert read(fresh).versions == 30
    served.moods.clear()
    assert land(fresh, AT + timedelta(minutes=1)).files >= 1, "and asked again"


def test_a_detail_that_is_refused_leaves_the_others(fresh: Settings, served: GrantsGov) -> None:
    new = [opportunity(100 + n, opened=TODAY) for n in range(3)]
    served.listed = [*served.listed, *(hit(o) for o in new)]
    served.details = {new[0].id: detail(new[0]), new[2].id: detail(new[2])}
    landed = land(fresh)
    assert (landed.outcome, landed.files) == (RunOutcome.BROKEN, 4)
    assert "Opportunity is not found" in landed.reason
    assert read(fresh).quarantined == 0
    assert len(present()) == 33


def test_too_many_requests_are_waited_for_or_put_off(fresh: Settings, served: GrantsGov) -> None:
    served.moods["search2"] = [(429, {"Retry-After": "1"})]
    assert land(fresh).outcome is RunOutcome.CAME
    served.moods["search2"] = [(429, {"Retry-After": "7200"})]
    landed = land(fresh, AT + timedelta(hours=1))
    assert landed.outcome is RunOutcome.QUOTA
    assert "until 2026-04-10 15:00 UTC" in landed.reason
    asked = len(served.asked_of("search2"))
    land(fresh, AT + timedelta(hours=2))
    assert len(served.asked_of("search2")) == asked, "it is left alone until then"


def test_a_key_brings_the_same_opportunities_from_simpler(keyed: Settings, served: GrantsGov) -> None:
    served.most_rows = 1_000
    own = simpler(opportunity(99)) | {"legacy_opportunity_id": None}
    served.opportunities = [*served.opportunities, own, simpler(opportunity(98, status="closed"))]
    landed = land(keyed)
    assert (landed.outcome, landed.files) == (RunOutcome.CAME, 3)
    [question] = served.asked_of("simpler")
    assert question["filters"] == {"opportunity_status": {"one_of": ["forecasted", "posted"]}}
    assert question["pagination"]["page_offset"] == 1
    reading = read(keyed)
    assert (reading.quarantined, len(present())) == (0, 31)
    assert {feeds for (feeds,) in present("feeds")} == {"extract_xml,search2_json,simpler_json", "simpler_json"}
    assert versions() == 31, "one version each: they say the same"
    with open_ledger("procura_pipeline").read() as tx:
        budget = budget_of(tx, "simpler_grants")
    assert budget is not None
    assert (budget.spent, budget.allowed, budget.period_seconds) == (1, 60, 60)
    for path in keyed.landing.rglob("*.json"):
        assert KEY not in path.read_text()


def test_a_refused_key_is_told_and_the_rest_comes(
    keyed: Settings, served: GrantsGov, monkeypatch: pytest.MonkeyPatch
) -> None:
    landed = land(set_to(keyed, monkeypatch, simpler_grants_api_key=SecretStr("another")))
    assert (landed.outcome, landed.files) == (RunOutcome.KEY_REFUSED, 2)
    assert "another" not in landed.reason
    assert read(keyed).versions == 30


def test_nothing_at_all_is_a_failure_of_the_source(fresh: Settings, served: GrantsGov) -> None:
    served.extracts, served.moods["search2"] = {}, [503] * 3
    landed = land(fresh)
    assert (landed.outcome, landed.files) == (RunOutcome.BROKEN, 0)


def every_form(opp: Opp) -> dict[str, bytes]:
    one_a_line = json.dumps
    return {
        "extract.xml": extract([xml_record(opp)]), "extract.zip": packed(opp), "hits.json": hits_page([hit(opp)]),
        "hits.jsonl": one_a_line(hit(opp)).encode(), "detail.json": detail_answer(detail(opp)),
        "detail.jsonl": one_a_line(detail(opp)).encode(), "simpler.json": simpler_page([simpler(opp)]),
        "simpler.jsonl": one_a_line(simpler(opp)).encode(),
    }  # fmt: skip


def test_files_of_the_inbox_are_any_of_them_and_one_opportunity_is_one_notice(
    fresh: Settings, served: GrantsGov
) -> None:
    for name, body in every_form(opportunity(1)).items():
        drop(fresh, name, body)
    drop(fresh, "sam.jsonl", json_lines([v2_record(1)]))
    drop(fresh, "page.html", b"<html><body>grants</body></html>")
    offered = {one.path.name: one.shape for one in offered_files(fresh.inbox, CONNECTOR)}
    assert {name for name, shape in offered.items() if isinstance(shape, Skip)} == {"sam.jsonl", "page.html"}
    landed = land(fresh)
    assert (landed.files, len(landed.skipped_files)) == (8, 2)
    assert not served.asked, "files of the inbox are read instead of asking"
    reading = read(fresh)
    assert (reading.landed, reading.accepted, reading.quarantined) == (8, 8, 0)
    [row] = present("notice_id, feeds, title, description_text")
    assert row[:2] == ("350001", "detail_json,extract_xml,search2_json,simpler_json")
    assert row[3]
    before = versions()
    again = rebuild_lake(fresh, quiet)
    assert (again.landed, versions(), present("notice_id, feeds, title, description_text")) == (8, before, [row])


def test_a_poorer_record_erases_nothing_and_an_older_one_overrides_nothing(fresh: Settings) -> None:
    now = opportunity(1, description="The newer text.", closes=date(2026, 6, 30), updated=date(2026, 4, 9))
    older = opportunity(1, title="The older title", closes=date(2026, 6, 4), updated=date(2026, 4, 1))
    drop_and_read(fresh, "a.zip", packed(now))
    drop_and_read(fresh, "b.json", hits_page([hit(now)]))
    columns = "title, description_text, response_deadline_raw, modified_on, eligibility_codes"
    expected = (now.title, "The newer text.", "2026-06-30", date(2026, 4, 9), ["06", "22", "23"])
    assert present(columns) == [expected]
    for name, body in every_form(older).items():
        if not name.startswith("hits"):  # the list tells no day of a change
            drop_and_read(fresh, name, body)
            assert present(columns) == [expected], name
    assert versions() == 2, "the address of an attachment, which only details name, filled a hole"
    # What the newer one does not state, an older one may.
    bare = opportunity(2, updated=date(2026, 4, 9))
    drop_and_read(fresh, "c.xml", extract([xml_record(bare, EligibleApplicants=None)]))
    drop_and_read(fresh, "d.json", detail_answer(detail(replace(bare, title="Older", updated=date(2026, 4, 1)))))
    assert present("title, eligibility_codes")[1] == (bare.title, ["06", "22", "23"])


def test_a_change_is_a_version_and_a_closing_date_can_be_taken_away(fresh: Settings) -> None:
    drop_and_read(fresh, "a.zip", packed(opportunity(1)))
    drop_and_read(fresh, "b.json", detail_answer(detail(opportunity(1))))
    assert drop_and_read(fresh, "c.json", hits_page([hit(opportunity(1))])).versions == 0
    assert versions() == 2, "the extract's, and with the attachment that only details name"
    rolling = opportunity(1, closes=None, updated=date(2026, 4, 8))
    assert drop_and_read(fresh, "d.zip", packed(rolling)).versions == 1
    assert present("response_deadline_raw, response_deadline_at") == [(None, None)]
    assert drop_and_read(fresh, "e.json", detail_answer(detail(opportunity(1)))).versions == 0, "that was before"
    assert present("response_deadline_raw") == [(None,)]


def test_a_forecast_becomes_the_grant_with_its_own_dates(fresh: Settings) -> None:
    drop_and_read(fresh, "a.zip", packed(opportunity(1, status="forecasted", updated=date(2026, 3, 1))))
    assert present("notice_type, response_deadline_at") == [("Grant Forecast", None)]
    drop_and_read(fresh, "b.zip", packed(opportunity(1)))
    assert present("notice_type, response_deadline_raw") == [("Grant", "2026-06-04")]
    assert len(open_lake().cursor().execute("select distinct opportunity_id from core.notice_versions").fetchall()) == 1


def test_what_could_not_be_read_comes_out_of_quarantine_by_the_usual_command(fresh: Settings) -> None:
    """A record that an earlier reader refused and this one reads."""
    drop(fresh, "a.xml", extract([xml_record(opportunity(1))]))
    land(fresh)
    read(fresh)
    [entry] = Landing(fresh.landing).entries("grants_gov")
    raw = xml_record(opportunity(2)).encode()
    open_lake().write(lambda cursor: write_faults(cursor, entry, [Fault(2, 40, "unknown to that reader", raw)]))
    assert retry_quarantine(fresh, "grants_gov", at=AT, progress=quiet) == Retried(1, 1)
    assert len(present()) == 2


def test_the_shape_of_each_form_names_its_feed(fresh: Settings) -> None:
    found = {name: CONNECTOR.detect(io.BytesIO(body)) for name, body in every_form(opportunity(1)).items()}
    assert {name: shape.feed for name, shape in found.items() if isinstance(shape, Shape)} == {
        "extract.xml": "extract_xml", "extract.zip": "extract_xml", "hits.json": "search2_json", "hits.jsonl": "search2_json",
        "detail.json": "detail_json", "detail.jsonl": "detail_json", "simpler.json": "simpler_json",
        "simpler.jsonl": "simpler_json",
    }  # fmt: skip
    for odd in (
        b"",
        b"{",
        b"[]",
        b'{"errorcode": 1, "msg": "no", "data": {}}',
        b"PK\x03\x04",
        b"%PDF-1.7",
        b"id,title\n1,2\n",
    ):
        assert isinstance(CONNECTOR.detect(io.BytesIO(odd)), Skip), odd
