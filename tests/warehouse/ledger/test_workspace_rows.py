"""What PostgreSQL says by itself about who opens, shares, closes, notes and acknowledges, whatever the app would ask for."""

import uuid

import psycopg
import pytest

from tests.factories_amendments import amend, put_in_state
from tests.factories_people import new_person
from tests.factories_submissions import new_submission
from warehouse.domain.access import Person, Role
from warehouse.domain.audit_event import AuditEvent
from warehouse.ledger.store import SYSTEM, open_ledger
from warehouse.ledger.submissions import read_submission
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

REFUSED = (psycopg.errors.InsufficientPrivilege, psycopg.errors.DatabaseError)


def write(by: Person, statement: str, *parameters: object) -> int:
    """Run one statement as the app in a person's name; how many rows it touched, 0 where it was refused."""
    try:
        with open_ledger().deed(AuditEvent("test:tried", "x", by.id), by) as deed:
            return deed.execute(statement, parameters).rowcount
    except psycopg.DatabaseError as error:
        if error.sqlstate not in {"42501", "PR409"}:
            raise
        return 0


def changed(home: Settings, owner: Person) -> str:
    submission_id = new_submission(owner)
    with open_ledger().read(owner) as tx:
        found = read_submission(tx, submission_id)
    assert found is not None
    amend(found.opportunity_id, set_aside_code="8A")
    return submission_id


OPEN = (
    "insert into submissions (id, opportunity_id, owner_id, label, created_at)"
    " select %s, opportunity_id, %s, %s, now() from submissions where id = %s"
)
NOTE = "insert into submission_notes values (%s, %s, %s, now(), 'x')"
SHARE = "insert into submission_members values (%s, %s, %s, now())"
ACKNOWLEDGE = "update notice_changes set acknowledged_at = now(), acknowledged_by = %s where submission_id = %s"
CLOSE = "update submissions set closed_at = now(), close_reason = 'x', version = version + 1 where id = %s"


def test_an_officer_opens_an_offer_in_the_own_name_and_nobody_else_does(home: Settings) -> None:
    owner, colleague = new_person(), new_person()
    there = new_submission(owner)
    assert write(colleague, OPEN, str(uuid.uuid4()), colleague.id, "mine", there) == 1
    assert write(colleague, OPEN, str(uuid.uuid4()), owner.id, "theirs", there) == 0
    for other in (new_person(Role.ADMIN), new_person(Role.VIEWER)):
        assert write(other, OPEN, str(uuid.uuid4()), other.id, "no", there) == 0


def test_notes_are_written_in_the_own_name_by_who_may(home: Settings) -> None:
    owner, viewer = new_person(), new_person(Role.VIEWER)
    there = new_submission(owner)
    assert write(owner, NOTE, str(uuid.uuid4()), there, owner.id) == 1
    assert write(viewer, NOTE, str(uuid.uuid4()), there, viewer.id) == 0
    assert write(owner, NOTE, str(uuid.uuid4()), there, viewer.id) == 0
    assert write(owner, "update submission_notes set body = 'y' where submission_id = %s", there) == 0
    assert write(owner, "delete from submission_notes where submission_id = %s", there) == 0


def test_an_offer_is_shared_by_its_owner_with_officers(home: Settings) -> None:
    owner, stranger = new_person(), new_person()
    there = new_submission(owner)
    assert write(stranger, SHARE, there, stranger.id, stranger.id) == 0
    assert write(owner, SHARE, there, new_person(Role.VIEWER).id, owner.id) == 0
    assert write(owner, SHARE, there, stranger.id, owner.id) == 1


def test_a_change_is_acknowledged_in_the_own_name_by_who_works_on_it(home: Settings) -> None:
    owner, stranger = new_person(), new_person()
    there = changed(home, owner)
    assert write(stranger, ACKNOWLEDGE, stranger.id, there) == 0
    assert write(owner, ACKNOWLEDGE, stranger.id, there) == 0
    assert write(owner, ACKNOWLEDGE, owner.id, there) == 1
    assert (
        write(
            owner,
            "update notice_changes set acknowledged_at = null, acknowledged_by = null where submission_id = %s",
            there,
        )
        == 0
    )


def test_an_offer_on_its_way_is_not_closed_by_sql(home: Settings) -> None:
    owner = new_person()
    there = new_submission(owner)
    assert write(new_person(), CLOSE, there) == 0
    put_in_state(there, "pending_approval")
    assert write(owner, CLOSE, there) == 0
    assert write(new_person(Role.ADMIN), CLOSE, there) == 0


def test_nobody_writes_or_undoes_what_a_notice_changed(home: Settings) -> None:
    owner = new_person()
    there = changed(home, owner)
    insert = (
        "insert into notice_changes (submission_id, to_hash, changes, relied_on, took_back)"
        " values (%s, 'x', '[]', '{}', false)"
    )
    for statement in (
        insert,
        "delete from notice_changes where submission_id = %s",
        "update notice_changes set took_back = true where submission_id = %s",
    ):
        assert write(owner, statement, there) == 0
        with (
            pytest.raises(REFUSED),
            open_ledger("procura_pipeline").deed(AuditEvent("test:tried", "x", SYSTEM)) as deed,
        ):
            deed.execute(statement, [there])


@pytest.mark.parametrize(
    "call",
    ["move_offer(s, 'x', 'y') from submissions s", "meet_notice(s, o, o, now()) from submissions s, opportunities o"],
)
def test_no_role_of_the_product_calls_what_moves_an_offer(home: Settings, call: str) -> None:
    for role in ("procura_app", "procura_pipeline"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), open_ledger(role).read() as tx:
            tx.execute(f"select {call}")
