"""USAspending's API: every award once, asked about the firm's own industries, and its troubles told apart."""

import gzip
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.discovery.connectors import usaspending
from pipelines.discovery.discover import Landed, land_source, read_landings
from pipelines.discovery.inbox import offered_files
from pipelines.discovery.rebuild import rebuild_lake
from pipelines.discovery.retry import Retried, retry_quarantine
from pipelines.discovery.shapes import Form, Shape, Skip
from pipelines.discovery.windows import Window
from pipelines.qualification.profiles import ensure_company
from tests.fakes.sam_gov import v2_record
from tests.fakes.usaspending import Usaspending, award_record, envelope, running_usaspending
from tests.pipelines.discovery.connectors.anew import begin_anew
from warehouse import settings as settings_module
from warehouse.domain.run_outcome import RunOutcome
from warehouse.lake.connection import open_lake
from warehouse.lake.landings import Counts, add_counts, landing_states
from warehouse.lake.quarantine import Fault, write_faults
from warehouse.landing import Landing
from warehouse.ledger.company_profiles import declared_naics
from warehouse.ledger.store import open_ledger
from warehouse.settings import ROOT, Settings

pytestmark = pytest.mark.thorough

AT = datetime(2026, 4, 10, 12, tzinfo=UTC)
CONNECTOR = usaspending.CONNECTOR
TABLES = ("awards", "landings", "quarantine", "notice_versions", "notice_sightings")


def quiet(what: str, done: int, total: int | None = None) -> None:
    """Hear of progress and say nothing."""


@pytest.fixture
def api() -> Iterator[Usaspending]:
    """An API that holds 250 awards changed on 8 April."""
    with running_usaspending(Usaspending([award_record(n) for n in range(250)])) as served:
        yield served


@pytest.fixture
def fresh(home: Settings, api: Usaspending, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The home with empty landing and lake, whose USAspending is here, and a firm of NAICS 541512."""
    begin_anew(home, TABLES)
    ensure_company(open_ledger("procura_pipeline"))
    monkeypatch.setattr(usaspending, "declared_naics", lambda tx: ("541512",))
    changed = home.model_copy(update={"offline": False, "usaspending_url": api.url})
    monkeypatch.setattr(settings_module, "current", lambda: changed)
    return changed


def land(settings: Settings, at: datetime = AT, **changes: Any) -> Landed:
    return land_source("usaspending", settings, progress=quiet, at=at, **changes)


def read(settings: Settings) -> Counts:
    """Read what has landed; count what of it are awards (demo notices are there too while nothing can be answered)."""
    before = counted()
    read_landings(settings, progress=quiet)
    return Counts(*(now - then for now, then in zip(astuple(counted()), astuple(before), strict=True)))


def counted() -> Counts:
    cursor = open_lake().cursor()
    states = landing_states(cursor)
    return add_counts(state for (source, _), state in states.items() if source == "usaspending")


def awards(columns: str = "award_id") -> list[tuple[Any, ...]]:
    return open_lake().cursor().execute(f"select {columns} from core.awards order by award_id").fetchall()


def days(body: dict[str, Any]) -> tuple[str, str]:
    period = body["filters"]["time_period"][0]
    return period["start_date"], period["end_date"]


def drop(settings: Settings, name: str, body: bytes) -> Path:
    path = settings.inbox / "usaspending" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(body)
    return path


def test_every_award_comes_once_and_the_question_is_about_the_firms_own_industries(
    fresh: Settings, api: Usaspending
) -> None:
    api.records = [*api.records, award_record(900, NAICS={"code": "236220", "description": "BUILDING"})]
    landed = land(fresh)
    assert landed.outcome is RunOutcome.CAME
    body = api.asked[-1]
    assert body["filters"]["award_type_codes"] == ["A", "B", "C", "D"]
    assert body["filters"]["naics_codes"] == {"require": ["541512"]}
    assert (body["limit"], body["sort"], body["order"]) == (100, "Last Modified Date", "asc")
    assert days(api.asked[0])[0] == "2024-04-10", "two years back"
    assert [body["page"] for body in api.asked if days(body)[1] == "2026-04-10"] == [1, 2, 3]
    reading = read(fresh)
    assert (reading.landed, reading.accepted, reading.versions, reading.quarantined) == (250, 250, 250, 0)
    assert len(awards()) == 250


def test_the_same_again_writes_nothing_and_a_change_replaces_its_row(fresh: Settings, api: Usaspending) -> None:
    land(fresh)
    read(fresh)
    api.asked.clear()
    api.records = [award_record(0, **{"Award Amount": -7, "Last Modified Date": "2026-04-11"}), *api.records[1:]]
    land(fresh, AT + timedelta(days=1))
    assert days(api.asked[0]) == ("2026-04-07", "2026-04-11"), "three days of overlap"
    reading = read(fresh)
    assert (reading.versions, reading.unchanged) == (1, 249)
    changed = awards("award_id, obligated_usd, first_seen_at = changed_at, changed_at")
    assert [row[1:] for row in changed if not row[2]] == [(-7, False, AT + timedelta(days=1))]
    # An older answer, dropped later, takes nothing back.
    drop(fresh, "old.json", envelope([award_record(0)]))
    land(fresh, AT + timedelta(days=2))
    assert read(fresh).versions == 0


def test_fields_are_read_from_both_ways_of_writing_them(fresh: Settings) -> None:
    plain = {
        "generated_internal_id": "CONT_AWD_12_AB_3600_-NONE-_-NONE-", "description": "A &amp; B", "award_amount": 0,
        "awarding_agency": "VETERANS AFFAIRS, DEPARTMENT OF", "recipient_name": "X INC", "start_date": "2023-10-01",
        "end_date": "2054-09-30", "set_aside": "SBA", "naics_code": "541519", "psc_code": "D302", "unheard_of": {"a": 1},
    }  # fmt: skip
    drop(fresh, "lines.jsonl.gz", gzip.compress(json.dumps(plain).encode() + b"\n"))
    drop(fresh, "answer.json", envelope([award_record(1, NAICS="541512", PSC="R425", **{"Award Amount": "12x"})]))
    land(fresh)
    read(fresh)
    first, second = open_lake().cursor().execute("from core.awards order by award_id").to_arrow_table().to_pylist()
    assert (first["piid"], first["parent_piid"], first["agency_key"]) == ("12_AB", None, "AFFAIRS VETERANS")
    assert (first["description"], first["obligated_usd"], first["set_aside_code"]) == ("A & B", 0, "SBA")
    assert (first["naics_code"], first["psc_code"], str(first["ends_on"])) == ("541519", "D302", "2054-09-30")
    assert first["url"] == "https://www.usaspending.gov/award/CONT_AWD_12_AB_3600_-NONE-_-NONE-"
    assert (second["naics_code"], second["psc_code"], second["place_state"]) == ("541512", "R425", "VA")
    assert (second["parent_piid"], second["obligated_usd"], second["flags"]) == (
        "W912DY20D0001",
        None,
        ["amount_unreadable"],
    )


def test_beyond_the_edge_the_last_record_is_named(fresh: Settings, api: Usaspending) -> None:
    api.deepest = 200
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(usaspending, "DEEPEST", 200)
        land(fresh)
    third = api.asked[-1]
    assert (third["last_record_unique_id"], third["last_record_sort_value"]) == (100_199, "2026-04-08")
    read(fresh)
    assert len(awards()) == 250


def test_an_edge_that_cannot_be_passed_is_told(fresh: Settings, api: Usaspending) -> None:
    api.deepest, api.names_last = 200, False
    landed = land(fresh)
    assert landed.outcome is RunOutcome.BROKEN
    assert "HTTP 422" in landed.reason
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(usaspending, "DEEPEST", 200)
        assert "names no last record" in land(fresh, AT + timedelta(minutes=1)).reason


def test_trouble_in_the_middle_keeps_what_came_and_the_next_run_goes_on_behind(
    fresh: Settings, api: Usaspending
) -> None:
    land(fresh, AT - timedelta(days=10))  # so that one stretch is left
    api.asked.clear()
    api.moods = [json.loads(envelope([award_record(n) for n in range(100)], hasNext=True)), *[503] * 3]
    landed = land(fresh)
    assert landed.outcome is RunOutcome.BROKEN
    assert read(fresh).accepted == 100
    api.asked.clear()
    land(fresh, AT + timedelta(minutes=1))
    assert [body["page"] for body in api.asked] == [2, 3], "the page that had come is not asked for again"
    read(fresh)
    assert len(awards()) == 250


@pytest.mark.parametrize("mood", [b"", b"<html>patience</html>", {"detail": "x"}, {"results": {"a": 1}}, b"[]"])
def test_another_answer_than_its_own_is_no_quiet_day(
    fresh: Settings, api: Usaspending, mood: bytes | dict[str, Any]
) -> None:
    api.moods = [mood] * 3
    assert land(fresh).outcome is RunOutcome.BROKEN
    assert Window(fresh.landing, "usaspending").known is None
    api.moods.clear()
    assert land(fresh, AT + timedelta(minutes=1)).outcome is RunOutcome.CAME


def test_awards_alone_leave_the_lists_to_demo_notices(fresh: Settings) -> None:
    assert land(fresh).has_demo
    read(fresh)
    sources = open_lake().cursor().execute("select distinct source from core.notice_versions").fetchall()
    assert sources == [("demo",)], "an award is never something to answer"


def test_other_industries_begin_anew_and_the_old_awards_stay(
    fresh: Settings, api: Usaspending, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(fresh)
    read(fresh)
    monkeypatch.setattr(usaspending, "declared_naics", lambda tx: ("236220",))
    api.asked.clear()
    api.records = [award_record(900, NAICS={"code": "236220", "description": "BUILDING"})]
    land(fresh, AT + timedelta(hours=1))
    assert days(api.asked[0])[0] == "2024-04-10"
    read(fresh)
    assert len(awards()) == 251


def test_a_run_ends_behind_so_many_pages_and_the_next_one_goes_on(
    fresh: Settings, api: Usaspending, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.records = [award_record(n, **{"Last Modified Date": "2024-05-01"}) for n in range(250)]
    monkeypatch.setattr(usaspending, "PAGES_A_RUN", 3)
    land(fresh)
    known = Window(fresh.landing, "usaspending").known
    assert known is not None
    assert known.last.isoformat() == "2024-05-10"
    assert len(api.asked) == 3
    land(fresh, AT + timedelta(minutes=1))
    assert Window(fresh.landing, "usaspending").known.last == AT.date()  # type: ignore[union-attr]


def test_without_any_industry_it_is_not_asked(
    fresh: Settings, api: Usaspending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usaspending, "declared_naics", lambda tx: ())
    landed = land(fresh)
    assert (landed.outcome, api.asked) == (RunOutcome.BROKEN, [])
    assert "names no NAICS code" in landed.reason


def test_the_stored_profile_says_which_industries(home: Settings) -> None:
    company = ensure_company(open_ledger("procura_pipeline"))
    with open_ledger("procura_pipeline").read() as tx:
        assert declared_naics(tx) == tuple(sorted(company.profile.naics_codes))


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        ("a.csv", b"award_id,piid\n1,2\n", "no JSON with USAspending awards"),
        ("b.json", json.dumps({"results": [{"recipient_id": "x"}]}).encode(), "no generated_internal_id"),
        ("c.json", json.dumps({"opportunitiesData": [v2_record(1)]}).encode(), "no generated_internal_id"),
        ("d.json", b'[{"generated_internal_id": "x"}]', "no key that USAspending awards have"),
        ("e.pdf", b"%PDF-1.7", "a PDF"),
        ("f.json", b"", "empty"),
    ],
)
def test_other_files_are_skipped_with_the_reason(fresh: Settings, name: str, body: bytes, reason: str) -> None:
    drop(fresh, name, body)
    (offered,) = offered_files(fresh.inbox, CONNECTOR)
    assert isinstance(offered.shape, Skip)
    assert reason in offered.shape.reason


def test_records_without_an_id_lie_in_quarantine_and_hide_no_other(fresh: Settings) -> None:
    lost = award_record(1)
    del lost["generated_internal_id"]
    whole = envelope([award_record(0), lost, award_record(2, generated_internal_id=" "), award_record(3)])
    broken = whole.replace(b'"Award ID": "W912DY26F0003"', b'"Award ID": W912DY26F0003')
    drop(fresh, "answer.json", broken.replace(b"}, {", b"},\n{"))
    land(fresh)
    reading = read(fresh)
    assert (reading.accepted, reading.quarantined) == (1, 3)
    reasons = open_lake().cursor().execute("select position, reason from core.quarantine order by position").fetchall()
    assert [position for position, _ in reasons] == [2, 3, 4]
    assert "generated_internal_id" in reasons[0][1]
    assert "damaged" in reasons[2][1]


def test_what_an_earlier_reader_could_not_read_comes_out_of_quarantine(fresh: Settings) -> None:
    drop(fresh, "answer.json", envelope([award_record(0)]))
    land(fresh)
    read(fresh)
    (entry,) = Landing(fresh.landing).entries("usaspending")
    faults = [Fault(2, 1, "an earlier reader", json.dumps(award_record(1)).encode()), Fault(3, 1, "damaged", b"{")]
    open_lake().write(lambda cursor: write_faults(cursor, entry, faults))
    assert retry_quarantine(fresh, "usaspending", at=AT, progress=quiet) == Retried(2, 1)
    assert len(awards()) == 2
    left = open_lake().cursor().execute("select position from core.quarantine where resolved_at is null").fetchall()
    assert left == [(3,)]


def test_a_rebuilt_lake_holds_the_same(fresh: Settings, api: Usaspending) -> None:
    land(fresh)
    read(fresh)
    api.records = [award_record(n, **{"Award Amount": n, "Last Modified Date": "2026-04-11"}) for n in range(40)]
    land(fresh, AT + timedelta(days=1))
    twice = [award_record(7, Description="FIRST"), award_record(7, Description="SECOND"), {"Award ID": "no id"}]
    drop(fresh, "twice.json", envelope([award_record(300), *twice]))
    land(fresh, AT + timedelta(days=2))
    read(fresh)
    held = "from core.awards order by award_id", "from core.quarantine order by quarantine_id"
    before = [open_lake().cursor().execute(statement).fetchall() for statement in held]
    assert len(before[0]) == 251
    for slice_records in (None, 50):
        rebuild_lake(fresh, quiet, slice_records=slice_records)
        assert [open_lake().cursor().execute(statement).fetchall() for statement in held] == before


@pytest.mark.shared
def test_real_records_are_read_whole(fresh: Settings, shared_data: Path) -> None:
    folder = fresh.inbox / "usaspending"
    shutil.copytree(shared_data / "usaspending", folder)
    shapes = {offered.path.name: offered.shape for offered in offered_files(fresh.inbox, CONNECTOR)}
    assert shapes["awards_with_descriptions.jsonl.gz"] == Shape(Form.LINES, keys=usaspending.AWARDS)
    assert shapes["spending_by_award_contracts.json"] == Shape(Form.ENVELOPE, keys=usaspending.AWARDS)
    assert isinstance(shapes["recipients_search.json"], Skip)
    land(fresh)
    reading = read(fresh)
    assert reading.quarantined == 0
    assert reading.accepted > 398
    odd = open_lake().cursor().execute("select distinct unnest(flags) from core.awards").fetchall()
    assert odd == [("not_a_contract",)], "answers about other kinds of awards are among them"
    lacking = "obligated_usd is null or ends_on is null or agency is null or piid is null"
    told = open_lake().cursor().execute(f"select award_id from core.awards where flags = [] and ({lacking})").fetchall()
    assert told == []


READER = """
from pipelines.discovery.discover import read_landings
from warehouse.settings import current

print("begins", flush=True)
read_landings(current(), progress=lambda *_: None, slice_records=100)
"""


def test_a_killed_reader_loses_and_doubles_nothing(fresh: Settings) -> None:
    lines = [json.dumps(award_record(n)) for n in range(6_000)]
    lines[4_000] = '{"no": "id"}'
    drop(fresh, "many.jsonl", "\n".join(lines).encode())
    land(fresh)
    for patience in (0.4, 0.9, 1.4):
        process = subprocess.Popen(
            [sys.executable, "-c", READER], stdout=subprocess.PIPE, text=True, cwd=ROOT, env=os.environ
        )
        with process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(patience)
            process.kill()
    read(fresh)
    assert len(awards()) == 5_999
    assert counted() == Counts(6_000, 5_999, 1, 0, 5_999)
    assert open_lake().cursor().execute("select count(*) from core.quarantine").fetchone() == (1,)
