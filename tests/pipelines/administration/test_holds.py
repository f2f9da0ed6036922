"""A hold is set by one and lifted by another: the use case says so, and PostgreSQL a second time."""

import threading
import time
import uuid
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from pipelines.administration.holds import lift_hold, list_holds, set_hold
from warehouse.addresses import superuser_conninfo
from warehouse.domain.access import Department, Person, Role
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.retention import Hold, HoldKind
from warehouse.errors import BadInput, NotFound, NotPermitted, WrongState
from warehouse.ledger.store import SYSTEM, Ledger, open_ledger
from warehouse.settings import Settings

AT = datetime(2026, 4, 10, 12, tzinfo=UTC)
INSERT = (
    "insert into legal_holds (id, kind, subject, reason, set_by, set_at)"
    " values (gen_random_uuid(), 'agency', 'NAVY', 'r', %s, now())"
)


@pytest.fixture
def ledger(home: Settings) -> Ledger:
    """The ledger as the app, nothing held."""
    with as_superuser(home) as connection:
        connection.execute("delete from legal_holds")
    return open_ledger("procura_app")


def as_superuser(home: Settings) -> psycopg.Connection:
    return psycopg.connect(make_conninfo("", **superuser_conninfo(home)), autocommit=True)


def person(home: Settings, role: Role, department: Department) -> Person:
    email = f"{uuid.uuid4()}@firm.example"
    with as_superuser(home) as connection:
        row = connection.execute(
            "insert into profiles (email, role, department) values (%s, %s, %s) returning id",
            [email, role.value, department.value],
        ).fetchone()
    assert row is not None
    return Person(str(row[0]), email, role, department)


def hold(ledger: Ledger, by: Person | None = None, subject: str = "ARMY") -> Hold:
    return set_hold(ledger, kind=HoldKind.AGENCY, subject=subject, reason="claim 17", at=AT, by=by)


def test_one_sets_and_another_lifts_with_both_in_the_log(home: Settings, ledger: Ledger) -> None:
    legal = person(home, Role.CONTRACT_OFFICER, Department.LEGAL)
    admin = person(home, Role.ADMIN, Department.OPERATIONS)
    made = hold(ledger, legal)
    with pytest.raises(NotPermitted, match="who set a hold does not lift it"):
        lift_hold(ledger, made.id, reason="settled", at=AT, by=legal)
    lifted = lift_hold(ledger, made.id, reason="settled", at=AT, by=admin)
    assert (lifted.set_by, lifted.lifted_by, lifted.lift_reason) == (legal.id, admin.id, "settled")
    assert list_holds(ledger) == []
    assert list_holds(ledger, with_lifted=True) == [lifted]
    with ledger.read() as tx:
        rows = tx.rows("select action, actor from audit_logs where subject = %s order by seq", [made.id])
    assert [(row["action"], row["actor"]) for row in rows] == [("hold:set", legal.id), ("hold:lifted", admin.id)]


def test_operator_at_the_machine_is_one_person_more_and_no_exception(home: Settings, ledger: Ledger) -> None:
    admin = person(home, Role.ADMIN, Department.OPERATIONS)
    by_operator, by_admin = hold(ledger), hold(ledger, admin, "NAVY")
    with pytest.raises(NotPermitted):
        lift_hold(ledger, by_operator.id, reason="settled", at=AT)
    lift_hold(ledger, by_operator.id, reason="settled", at=AT, by=admin)
    lift_hold(ledger, by_admin.id, reason="settled", at=AT)
    assert list_holds(ledger) == []


@pytest.mark.parametrize(
    ("role", "department"),
    [(Role.VIEWER, Department.AUDIT), (Role.CONTRACT_OFFICER, Department.CONTRACTS), (Role.VIEWER, Department.LEGAL)],
)
def test_who_is_neither_admin_nor_legal_sets_and_lifts_none(
    home: Settings, ledger: Ledger, role: Role, department: Department
) -> None:
    made, other = hold(ledger), person(home, role, department)
    with pytest.raises(NotPermitted):
        hold(ledger, other, "NAVY")
    with pytest.raises(NotPermitted):
        lift_hold(ledger, made.id, reason="settled", at=AT, by=other)
    # The same as SQL in the app's own role, past the use case.
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        ledger.deed(AuditEvent("hold:set", "x", other.id), other) as deed,
    ):
        deed.execute(
            INSERT,
            [other.id],
        )


def test_database_lets_nobody_lift_the_own_hold_or_act_in_another_name(home: Settings, ledger: Ledger) -> None:
    admin = person(home, Role.ADMIN, Department.OPERATIONS)
    second = person(home, Role.ADMIN, Department.OPERATIONS)
    made = hold(ledger, admin)
    lift = "update legal_holds set lifted_by = %s, lifted_at = now(), lift_reason = 'x' where id = %s"
    with ledger.deed(AuditEvent("hold:lifted", made.id, admin.id), admin) as deed:
        assert deed.execute(lift, [admin.id, made.id]).rowcount == 0
        deed.nothing_happened()
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        ledger.deed(AuditEvent("hold:lifted", made.id, second.id), second) as deed,
    ):
        deed.execute(lift, [admin.id, made.id])
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        ledger.deed(AuditEvent("hold:set", "x", admin.id), admin) as deed,
    ):
        deed.execute(
            INSERT,
            [second.id],
        )
    for statement in (
        "delete from legal_holds",
        "update legal_holds set set_by = 'x'",
        "update legal_holds set subject = 'x'",
    ):
        with (
            pytest.raises(psycopg.errors.InsufficientPrivilege),
            ledger.deed(AuditEvent("hold:lifted", "x", second.id), second) as deed,
        ):
            deed.execute(statement)
    with as_superuser(home) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("update legal_holds set lifted_by = set_by, lifted_at = now(), lift_reason = 'x'")


def test_what_cannot_be_is_refused_in_words(ledger: Ledger) -> None:
    made = hold(ledger)
    with pytest.raises(WrongState, match="held already"):
        hold(ledger, subject="army")
    with pytest.raises(BadInput, match="reason"):
        set_hold(ledger, kind=HoldKind.AGENCY, subject="NAVY", reason=" ", at=AT)
    with pytest.raises(NotFound):
        lift_hold(ledger, "x", reason="settled", at=AT)
    assert [one.id for one in list_holds(ledger)] == [made.id]


@pytest.mark.thorough
def test_hold_waits_for_a_purge_that_is_being_decided(ledger: Ledger) -> None:
    done: list[float] = []
    waiting = threading.Thread(target=lambda: (hold(ledger), done.append(time.monotonic())))
    with ledger.deed(AuditEvent("trial:lock", "x", SYSTEM)) as deed:
        deed.execute("select pg_advisory_xact_lock(818)")
        waiting.start()
        waiting.join(1.0)
        assert waiting.is_alive()
        before = time.monotonic()
    waiting.join(20)
    assert done
    assert done[0] >= before
