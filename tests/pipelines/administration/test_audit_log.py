from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.administration.audit_log import (
    export_as_zip,
    export_audit_log,
    find_record,
    known_actions,
    log_state,
    search_records,
    sign_log,
    verify_audit_log,
)
from pipelines.administration.people import add_person
from warehouse.audit.export import export_log
from warehouse.domain.access import Department, Person, Role
from warehouse.domain.audit_event import AuditEvent
from warehouse.errors import BadInput, NotPermitted
from warehouse.ledger.audit_records import RecordFilter
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

AT = datetime(2026, 4, 10, tzinfo=UTC)


def person(email: str, role: Role, department: Department) -> Person:
    return add_person(
        open_ledger(), email=email, role=role, department=department, password="four quiet green lamps", at=AT
    )


@pytest.fixture(scope="module")
def people(home: Settings) -> dict[str, Person]:
    found = {
        "admin": person("admin@firm.example", Role.ADMIN, Department.OPERATIONS),
        "auditor": person("auditor@firm.example", Role.VIEWER, Department.AUDIT),
        "officer": person("officer@firm.example", Role.CONTRACT_OFFICER, Department.CONTRACTS),
        "viewer": person("viewer@firm.example", Role.VIEWER, Department.LEGAL),
    }
    for name in ("officer", "admin"):
        for number in range(60):
            with open_ledger().deed(AuditEvent("note:written", f"n{number % 3}", found[name].id), found[name]):
                pass
    return found


def test_search_narrows_by_actor_action_subject_and_time_and_turns_pages(people: dict[str, Person]) -> None:
    ledger, auditor = open_ledger(), people["auditor"]
    of_officer = RecordFilter(actor="officer@firm.example")
    first = search_records(ledger, of_officer, by=auditor)
    second = search_records(ledger, RecordFilter(actor=people["officer"].id, page=2), by=auditor)
    assert (first.total, len(first.rows), len(second.rows)) == (60, 50, 10)
    assert first.rows[0].seq > first.rows[-1].seq > second.rows[0].seq
    assert {row.actor_email for row in first.rows} == {"officer@firm.example"}
    assert search_records(ledger, RecordFilter(action="note:*", subject="n1"), by=auditor).total == 40
    assert search_records(ledger, RecordFilter(action="note:written", subject="n1"), by=auditor).total == 40
    assert search_records(ledger, RecordFilter(action="not"), by=auditor).total == 0
    now = datetime.now(UTC)
    assert search_records(ledger, RecordFilter(since=now + timedelta(minutes=1)), by=auditor).total == 0
    assert search_records(ledger, RecordFilter(until=now + timedelta(minutes=1)), by=auditor).total >= 120
    assert {"note:written", "person:added"} <= set(known_actions(ledger, by=auditor))


@pytest.mark.parametrize("name", ["officer", "viewer"])
def test_others_see_their_own_deeds_only(people: dict[str, Person], name: str) -> None:
    ledger, me, admin = open_ledger(), people[name], people["admin"]
    found = search_records(ledger, RecordFilter(actor="admin@firm.example"), by=me)
    assert {row.actor for row in found.rows} <= {me.id}
    of_admin = search_records(ledger, RecordFilter(actor=admin.id), by=admin).rows[0]
    assert find_record(ledger, of_admin.seq, by=me) is None
    assert find_record(ledger, of_admin.seq, by=people["auditor"]) == of_admin


@pytest.mark.parametrize("name", ["officer", "viewer"])
def test_others_neither_verify_nor_export_nor_see_the_state(
    home: Settings, people: dict[str, Person], name: str, tmp_path: Path
) -> None:
    ledger, me = open_ledger(), people[name]
    with pytest.raises(NotPermitted):
        verify_audit_log(ledger, home, at=AT, by=me)
    with pytest.raises(NotPermitted):
        export_audit_log(ledger, home, tmp_path / "out", at=AT, by=me)
    with pytest.raises(NotPermitted):
        export_as_zip(ledger, home, at=AT, by=me)
    with pytest.raises(NotPermitted):
        log_state(ledger, home, by=me)
    assert not (tmp_path / "out").exists()


def test_who_may_sees_the_same_log_whole(home: Settings, people: dict[str, Person]) -> None:
    sign_log(open_ledger(), home, at=AT)
    for name in ("admin", "auditor"):
        verdict = verify_audit_log(open_ledger(), home, at=AT, by=people[name])
        assert verdict.holds, verdict.first_fault
        found = log_state(open_ledger(), home, by=people[name])
        assert (found.accepted, found.failing) == (verdict.records, ())
        assert found.checkpoint is not None
        assert str(home.audit_witness) in found.places[0]


def test_an_export_is_recorded_and_appears_whole_or_not_at_all(
    home: Settings, people: dict[str, Person], tmp_path: Path
) -> None:
    ledger = open_ledger()
    checkpoint = export_audit_log(ledger, home, tmp_path / "out", at=AT, by=people["auditor"])
    newest = search_records(ledger, RecordFilter(action="audit_log:exported"), by=people["admin"]).rows[0]
    assert (newest.actor, newest.seq) == (people["auditor"].id, checkpoint.size)
    assert len((tmp_path / "out" / "records.jsonl").read_text().splitlines()) == checkpoint.size
    with pytest.raises(BadInput, match="not an empty folder"):
        export_log(ledger, tmp_path / "out", checkpoint.size)
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput):
        export_log(ledger, tmp_path / "file" / "below", checkpoint.size)
    (tmp_path / "empty").mkdir()
    export_log(ledger, tmp_path / "empty", checkpoint.size)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "file", "out"], "nothing half is left behind"
