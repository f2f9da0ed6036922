"""What PostgreSQL says about points of a checklist by itself."""

import random
import uuid
from datetime import UTC, date, datetime, timedelta, timezone

import holidays
import psycopg
import pytest

from tests.factories_ledger import AT
from tests.factories_people import new_person
from tests.factories_submissions import new_submission
from warehouse.addresses import superuser_conninfo
from warehouse.domain.access import Department, Person, Role
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.checklist import DueBefore, due_at
from warehouse.ledger.store import open_ledger
from warehouse.ledger.submission_tasks import NewPoint, TaskRow, insert_tasks, list_tasks, read_task, update_task
from warehouse.settings import Settings, current

pytestmark = pytest.mark.thorough


def add(submission_id: str, by: Person, *points: NewPoint) -> None:
    with open_ledger().deed(AuditEvent("test:added", submission_id, by.id), by) as deed:
        insert_tasks(deed, submission_id, points, at=AT)


def write(by: Person, statement: str, *parameters: object) -> int:
    with open_ledger().deed(AuditEvent("test:tried", "x", by.id), by) as deed:
        return deed.execute(statement, parameters).rowcount


def only(submission_id: str, by: Person) -> TaskRow:
    with open_ledger().read(by) as tx:
        (found,) = list_tasks(tx, submission_id)
        assert read_task(tx, found.id) == found
        return found


def new_point(**more: object) -> NewPoint:
    return NewPoint(str(uuid.uuid4()), "Point", **more)  # type: ignore[arg-type]


def test_postgresql_and_the_domain_agree_when_a_point_is_due(home: Settings) -> None:
    federal, pick = holidays.country_holidays("US"), random.Random(5)
    start = datetime(2024, 1, 1, tzinfo=UTC)
    cases = [
        (start + timedelta(minutes=pick.randrange(6_000_000)), pick.randrange(-720, 840, 15), pick.randrange(31),
         pick.randrange(3_000), start + timedelta(minutes=pick.randrange(6_000_000)))
        for _ in range(3_000)
    ]  # fmt: skip
    with psycopg.connect(**superuser_conninfo(current())) as connection:
        for deadline, offset, days, minutes, made_at in cases:
            row = connection.execute(
                "select point_due_at(%s, %s, %s, %s, %s)", [deadline, offset, days, minutes, made_at]
            ).fetchone()
            expected = due_at(
                DueBefore(days, minutes), deadline_at=deadline, office=timezone(timedelta(minutes=offset)), made_at=made_at,
                holidays=federal,
            )  # fmt: skip
            assert row is not None
            assert row[0] == expected, (deadline, offset, days, minutes, made_at)
        none = connection.execute("select point_due_at(null, 0, 3, 0, now())").fetchone()
        assert none == (None,)


def test_federal_holidays_are_those_of_the_calendar(home: Settings) -> None:
    federal = holidays.country_holidays("US")
    with psycopg.connect(**superuser_conninfo(current())) as connection:
        rows: list[tuple[date, bool]] = connection.execute(
            "select d::date, is_federal_holiday(d::date) from generate_series('2015-01-01'::date, '2045-01-01'::date, '1 day') d"
        ).fetchall()
    assert [day for day, is_one in rows if day.weekday() < 5 and is_one != (day in federal)] == []


def test_a_point_comes_back_as_it_was_written(home: Settings) -> None:
    owner = new_person()
    submission_id = new_submission(owner)
    written = new_point(
        detail="d", is_required=False, department=Department.LEGAL, owner_id=owner.id, due_at=AT, due_before_days=2,
        due_before_minutes=30, evidence_wanted="e", quote="q", quote_field="description", quote_start=3,
    )  # fmt: skip
    add(submission_id, owner, written)
    found = only(submission_id, owner)
    assert all(getattr(found, name) == value for name, value in vars(written).items())
    assert (found.version, found.position, found.created_at, found.is_done, found.is_own) == (1, 1, AT, False, True)


def test_a_point_is_written_upon_its_version_and_in_known_columns_only(home: Settings) -> None:
    owner = new_person()
    submission_id = new_submission(owner)
    add(submission_id, owner, new_point())
    point = only(submission_id, owner)
    with open_ledger().deed(AuditEvent("test:tried", "x", owner.id), owner) as deed:
        assert update_task(deed, point.id, 1, {"title": "First"})
        assert not update_task(deed, point.id, 1, {"title": "Second"})
        with pytest.raises(KeyError):
            update_task(deed, point.id, 2, {"locked": False})
    assert only(submission_id, owner).title == "First"


def test_rows_refuse_what_the_use_cases_refuse(home: Settings) -> None:
    owner, finance, stranger = new_person(), new_person(department=Department.FINANCE), new_person()
    submission_id = new_submission(owner)
    add(
        submission_id, owner, new_point(locked=True, department=Department.FINANCE, template_key="offer/finance_review")
    )
    point = only(submission_id, owner)
    ticked = "update submission_tasks set completed = true, completed_at = now(), completed_by = %s, version = version + 1 where id = %s"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        write(owner, ticked, owner.id, point.id)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        write(owner, "update submission_tasks set waived_reason = 'No.', version = version + 1 where id = %s", point.id)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):  # not in somebody else's name
        write(finance, ticked, owner.id, point.id)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):  # the department ticks and changes nothing else
        write(finance, "update submission_tasks set due_before_days = 1, version = version + 1 where id = %s", point.id)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):  # what a point is does not change
        write(owner, "update submission_tasks set locked = false, version = version + 1 where id = %s", point.id)
    assert write(owner, "delete from submission_tasks where id = %s", point.id) == 0
    for nobody in (stranger, new_person(Role.ADMIN), new_person(Role.VIEWER, Department.FINANCE)):
        assert write(nobody, ticked, nobody.id, point.id) == 0
    assert write(finance, ticked, finance.id, point.id) == 1


def test_a_purge_takes_points_of_an_offer_that_is_no_draft(home: Settings) -> None:
    owner = new_person()
    submission_id = new_submission(owner)
    add(submission_id, owner, new_point())
    with psycopg.connect(**superuser_conninfo(current())) as connection:
        connection.execute("set role procura_owner")  # as purge_records does (0007_retention.sql)
        connection.execute("update submissions set status = 'pending_approval' where id = %s", [submission_id])
        assert (
            connection.execute("delete from submission_tasks where submission_id = %s", [submission_id]).rowcount == 1
        )
