"""What PostgreSQL says about offers by itself: who sees one, who writes in it, and when nobody does any more."""

import uuid

import psycopg
import pytest

from pipelines.submission.look_up import find_submission
from tests.factories_ledger import AT
from tests.factories_people import new_person
from tests.factories_submissions import new_file_row, new_submission
from warehouse.addresses import superuser_conninfo
from warehouse.domain.access import Department, Person, Role
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.submission import SubmissionStatus
from warehouse.errors import NotFound
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings, current


def write(by: Person, statement: str, *parameters: object) -> int:
    """Run one statement as the app in a person's name; how many rows it touched."""
    with open_ledger().deed(AuditEvent("test:tried", "x", by.id), by) as deed:
        return deed.execute(statement, parameters).rowcount


def authors(submission_id: str, by: Person) -> set[str]:
    with open_ledger().read(by) as tx:
        rows = tx.rows(
            "select profile_id::text as id from submission_authors where submission_id = %s", [submission_id]
        )
    return {row["id"] for row in rows}


def add_item(submission_id: str, document_id: str, by: Person) -> int:
    return write(
        by,
        "insert into package_items (submission_id, document_id, position, package_name) values (%s, %s, 1, 'Volume I')",
        submission_id,
        document_id,
    )


def put_in_state(submission_id: str, status: str) -> None:
    """As the owner of the tables: the functions that move an offer act so."""
    with psycopg.connect(**superuser_conninfo(current())) as connection:
        connection.execute("set role procura_owner")
        connection.execute("update submissions set status = %s, sent_at = now() where id = %s", [status, submission_id])


def test_owner_members_and_those_concerned_see_an_offer_and_others_do_not(home: Settings) -> None:
    owner, member = new_person(), new_person(department=Department.OPERATIONS)
    submission_id = new_submission(owner, members=[member])
    found = find_submission(open_ledger(), submission_id, by=member)
    assert (found.owner_id, found.members, found.status) == (owner.id, (member.id,), SubmissionStatus.DRAFT)
    for role, department in (
        (Role.VIEWER, Department.CONTRACTS),
        (Role.VIEWER, Department.AUDIT),
        (Role.ADMIN, Department.OPERATIONS),
    ):
        assert find_submission(open_ledger(), submission_id, by=new_person(role, department)).id == submission_id
    for role, department in ((Role.VIEWER, Department.LEGAL), (Role.CONTRACT_OFFICER, Department.OPERATIONS)):
        with pytest.raises(NotFound):
            find_submission(open_ledger(), submission_id, by=new_person(role, department))
    with pytest.raises(NotFound):
        find_submission(open_ledger(), "no id ' at all", by=owner)


def test_whoever_changes_what_an_offer_says_is_remembered_as_its_author(home: Settings) -> None:
    owner, member = new_person(), new_person()
    submission_id = new_submission(owner, members=[member])
    assert authors(submission_id, owner) == {owner.id}
    _, document_id = new_file_row(submission_id, owner)
    assert add_item(submission_id, document_id, member) == 1
    assert authors(submission_id, owner) == {owner.id, member.id}
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        write(owner, "delete from submission_authors where submission_id = %s", submission_id)


def test_strangers_and_admins_write_nothing_in_an_offer(home: Settings) -> None:
    owner = new_person()
    submission_id = new_submission(owner)
    _, document_id = new_file_row(submission_id, owner)
    for stranger in (new_person(), new_person(Role.ADMIN), new_person(department=Department.LEGAL)):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            add_item(submission_id, document_id, stranger)
        assert write(stranger, "update submission_files set removed_at = %s, removed_by = %s", AT, stranger.id) == 0


def test_nothing_of_an_offer_changes_once_it_was_sent(home: Settings) -> None:
    owner = new_person()
    submission_id = new_submission(owner)
    _, document_id = new_file_row(submission_id, owner)
    add_item(submission_id, document_id, owner)
    put_in_state(submission_id, "pending_approval")
    assert write(owner, "update package_items set position = 2 where submission_id = %s", submission_id) == 0
    assert write(owner, "delete from package_items where submission_id = %s", submission_id) == 0
    with pytest.raises(psycopg.errors.DatabaseError) as refused:
        add_item(submission_id, str(uuid.uuid4()), owner)
    assert refused.value.sqlstate == "PR409"
    with pytest.raises(psycopg.errors.DatabaseError) as refused:
        write(owner, "update submissions set value_usd = 1, version = version + 1 where id = %s", submission_id)
    assert refused.value.sqlstate == "PR409"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        write(owner, "update submissions set status = 'approved' where id = %s", submission_id)


def test_two_changes_upon_the_same_version_are_one_too_many(home: Settings) -> None:
    owner = new_person()
    submission_id = new_submission(owner)
    assert (
        write(owner, "update submissions set label = 'Base', version = version + 1 where id = %s", submission_id) == 1
    )
    with pytest.raises(psycopg.errors.SerializationFailure):
        write(owner, "update submissions set label = 'Other', version = 2 where id = %s", submission_id)


def test_an_offer_is_handed_to_an_officer_by_its_owner_or_an_admin(home: Settings) -> None:
    owner, other, admin, member = new_person(), new_person(), new_person(Role.ADMIN), new_person()
    submission_id = new_submission(owner, members=[member])
    hand_over = "update submissions set owner_id = %s, version = version + 1 where id = %s"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        write(member, hand_over, member.id, submission_id)
    with pytest.raises(psycopg.errors.DatabaseError) as refused:
        write(admin, hand_over, admin.id, submission_id)
    assert refused.value.sqlstate == "PR409"
    assert write(admin, hand_over, other.id, submission_id) == 1
    assert authors(submission_id, admin) == {owner.id, other.id}


def test_what_a_scan_found_is_not_changed_by_hand(home: Settings) -> None:
    owner = new_person()
    submission_id = new_submission(owner)
    file_id, _ = new_file_row(submission_id, owner, clean=False)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        write(owner, "update submission_files set scan_status = 'clean' where id = %s", file_id)
