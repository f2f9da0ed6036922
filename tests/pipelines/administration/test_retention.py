"""What is due goes, from every place, and nothing else does; holds and bids keep; what was purged does not come back."""

import io
import json
import os
import signal
import subprocess
import sys
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from pipelines.administration.holds import lift_hold, set_hold
from pipelines.administration.retention import Purged, purge
from pipelines.administration.retention_plan import ClassPlan, Plan, plan_purge
from pipelines.discovery.checks import no_duplicate_current_notices, nothing_lost_between_layers
from pipelines.discovery.rebuild import rebuild_lake
from tests.factories_retention import NOW, YOUNG, drop_and_read, empty, old_row, publish, quiet, young_row
from tests.fakes.sam_gov import sam_id
from warehouse.addresses import superuser_conninfo
from warehouse.domain.access import Department, Person, Role
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.retention import HoldKind, RecordClass
from warehouse.errors import NotPermitted, WrongState
from warehouse.lake.connection import open_lake
from warehouse.landing import Landing
from warehouse.ledger.retention import last_purges, open_purge, start_clock
from warehouse.ledger.store import SYSTEM, Ledger, open_ledger
from warehouse.object_store import open_object_store
from warehouse.settings import ROOT, Settings

pytestmark = pytest.mark.thorough

CANARY = "zebrafinch-lamp-holder"


@pytest.fixture
def fresh(home: Settings) -> Settings:
    """The home, emptied."""
    lift_all(home)
    with as_superuser(home) as connection:
        for table in ("retention_tombstones", "retention_purges", "retention_clocks", "legal_holds", "submission_files", "submissions", "llm_cache"):  # fmt: skip # noqa: E501
            connection.execute(f"delete from {table}")
        connection.execute("update opportunities set status = 'new', note = null")
    empty(home)
    return home


@pytest.fixture
def ledger(fresh: Settings) -> Ledger:
    """The ledger as the app."""
    return open_ledger("procura_app")


def as_superuser(home: Settings) -> psycopg.Connection:
    return psycopg.connect(make_conninfo("", **superuser_conninfo(home)), autocommit=True)


def lift_all(home: Settings) -> None:
    with as_superuser(home) as connection:
        connection.execute("delete from legal_holds")


def plan(home: Settings, at: datetime = NOW) -> Plan:
    return plan_purge(open_ledger(), open_lake("procura_analyst", read_only=True), home, at=at)


def carry_out(home: Settings, plan_hash: str, at: datetime = NOW, report: Any = quiet) -> Purged:
    return purge(open_ledger(), open_lake(), home, plan_hash, at=at, report=report)


def of(found: Plan, record_class: RecordClass) -> ClassPlan:
    return next(one for one in found.classes if one.record_class is record_class)


def notice_ids(table: str = "notice_versions") -> set[str]:
    return {row[0] for row in open_lake().cursor().execute(f"select distinct notice_id from core.{table}").fetchall()}


def opportunity_of(number: int) -> str:
    row = (
        open_lake()
        .cursor()
        .execute("select opportunity_id from core.notices where notice_id = ?", [sam_id(number)])
        .fetchone()
    )
    assert row is not None
    return str(row[0])


def submission(home: Settings, opportunity_id: str) -> str:
    """Publish the opportunity by hand, and open a bid on it."""
    made = str(uuid.uuid4())
    with as_superuser(home) as connection:
        connection.execute(
            "insert into opportunities (id, source, external_ref, content_hash, title, notice_type, due_precision, notice_count,"
            " is_open, row_hash)"
            " values (%s, 'sam_gov', gen_random_uuid()::text, 'x', 'Pumps', 'Solicitation', 'none', 1, false, '') on conflict do nothing",
            [opportunity_id],
        )
        person = connection.execute("insert into profiles (email, role) values (%s, 'contract_officer') returning id", [f"{made}@firm.example"]).fetchone()  # fmt: skip # noqa: E501
        assert person is not None
        connection.execute(
            "insert into submissions (id, opportunity_id, owner_id) values (%s, %s, %s)",
            [made, opportunity_id, person[0]],
        )
    return made


def files_with(home: Settings, text: str) -> list[str]:
    """Which files of the home hold a text, compressed ones opened; PostgreSQL's write-ahead log apart."""
    from tests.secrets_scanner import Canary, scan_home

    found = scan_home(home.resolved_home, [Canary("text", text)])
    return sorted({str(one.path) for one in found if "pg_wal" not in str(one.path)})


def test_plan_counts_from_the_archive_date_and_shows_why(fresh: Settings) -> None:
    drop_and_read(
        fresh,
        "a.csv",
        [old_row(1), old_row(2, ArchiveDate="2019-04-09"), old_row(3, ArchiveDate="2019-04-10"), young_row(4)],
    )
    due = of(plan(fresh), RecordClass.NOTICE)
    assert due.until == datetime(2019, 4, 10, tzinfo=UTC)
    assert (due.count, due.oldest, due.newest) == (
        2,
        datetime(2015, 3, 8, tzinfo=UTC),
        datetime(2019, 4, 10, tzinfo=UTC),
    )
    assert due.samples[0].subject == f"sam_gov {sam_id(1)}"
    assert (due.samples[0].clock, due.samples[0].due_at) == ("archive date", datetime(2022, 3, 8, tzinfo=UTC))


def test_notice_without_a_credible_archive_date_counts_from_when_it_was_last_seen(fresh: Settings) -> None:
    rows = [old_row(1, ArchiveDate=""), old_row(2, ArchiveDate="0202-03-01"), old_row(3, ArchiveDate="2014-01-01")]
    drop_and_read(fresh, "a.csv", rows, at=datetime(2018, 1, 10, tzinfo=UTC))
    assert of(plan(fresh, datetime(2025, 1, 9, tzinfo=UTC)), RecordClass.NOTICE).count == 0
    due = of(plan(fresh, datetime(2025, 1, 11, tzinfo=UTC)), RecordClass.NOTICE)
    assert (due.count, {one.clock for one in due.samples}) == (3, {"last seen"})


def test_settings_lengthen_and_never_shorten(fresh: Settings) -> None:
    drop_and_read(fresh, "a.csv", [old_row(1)])
    longer = fresh.model_copy(update={"retention_notice_years": 20})
    assert of(plan(longer), RecordClass.NOTICE).count == 0
    shorter = fresh.model_copy(update={"retention_notice_years": 3})
    with pytest.raises(Exception, match="at least 7 years"):
        plan(shorter)


def test_notices_of_one_solicitation_go_together(fresh: Settings) -> None:
    drop_and_read(fresh, "a.csv", [old_row(1, sol="SAME-1"), old_row(2, sol="SAME-1", ArchiveDate="2026-01-01")])
    assert of(plan(fresh), RecordClass.NOTICE).count == 0


def test_purge_takes_the_due_ones_from_every_place_and_leaves_the_others(fresh: Settings, ledger: Ledger) -> None:
    drop_and_read(fresh, "old.csv", [old_row(1, CANARY), old_row(2, CANARY)], tail=f'"{CANARY}\n'.encode())
    drop_and_read(fresh, "mixed.csv", [old_row(2, CANARY), young_row(3)])
    publish()
    files = [file.origin for file in plan(fresh).files]
    assert files == ["sam_gov/old.csv", "sam_gov/mixed.csv"]
    found = plan(fresh)
    assert found.counts == {"notice": 2, "landed_files": 1}
    stays = next(file for file in found.files if file.stays_for)
    assert (stays.origin, stays.stays_for, stays.until) == ("sam_gov/mixed.csv", "notices that are not due yet", datetime(2033, 5, 6, tzinfo=UTC))  # fmt: skip # noqa: E501
    assert files_with(fresh, CANARY)

    done = carry_out(fresh, found.hash)

    assert done.counts == found.counts
    assert done.in_use == []
    assert notice_ids() == notice_ids("notice_sightings") == {sam_id(3)}
    assert open_lake().cursor().execute("select count(*) from core.quarantine").fetchone() == (0,)
    assert [entry.origin for entry in Landing(fresh.landing).purged()] == ["sam_gov/old.csv"]
    assert len(open_lake().cursor().execute("from ducklake_snapshots('lake')").fetchall()) == 1
    with ledger.read() as tx:
        assert [row["id"] for row in tx.rows("select id from opportunities")] == [opportunity_of(3)]
        (event,) = tx.rows("select convert_from(body, 'UTF8') as body from audit_logs where action = 'retention:purged' and subject = %s", [done.purge_id])  # fmt: skip # noqa: E501
        assert json.loads(event["body"])["facts"] == {
            "plan": found.hash, "notice": 2, "landed_files": 1, "kept_notice": "7 years", "kept_bid": "7 years",
            "kept_award": "7 years", "kept_audit": "7 years", "kept_model_cache": "90 days", "kept_session_log": "400 days",
        }  # fmt: skip
    # The mixed file is not rewritten: it stays, and says so.
    left = files_with(fresh, CANARY)
    assert len(left) == 1
    assert "landing" in left[0]
    assert plan(fresh).counts == {}


def test_rebuilt_lake_is_the_purged_lake(fresh: Settings) -> None:
    drop_and_read(fresh, "old.csv", [old_row(1), old_row(2)])
    drop_and_read(fresh, "mixed.csv", [old_row(2, PopCity="Macon"), young_row(3)])
    drop_and_read(fresh, "later.csv", [old_row(2, PopCity="Rome"), young_row(3, PopCity="Rome")])
    carry_out(fresh, plan(fresh).hash)
    tables = ("core.notice_versions", "core.notice_sightings", "core.quarantine")
    before = {table: sorted(map(str, open_lake().cursor().execute(f"from {table}").fetchall())) for table in tables}
    rebuild_lake(fresh, quiet)
    assert {
        table: sorted(map(str, open_lake().cursor().execute(f"from {table}").fetchall())) for table in tables
    } == before
    assert no_duplicate_current_notices(open_lake())[0]
    assert nothing_lost_between_layers(open_lake())[0]
    # Also when the lake was lost altogether: the tombstones are the ledger's.
    open_lake().write(lambda cursor: cursor.execute("delete from core.purged_notices"))
    rebuild_lake(fresh, quiet)
    assert {
        table: sorted(map(str, open_lake().cursor().execute(f"from {table}").fetchall())) for table in tables
    } == before


def test_purged_bytes_that_are_offered_again_stay_away_and_a_new_posting_does_not(fresh: Settings) -> None:
    kept = drop_and_read(fresh, "old.csv", [old_row(1)])
    drop_and_read(fresh, "young.csv", [young_row(3)])
    found = plan(fresh)
    (fresh.inbox / "sam_gov" / "old.csv").write_bytes(kept)
    done = carry_out(fresh, found.hash)
    assert done.still_in_inbox == [str(fresh.inbox / "sam_gov" / "old.csv")]
    drop_and_read(fresh, "old.csv", [old_row(1)])
    assert notice_ids() == {sam_id(3)}
    drop_and_read(fresh, "again.csv", [old_row(1, PopCity="Rome")])
    assert notice_ids() == {sam_id(1), sam_id(3)}
    assert of(plan(fresh), RecordClass.NOTICE).count == 1
    carry_out(fresh, plan(fresh).hash)
    assert notice_ids() == {sam_id(3)}


def test_purge_takes_exactly_the_plan_that_was_shown(fresh: Settings) -> None:
    drop_and_read(fresh, "a.csv", [old_row(1)])
    shown = plan(fresh).hash
    drop_and_read(fresh, "b.csv", [old_row(2)])
    with pytest.raises(WrongState, match="not what the plan said"):
        carry_out(fresh, shown)
    assert notice_ids() == {sam_id(1), sam_id(2)}
    with open_ledger().read() as tx:
        assert last_purges(tx) == []


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        (HoldKind.AGENCY, "dept of the army"),
        (HoldKind.SOLICITATION, "w912hn-26-q-0001"),
        (HoldKind.RECORD_CLASS, "notice"),
        (HoldKind.RECORD_CLASS, "all"),
        (HoldKind.OPPORTUNITY, ""),
    ],
)
def test_held_record_never_goes_also_when_the_hold_comes_after_the_plan(
    fresh: Settings, ledger: Ledger, kind: HoldKind, subject: str
) -> None:
    drop_and_read(
        fresh, "a.csv", [old_row(1), old_row(2, agency="DEPT OF ENERGY", **{"Sub-Tier": "LABS", "Office": "NORTH"})]
    )
    shown = plan(fresh)
    assert shown.counts == {"notice": 2, "landed_files": 1}
    set_hold(ledger, kind=kind, subject=subject or opportunity_of(1), reason="claim", at=NOW)
    with pytest.raises(WrongState):
        carry_out(fresh, shown.hash)
    assert notice_ids() == {sam_id(1), sam_id(2)}
    held = plan(fresh)
    assert of(held, RecordClass.NOTICE).held >= 1
    assert [file.stays_for for file in held.files] == ["a hold"]
    if held.counts:
        carry_out(fresh, held.hash)
    assert sam_id(1) in notice_ids()


def test_bid_keeps_its_notices_and_goes_by_its_own_clock(fresh: Settings, ledger: Ledger) -> None:
    drop_and_read(fresh, "a.csv", [old_row(1), old_row(2)])
    bid = submission(fresh, opportunity_of(1))
    other = submission(fresh, "elsewhere")
    store = open_object_store(fresh)
    own, shared = (
        store.put(io.BytesIO(data), limit=100).path for data in (b"our offer", b"a form that two offers hold")
    )
    with as_superuser(fresh) as connection:
        for offer, path in ((bid, own), (bid, shared), (other, shared)):
            connection.execute(
                "insert into submission_files (submission_id, file_name, storage_path, document_id, version, size_bytes, sha256,"
                " media_type, uploaded_by) select %s, 'offer.pdf', %s, gen_random_uuid(), 1, 9, %s, 'application/pdf', owner_id"
                " from submissions where id = %s",
                [offer, path, path[3:], offer],
            )
    first = plan(fresh)
    assert first.counts == {"notice": 1}
    assert first.files[0].stays_for == "a bid"
    event = AuditEvent("clock:started", bid, SYSTEM)
    with ledger.deed(event) as deed:
        start_clock(
            deed,
            RecordClass.BID,
            bid,
            starts_at=NOW - timedelta(days=7 * 366),
            source="final_payment",
            by=SYSTEM,
            at=NOW,
        )
    set_hold(ledger, kind=HoldKind.SUBMISSION, subject=bid, reason="claim", at=NOW)
    assert of(plan(fresh), RecordClass.BID).count == 0
    lift_all(fresh)
    found = plan(fresh)
    assert (of(found, RecordClass.BID).count, of(found, RecordClass.BID).samples[0].clock) == (1, "final_payment")
    carry_out(fresh, found.hash)
    assert not store.has(own)
    assert store.has(shared), "another offer names the same bytes"
    with ledger.read() as tx:
        assert tx.row("select count(*) as n from retention_tombstones where record_class = 'bid'") == {"n": 1}
    last = plan(fresh)
    assert last.counts == {"notice": 1, "landed_files": 1}, "without its bid the notice is one like any other"


def test_decision_of_a_person_restarts_the_clock(fresh: Settings) -> None:
    drop_and_read(fresh, "a.csv", [old_row(1)])
    submission(fresh, opportunity_of(1))
    with as_superuser(fresh) as connection:
        connection.execute("delete from submissions")
        connection.execute("update opportunities set status = 'disqualified', status_changed_at = '2020-06-01', status_changed_by = (select id from profiles limit 1)")  # fmt: skip # noqa: E501
    assert of(plan(fresh), RecordClass.NOTICE).count == 0
    later = of(plan(fresh, datetime(2027, 6, 2, tzinfo=UTC)), RecordClass.NOTICE)
    assert (later.count, later.samples[0].clock) == (1, "your decision")


def test_answers_of_models_and_ended_sessions_go_by_days(fresh: Settings, ledger: Ledger) -> None:
    with as_superuser(fresh) as connection:
        connection.execute(
            "insert into llm_cache values ('old', '{}', 1, %s), ('new', '{}', 1, %s)", [NOW - timedelta(days=91), NOW]
        )
        person = connection.execute(
            "insert into profiles (email, role) values ('gone@firm.example', 'viewer') returning id"
        ).fetchone()
        assert person is not None
        for name, days in ((b"old", 401), (b"new", 1)):
            ended = NOW - timedelta(days=days)
            connection.execute(
                "insert into auth_sessions (id_hash, profile_id, authenticated_at, idle_ends_at, expires_at, revoked_at)"
                " values (%s, %s, %s, %s, %s, %s)",
                [name, person[0], ended, ended, ended + timedelta(hours=1), ended],
            )
    found = plan(fresh)
    assert found.counts == {"model_cache": 1, "session_log": 1}
    set_hold(ledger, kind=HoldKind.PERSON, subject=str(person[0]), reason="claim", at=NOW)
    assert plan(fresh).counts == {"model_cache": 1}
    lift_all(fresh)
    carry_out(fresh, found.hash)
    with as_superuser(fresh) as connection:
        assert connection.execute("select prompt_hash from llm_cache").fetchall() == [("new",)]
        assert connection.execute(
            "select id_hash from auth_sessions where profile_id = %s", [person[0]]
        ).fetchall() == [(b"new",)]


def test_nothing_due_is_no_purge(fresh: Settings) -> None:
    drop_and_read(fresh, "a.csv", [young_row(1)])
    with pytest.raises(WrongState, match="nothing is due"):
        carry_out(fresh, plan(fresh).hash)


def test_who_may_not_is_refused_before_anything_is_looked_at(fresh: Settings) -> None:
    viewer = Person(str(uuid.uuid4()), "v@firm.example", Role.VIEWER, Department.CONTRACTS)
    officer = Person(str(uuid.uuid4()), "o@firm.example", Role.CONTRACT_OFFICER, Department.LEGAL)
    with pytest.raises(NotPermitted):
        plan_purge(open_ledger(), open_lake(), fresh, at=NOW, by=viewer)
    with pytest.raises(NotPermitted):
        purge(open_ledger(), open_lake(), fresh, "", at=NOW, by=officer, report=quiet)


def test_database_refuses_to_purge_what_is_held_whoever_asks(fresh: Settings, ledger: Ledger) -> None:
    drop_and_read(fresh, "a.csv", [old_row(1)])
    opportunity_id = opportunity_of(1)
    submission(fresh, opportunity_id)
    set_hold(ledger, kind=HoldKind.OPPORTUNITY, subject=opportunity_id, reason="claim", at=NOW)
    with pytest.raises(psycopg.Error, match="is held"), ledger.housekeeping() as tx:
        tx.execute("select purge_records('opportunity', %s)", [[opportunity_id]])
    with pytest.raises(psycopg.errors.InsufficientPrivilege), ledger.housekeeping() as tx:
        tx.execute("delete from opportunities")
    with open_ledger("procura_pipeline").read() as tx, pytest.raises(psycopg.errors.InsufficientPrivilege):
        tx.execute("select purge_records('opportunity', %s)", [[opportunity_id]])


PROGRAM = """
import sys
from datetime import datetime
from pipelines.administration.retention import purge
from warehouse.lake.connection import open_lake
from warehouse.ledger.store import open_ledger
from warehouse.settings import current
def report(what, done, total=None):
    print(what, flush=True)
    if what == sys.argv[3]:
        sys.stdin.readline()
purge(open_ledger(), open_lake(), current(), sys.argv[1], at=datetime.fromisoformat(sys.argv[2]), report=report)
"""
STEPS = [
    "comparing with the plan", "deciding", "removing from the lake", "removing landed files", "freeing old snapshots of the lake",
    "compacting the ledger",
]  # fmt: skip


def kill_at(step: str, plan_hash: str) -> None:
    """Start a purge in a process of its own, wait until it is at a step, kill it there."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, plan_hash, NOW.isoformat(), step], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=ROOT, env=dict(os.environ),
    )  # fmt: skip
    assert process.stdout is not None
    while (said := process.stdout.readline()) and said.strip() != step:
        pass
    assert said.strip() == step
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.thorough
@pytest.mark.parametrize("step", STEPS)
def test_killed_anywhere_it_is_finished_by_the_same_command(fresh: Settings, ledger: Ledger, step: str) -> None:
    drop_and_read(fresh, "old.csv", [old_row(1), old_row(2)])
    drop_and_read(fresh, "young.csv", [young_row(3)])
    found = plan(fresh)
    kill_at(step, found.hash)
    with ledger.read() as tx:
        decided = open_purge(tx)
    if decided is None:
        assert notice_ids() == {sam_id(1), sam_id(2), sam_id(3)}, "undecided, nothing is touched"
    else:
        assert plan(fresh).unfinished is not None
    done = carry_out(fresh, found.hash)
    assert done.counts == found.counts
    assert notice_ids() == {sam_id(3)}
    assert len(Landing(fresh.landing).purged()) == 1
    with ledger.read() as tx:
        assert open_purge(tx) is None
        assert len(last_purges(tx)) == 1
    rebuild_lake(fresh, quiet)
    assert notice_ids() == {sam_id(3)}


@pytest.mark.thorough
def test_hold_set_after_a_kill_spares_what_still_lies_in_the_lake(fresh: Settings, ledger: Ledger) -> None:
    drop_and_read(fresh, "a.csv", [old_row(1)])
    drop_and_read(fresh, "b.csv", [old_row(2)])
    found = plan(fresh)
    kill_at("removing from the lake", found.hash)
    set_hold(ledger, kind=HoldKind.SOLICITATION, subject="W912HN26Q0001", reason="claim", at=NOW + timedelta(seconds=1))
    carry_out(fresh, found.hash, at=NOW + timedelta(seconds=2))
    assert notice_ids() == {sam_id(1)}
    assert [entry.origin for entry in Landing(fresh.landing).entries()] == ["sam_gov/a.csv"]
    rebuild_lake(fresh, quiet)
    assert notice_ids() == {sam_id(1)}


def test_lifted_hold_lets_go(fresh: Settings, ledger: Ledger) -> None:
    drop_and_read(fresh, "a.csv", [old_row(1)])
    hold = set_hold(ledger, kind=HoldKind.AGENCY, subject="ARMY", reason="claim", at=NOW)
    assert plan(fresh).counts == {}
    with as_superuser(fresh) as connection:
        row = connection.execute("insert into profiles (email, role) values (%s, 'admin') returning id", [f"{uuid.uuid4()}@firm.example"]).fetchone()  # fmt: skip # noqa: E501
    assert row is not None
    admin = Person(str(row[0]), "a@firm.example", Role.ADMIN, Department.OPERATIONS)
    assert not replace(lift_hold(ledger, hold.id, reason="settled", at=NOW, by=admin)).is_active
    assert plan(fresh).counts == {"notice": 1, "landed_files": 1}


def test_many_young_notices_do_not_hide_an_old_one(fresh: Settings, tmp_path: Path) -> None:
    drop_and_read(
        fresh,
        "a.csv",
        [*(young_row(n) for n in range(10, 300)), old_row(1), *(young_row(n, **YOUNG) for n in range(300, 400))],
    )
    assert plan(fresh).counts == {"notice": 1}
