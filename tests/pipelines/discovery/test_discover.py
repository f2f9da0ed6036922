"""From the inbox, the network or demo notices into the lake: everything counted, nothing lost, nothing read twice."""

import gzip
import io
import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.discovery.discover import NO_NEWS, Landed, Reading, is_reading_left, land_source, read_landings
from pipelines.discovery.rebuild import rebuild_lake
from pipelines.discovery.retry import retry_quarantine
from tests.fakes.sam_gov import FakeSite, csv_bytes, csv_row, envelope, json_lines, running_site, sam_id, v2_record
from warehouse.errors import BadInput
from warehouse.lake.connection import Lake, open_lake
from warehouse.lake.quarantine import Fault, list_quarantine, write_faults
from warehouse.landing import Landing
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

AT = datetime(2026, 4, 10, 12, tzinfo=UTC)
TABLES = {
    "core.notice_versions": "* exclude (flags, naics_codes, attachment_urls), (flags, naics_codes, attachment_urls)::varchar",
    "core.notice_sightings": "*",
    "core.landings": "*",
    "core.quarantine": "*",
}


def quiet(what: str, done: int, total: int | None = None) -> None:
    """Hear of progress and say nothing."""


@pytest.fixture
def fresh(home: Settings) -> Settings:
    """The home with empty landing, inbox and lake; the stores keep running."""
    for folder in (home.landing, home.inbox):
        shutil.rmtree(folder)
        folder.mkdir()
    for note in home.run.glob("landed-*.json"):
        note.unlink()
    lake = open_lake()
    lake.write(lambda cursor: [cursor.execute(f"delete from {table}") for table in TABLES])
    with open_ledger("procura_pipeline").housekeeping() as tx:
        tx.execute("update discovery_runs set started_at = started_at - interval '1 year', status = 'success'")
        tx.execute("update connectors set status = 'active', status_reason = null, last_success_at = null")
    return home


@pytest.fixture
def lake(fresh: Settings) -> Lake:
    """The empty lake."""
    return open_lake()


def drop(settings: Settings, name: str, body: bytes, folder: str = "sam_gov") -> Path:
    """Put a file into the inbox."""
    path = settings.inbox / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return path


def land(settings: Settings, at: datetime = AT, **changes: Any) -> Landed:
    """Land SAM.gov."""
    return land_source("sam_gov", settings, progress=quiet, at=at, **changes)


def run(settings: Settings, at: datetime = AT, **changes: Any) -> Reading:
    """Land and read."""
    land(settings, at, **changes)
    return read_landings(settings, progress=quiet)


def query(lake: Lake, statement: str) -> list[tuple[Any, ...]]:
    """Ask the lake."""
    return lake.cursor().execute(statement).fetchall()


def content(lake: Lake) -> dict[str, list[tuple[Any, ...]]]:
    """Return everything that a rebuild must give again."""
    return {table: query(lake, f"select {what} from {table} order by all") for table, what in TABLES.items()}


def current(lake: Lake, notice_id: str) -> dict[str, Any]:
    """Return the current version of a notice."""
    rows = (
        lake.cursor()
        .execute("select * from core.notices where is_current and notice_id = ?", [notice_id])
        .to_arrow_table()
        .to_pylist()
    )
    assert len(rows) == 1
    return dict(rows[0])


def test_files_of_the_inbox_land_and_are_read(fresh: Settings, lake: Lake) -> None:
    daily = drop(fresh, "daily.csv", csv_bytes([csv_row(n) for n in range(20)]))
    drop(fresh, "deep/er/more.jsonl.gz", gzip.compress(json_lines([v2_record(n) for n in range(20, 25)])))
    drop(fresh, "answer.json", envelope([v2_record(n) for n in range(25, 28)]))
    before = daily.stat()
    landed = land(fresh)
    assert (landed.files, landed.new_files, landed.skipped_files, landed.has_demo) == (3, 3, [], False)
    assert read_landings(fresh, progress=quiet) == Reading(28, 28, 0, 0, 28, False)
    assert query(lake, "select count(*) from core.notices where is_current") == [(28,)]
    assert [row[0] for row in query(lake, "select origin from core.landings order by landing_order")] == [
        "sam_gov/answer.json", "sam_gov/daily.csv", "sam_gov/deep/er/more.jsonl.gz",
    ]  # fmt: skip
    assert (daily.stat().st_mtime_ns, daily.stat().st_size) == (before.st_mtime_ns, before.st_size)


def test_a_second_run_over_the_same_files_changes_nothing(fresh: Settings, lake: Lake) -> None:
    body = csv_bytes([csv_row(n) for n in range(20)]) + b'"cut off\r\n'
    drop(fresh, "daily.csv", body)
    assert run(fresh) == Reading(21, 20, 1, 0, 20, False)
    before = content(lake)
    assert run(fresh, AT + timedelta(days=1)) == Reading(21, 20, 1, 20, 0, False)
    assert content(lake) == before


def test_the_same_records_in_other_bytes_are_unchanged(fresh: Settings, lake: Lake) -> None:
    rows = [csv_row(n) for n in range(30)]
    drop(fresh, "1.csv", csv_bytes(rows))
    run(fresh)
    drop(fresh, "2.csv", csv_bytes(rows, quote_all=False))
    drop(fresh, "3.csv", csv_bytes(list(reversed(rows))))
    again = run(fresh, AT + timedelta(days=1))
    assert again == Reading(90, 90, 0, 90, 0, False)
    assert query(lake, "select distinct last_seen_order from core.notice_sightings") == [(3,)]
    assert query(lake, "select count(*), min(first_seen_order), max(first_seen_order) from core.notice_versions") == [
        (30, 1, 1)
    ]


def test_other_things_in_the_inbox_are_skipped_by_name_and_reason(fresh: Settings) -> None:
    drop(fresh, "notes.txt", b"hello")
    drop(fresh, "empty.csv", b"")
    drop(fresh, "photo.png", b"\x89PNG" + bytes(500))
    drop(fresh, "daily.csv", csv_bytes([csv_row(1)]))
    drop(fresh, ".DS_Store", b"x")
    drop(fresh, "a.csv", b"x", folder="elsewhere")
    (fresh.inbox / "loose.csv").write_bytes(b"x")
    landed = land(fresh)
    reasons = {file["name"]: file["reason"] for file in landed.skipped_files}
    assert set(reasons) == {"elsewhere/", "loose.csv", "sam_gov/notes.txt", "sam_gov/empty.csv", "sam_gov/photo.png"}
    assert reasons["sam_gov/empty.csv"] == "it is empty"
    assert "binary" in reasons["sam_gov/photo.png"]
    assert "no known source" in reasons["elsewhere/"]
    assert landed.files == 1


def test_files_older_than_the_day_asked_for_are_skipped_and_come_with_the_next_run(fresh: Settings, lake: Lake) -> None:
    old = drop(fresh, "old.csv", csv_bytes([csv_row(n) for n in range(5)]))
    drop(fresh, "new.csv", csv_bytes([csv_row(n) for n in range(5, 12)]))
    os.utime(old, (AT.timestamp() - 3 * 86_400,) * 2)
    day = AT - timedelta(days=1)
    landed = land(fresh, since=day)
    assert landed.files == 1
    (skipped,) = landed.skipped_files
    assert skipped["name"] == "sam_gov/old.csv"
    assert f"before the day asked for ({day:%Y-%m-%d})" in skipped["reason"]
    assert read_landings(fresh, progress=quiet).landed == 7
    assert run(fresh) == Reading(12, 12, 0, 7, 5, False), "nothing is lost: without a bound the old file is read"


def test_the_daily_file_is_whole_whatever_day_is_asked_for(fresh: Settings, lake: Lake) -> None:
    with running_site(FakeSite(csv_bytes([csv_row(n) for n in range(12)]))) as site:
        online = fresh.model_copy(update={"offline": False, "sam_gov_bulk_url": site.url})
        assert run(online, since=AT) == Reading(12, 12, 0, 0, 12, False)


def test_slices_appear_one_after_the_other(fresh: Settings, lake: Lake) -> None:
    drop(fresh, "daily.csv", csv_bytes([csv_row(n) for n in range(25)]))
    land(fresh)
    seen = []
    while True:
        reading = read_landings(fresh, max_records=10, progress=quiet)
        seen.append((reading.landed, reading.has_more))
        if not reading.has_more:
            break
    assert seen == [(10, True), (10, True), (5, False)]
    assert query(lake, "select count(*) from core.notice_versions") == [(25,)]


def test_it_is_known_whether_another_pass_follows(fresh: Settings, lake: Lake) -> None:
    assert not is_reading_left(fresh)
    drop(fresh, "a.csv", csv_bytes([csv_row(n) for n in range(10)]))
    land(fresh)
    assert is_reading_left(fresh)
    assert read_landings(fresh, max_records=4, progress=quiet, slice_records=4).has_more
    assert is_reading_left(fresh)
    assert not read_landings(fresh, progress=quiet).has_more
    assert not is_reading_left(fresh)


def test_an_amended_notice_gets_a_version_and_an_old_text_comes_back(fresh: Settings, lake: Lake) -> None:
    for day, title in enumerate(["A", "B", "A"]):
        # Another byte each time: the same bytes would be the same landing.
        drop(fresh, "daily.csv", csv_bytes([csv_row(1, Title=title), csv_row(2, City=f"x{day}")]))
        run(fresh, AT + timedelta(days=day))
        assert current(lake, sam_id(1))["title"] == title
    versions = query(
        lake, f"select title, first_seen_order from core.notice_versions where notice_id = '{sam_id(1)}' order by all"
    )
    assert versions == [("A", 1), ("B", 2)]


def test_of_two_records_of_a_notice_in_one_file_the_later_is_current(fresh: Settings, lake: Lake) -> None:
    drop(
        fresh,
        "daily.csv",
        csv_bytes([csv_row(1, Title="first"), csv_row(1, Title="second"), csv_row(1, Title="second")]),
    )
    assert run(fresh) == Reading(3, 3, 0, 1, 2, False)
    assert current(lake, sam_id(1))["title"] == "second"
    assert current(lake, sam_id(1))["last_seen_order"] == 1


def test_feeds_fill_each_others_holes(fresh: Settings, lake: Lake) -> None:
    drop(fresh, "1.csv", csv_bytes([csv_row(1, PopCity="Macon", ResponseDeadLine="2026-04-25T14:00:00-04:00")]))
    run(fresh)
    links = ["https://sam.gov/f/1/download"]
    drop(
        fresh,
        "2.jsonl",
        json_lines([v2_record(1, resourceLinks=links, responseDeadLine="2026-04-25", title="New title")]),
    )
    run(fresh)
    row = current(lake, sam_id(1))
    assert row["title"] == "New title"
    assert row["attachment_urls"] == links
    assert row["description_text"] == csv_row(1)["Description"]
    assert row["description_url"].endswith(sam_id(1))
    assert row["place_city"] == "Macon"
    assert row["office_zip"] == "31401"
    # The day alone says less than the instant of the same day.
    assert (row["response_deadline_precision"], row["response_deadline_raw"]) == (
        "instant",
        "2026-04-25T14:00:00-04:00",
    )
    assert (row["posted_precision"], row["posted_raw"]) == ("instant", csv_row(1)["PostedDate"])
    assert row["feeds"] == "bulk_csv,v2_json"


def test_a_new_deadline_of_the_other_feed_wins(fresh: Settings, lake: Lake) -> None:
    drop(fresh, "1.csv", csv_bytes([csv_row(1)]))
    run(fresh)
    drop(fresh, "2.jsonl", json_lines([v2_record(1, responseDeadLine="2026-05-09")]))
    run(fresh)
    row = current(lake, sam_id(1))
    assert (row["response_deadline_precision"], row["response_deadline_raw"]) == ("date", "2026-05-09")
    assert row["response_deadline_at"] == datetime(2026, 5, 10, 3, 59, 59, tzinfo=UTC)
    assert "deadline_date_only" in row["flags"]


def test_feeds_in_turn_come_to_rest(fresh: Settings, lake: Lake) -> None:
    for day in range(3):
        drop(fresh, f"{day}.csv", csv_bytes([csv_row(1), csv_row(100 + day)]))
        run(fresh)
        drop(
            fresh, f"{day}.jsonl", json_lines([v2_record(1, resourceLinks=["https://sam.gov/f"]), v2_record(200 + day)])
        )
        run(fresh)
    count = query(lake, f"select count(*) from core.notice_versions where notice_id = '{sam_id(1)}'")
    assert count == [(2,)]  # the CSV alone, then both together for ever


def test_an_explicit_empty_field_of_the_only_feed_erases(fresh: Settings, lake: Lake) -> None:
    drop(fresh, "1.csv", csv_bytes([csv_row(1, PopCity="Macon")]))
    run(fresh)
    drop(fresh, "2.csv", csv_bytes([csv_row(1)]))
    run(fresh)
    assert current(lake, sam_id(1))["place_city"] is None


def test_a_key_that_a_record_lacks_erases_nothing(fresh: Settings, lake: Lake) -> None:
    drop(fresh, "1.jsonl", json_lines([v2_record(1)]))
    run(fresh)
    short = {"noticeId": sam_id(1), "title": "Another title", "uiLink": v2_record(1)["uiLink"]}
    drop(fresh, "2.jsonl", json_lines([short]))
    run(fresh)
    row = current(lake, sam_id(1))
    assert row["title"] == "Another title"
    assert row["response_deadline_raw"] == v2_record(1)["responseDeadLine"]
    assert row["opportunity_id"] == query(lake, "select any_value(opportunity_id) from core.notice_versions")[0][0]
    drop(fresh, "3.jsonl", json_lines([{**v2_record(1), "responseDeadLine": None}]))
    run(fresh)
    assert current(lake, sam_id(1))["response_deadline_at"] is None


def _whole_or_short(number: int) -> dict[str, Any]:
    if number % 2:
        return v2_record(number % 12, title=f"u{number % 3}")
    return {"noticeId": sam_id(number % 12), "uiLink": None, "title": f"v{number}"}


MIXED = {
    "1.csv": lambda: csv_bytes([csv_row(n % 9, Title=f"t{n % 4}") for n in range(40)]) + b'"broken\r\n',
    "2.jsonl": lambda: json_lines([_whole_or_short(n) for n in range(30)]) + b"[1]\n",
    "3.json": lambda: envelope([v2_record(n) for n in range(5)]),
    "4.csv": lambda: csv_bytes([csv_row(n % 15, PopCity=f"c{n % 2}") for n in range(33)]),
}  # fmt: skip


@pytest.mark.thorough
@pytest.mark.parametrize("bound", [3, 50_000])
def test_the_lake_can_be_made_again_from_the_landing_alone(fresh: Settings, lake: Lake, bound: int) -> None:
    for day, (name, body) in enumerate(MIXED.items()):
        drop(fresh, name, body())
        run(fresh, AT + timedelta(days=day))
    before = content(lake)
    again = rebuild_lake(fresh, quiet, slice_records=bound)
    assert content(lake) == before
    assert again.landed == again.accepted + again.quarantined == 40 + 1 + 31 + 5 + 33
    assert again.quarantined == 2


def test_quarantine_keeps_place_reason_and_bytes(fresh: Settings, lake: Lake) -> None:
    bad = b'"only","three","columns"\r\n'
    drop(fresh, "daily.csv", csv_bytes([csv_row(1)]) + bad)
    run(fresh)
    (found,) = list_quarantine(lake.cursor(), "sam_gov")
    assert (found.position, found.raw, found.origin) == (2, bad, "sam_gov/daily.csv")
    assert found.reason == "it has 3 columns instead of 47"
    assert found.line == csv_bytes([csv_row(1)]).count(b"\n") + 1
    assert found.quarantined_at == AT
    assert retry_quarantine(fresh, "sam_gov", at=AT, progress=quiet).resolved == 0


def test_what_a_better_reader_reads_leaves_the_quarantine(fresh: Settings, lake: Lake) -> None:
    drop(fresh, "daily.csv", csv_bytes([csv_row(1)]))
    drop(fresh, "more.jsonl", json_lines([v2_record(3)]))
    run(fresh)
    raws = {1: csv_bytes([csv_row(2)]).split(b"\n", 1)[1], 2: json_lines([v2_record(4)])}
    for entry in Landing(fresh.landing).entries("sam_gov"):
        # As if an earlier reader had failed at a record that the present one can read.
        lake.write(lambda c, e=entry: write_faults(c, e, [Fault(2, 9, "not read then", raws[e.order])]))  # type: ignore[misc]
    lake.write(lambda c: c.execute("update core.landings set landed = 2, quarantined = 1, next_position = 2"))
    assert retry_quarantine(fresh, "sam_gov", at=AT + timedelta(days=9), progress=quiet).resolved == 2
    assert current(lake, sam_id(2))["title"] == csv_row(2)["Title"]
    assert current(lake, sam_id(4))["first_seen_at"] == AT
    assert not list_quarantine(lake.cursor(), "sam_gov")
    assert len(list_quarantine(lake.cursor(), "sam_gov", with_resolved=True)) == 2
    assert query(lake, "select distinct landed, accepted, quarantined, versions from core.landings") == [(2, 2, 0, 2)]


def test_without_anything_there_are_demo_notices_until_real_ones_come(fresh: Settings, lake: Lake) -> None:
    first = land(fresh)
    assert first.has_demo
    assert "PROCURA_OFFLINE" in first.reason
    reading = read_landings(fresh, progress=quiet)
    assert 380 < reading.landed == reading.accepted < 460
    assert query(lake, "select distinct source from core.notice_versions") == [("demo",)]
    assert run(fresh).versions == 0
    drop(fresh, "daily.csv", csv_bytes([csv_row(1)]))
    assert not land(fresh).has_demo


def test_an_inbox_that_was_named_brings_no_demo_notices(fresh: Settings, tmp_path: Path) -> None:
    (tmp_path / "sam_gov").mkdir()
    landed = land(fresh, inbox=tmp_path)
    assert not landed.has_demo
    assert landed.files == 0
    assert read_landings(fresh, progress=quiet) == Reading()


def test_an_inbox_that_is_not_there_is_said(fresh: Settings, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        land(fresh, inbox=tmp_path / "nothing")


def runs(settings: Settings) -> list[dict[str, Any]]:
    """Return the newest run of SAM.gov and its connector."""
    with open_ledger("procura_pipeline").read() as tx:
        return tx.rows(
            "select r.status::text, r.reason, records_fetched, accepted, versions, c.status::text as health, c.status_reason,"
            " c.last_success_at from discovery_runs r join connectors c on c.id = r.connector_id where c.name = 'sam_gov'"
            " order by started_at desc limit 1"
        )


def test_the_daily_file_is_fetched_and_only_once(fresh: Settings, lake: Lake) -> None:
    online = fresh.model_copy(update={"offline": False})
    with running_site(FakeSite(csv_bytes([csv_row(n) for n in range(12)]))) as site:
        online = online.model_copy(update={"sam_gov_bulk_url": site.url})
        assert run(online) == Reading(12, 12, 0, 0, 12, False)
        assert runs(fresh)[0]["status"] == "success"
        landed = land(online)
        assert (landed.files, landed.reason) == (0, NO_NEWS)
        assert read_landings(online, progress=quiet) == Reading()
        assert runs(fresh)[0]["last_success_at"] is not None
        assert len(site.requests) == 2
    assert not list(fresh.temporary.glob("*.download*"))


def test_a_source_that_does_not_answer_is_a_failed_run_with_demo_notices(fresh: Settings) -> None:
    dead = fresh.model_copy(
        update={"offline": False, "sam_gov_bulk_url": "http://127.0.0.1:9/daily.csv?api_key=SECRET"}
    )
    landed = land(dead)
    assert "cannot be reached" in landed.reason
    assert landed.has_demo
    (row,) = runs(fresh)
    assert (row["status"], row["health"]) == ("failed", "warning")
    assert "SECRET" not in str(row)


def test_a_page_instead_of_the_file_is_not_landed(fresh: Settings) -> None:
    with running_site(FakeSite(b"<html>Please come back later</html>")) as site:
        landed = land(fresh.model_copy(update={"offline": False, "sam_gov_bulk_url": site.url}))
    assert "something else than its daily file" in landed.reason
    assert Landing(fresh.landing).entries("sam_gov") == []


def test_as_of_keeps_the_network_out(fresh: Settings) -> None:
    online = fresh.model_copy(update={"offline": False, "sam_gov_bulk_url": "http://127.0.0.1:9/never"})
    landed = land(online, as_of=AT)
    assert "as of another instant" in landed.reason


def test_a_run_that_a_kill_left_open_is_closed_by_the_next(fresh: Settings) -> None:
    drop(fresh, "daily.csv", csv_bytes([csv_row(1)]))
    land(fresh)  # nothing reads: as after a kill
    land(fresh, AT + timedelta(minutes=1))
    with open_ledger("procura_pipeline").read() as tx:
        states = tx.rows(
            "select status::text from discovery_runs where started_at in (%s, %s) order by started_at",
            [AT, AT + timedelta(minutes=1)],
        )
    assert [row["status"] for row in states] == ["failed", "running"]


def test_a_file_that_today_reads_differently_is_not_read_for_ever(fresh: Settings, lake: Lake) -> None:
    entry, _ = Landing(fresh.landing).add(
        "sam_gov", io.BytesIO(b"a,b\n1,2\n"), feed="bulk_csv", origin="old.csv", fetched_at=AT
    )
    assert read_landings(fresh, progress=quiet) == Reading()
    assert query(lake, "select is_complete from core.landings") == [(True,)]
    assert replace(entry, order=1) == entry


@pytest.mark.thorough
@pytest.mark.shared
@pytest.mark.timeout(300)
def test_the_whole_sample_is_accounted_for_and_read_once(fresh: Settings, lake: Lake, shared_data: Path) -> None:
    landed = land(fresh, inbox=shared_data)
    names = {Path(file["name"]).name for file in landed.skipped_files}
    assert {"notices_light.jsonl.gz", "SOURCES.md", "fit", "grants_gov"} <= names
    first = read_landings(fresh, progress=quiet)
    assert first.landed == first.accepted + first.quarantined == 6502 + 2371 + 5
    per_file = dict(query(lake, "select origin, landed from core.landings"))
    assert per_file["sam_gov/ContractOpportunities_sample.csv.gz"] == 6502
    before = content(lake)
    land(fresh, inbox=shared_data)
    second = read_landings(fresh, progress=quiet)
    assert (second.landed, second.unchanged, second.versions) == (first.landed, first.accepted, 0)
    assert content(lake) == before
