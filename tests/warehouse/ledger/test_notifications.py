import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.factories_ledger import AT, opportunity, publish
from tests.factories_notifications import new_notice
from tests.factories_people import new_person
from tests.factories_submissions import new_submission
from warehouse.addresses import superuser_conninfo
from warehouse.domain.access import Department, Person, Role
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.notification import NotificationKind
from warehouse.ledger import notifications
from warehouse.ledger.notifications import Notification, tell
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough


def inbox(person: Person) -> list[Notification]:
    with open_ledger().read(person) as tx:
        return notifications.list_notifications(tx, person.id)


def test_the_acting_person_is_left_out_and_a_key_is_told_once(home: Settings) -> None:
    ann, bob = new_person(), new_person()
    key = new_notice(ann, bob, by=ann)
    new_notice(ann, bob, by=ann, key=key, text="The same again.")
    assert inbox(ann) == []
    (told,) = inbox(bob)
    assert (told.text, told.actor_email, told.read_at) == ("Ann mentioned you.", ann.email, None)


def test_what_a_failed_deed_told_was_never_told(home: Settings) -> None:
    ann, bob = new_person(), new_person()
    with (
        pytest.raises(ZeroDivisionError),
        open_ledger().deed(AuditEvent("submission:noted", "x", ann.id), ann) as deed,
    ):
        tell(deed, [bob.id], NotificationKind.MENTIONED, "x", key="of-a-failed-deed")
        raise ZeroDivisionError
    assert inbox(bob) == []


def test_a_disabled_account_and_an_unknown_one_are_told_nothing(home: Settings) -> None:
    gone = new_person()
    with open_ledger().housekeeping() as tx:
        tx.execute("update profiles set is_disabled = true where id = %s", [gone.id])
    key = new_notice(gone)
    with open_ledger().read() as tx:
        assert tx.row("select from notifications where key = %s", [key]) is None


def test_a_long_text_is_cut_and_kept_on_one_line(home: Settings) -> None:
    bob = new_person()
    new_notice(bob, text="line\nline \x00" + "x" * 600)
    (told,) = inbox(bob)
    assert len(told.text) == 500
    assert told.text.startswith("line line x")


def test_a_notice_about_an_offer_is_seen_while_the_offer_is(home: Settings) -> None:
    owner, guest = new_person(), new_person(department=Department.OPERATIONS)
    submission_id = new_submission(owner, members=[guest])
    new_notice(guest, by=owner, submission_id=submission_id)
    assert [notice.title for notice in inbox(guest)] == [notice.title for notice in inbox(guest)] != []
    with open_ledger().deed(AuditEvent("submission:unshared", submission_id, owner.id), owner) as deed:
        deed.execute("delete from submission_members where profile_id = %s", [guest.id])
    assert inbox(guest) == []


@pytest.mark.parametrize("role", list(Role))
def test_nobody_reads_marks_or_writes_what_is_anothers(home: Settings, role: Role) -> None:
    bob, other = new_person(), new_person(role)
    key = new_notice(bob)
    with open_ledger().read(other) as tx:
        assert tx.row("select from notifications where key = %s", [key]) is None
    with open_ledger().deed(AuditEvent("submission:noted", "x", other.id), other) as deed:
        assert notifications.mark_read(deed, bob.id, None, at=AT) == 0
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        open_ledger().deed(AuditEvent("submission:noted", "x", other.id), other) as deed,
    ):
        deed.execute(
            "insert into notifications (person_id, key, kind, text, actor) values (%s, 'k', 'mentioned', 'x', 'y')",
            [bob.id],
        )


def test_without_an_identity_nothing_is_told(home: Settings) -> None:
    bob = new_person()
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        open_ledger().housekeeping() as tx,
    ):
        tx.execute("select set_config('procura.role', '', true)")
        tx.execute("select tell_people(%s::uuid[], 'mentioned', 'x', 'k', null, null)", [[bob.id]])


def test_what_is_removed_takes_its_notices_along(home: Settings) -> None:
    owner, bob = new_person(), new_person()
    found = opportunity(820_001)
    publish([found])
    of_offer = new_submission(owner, members=[bob])
    new_notice(bob, by=owner, opportunity_id=found["id"])
    new_notice(bob, by=owner, submission_id=of_offer)
    assert len(inbox(bob)) == 2
    with open_ledger("procura_pipeline").deed(AuditEvent("opportunities:published", "x", "system")) as deed:
        assert deed.execute("delete from opportunities where id = %s", [found["id"]]).rowcount == 1
    assert [notice.submission_id for notice in inbox(bob)] == [of_offer]
    with psycopg.connect(make_conninfo("", **superuser_conninfo(home))) as connection:
        connection.execute("set role procura_owner")
        assert connection.execute("delete from submissions where id = %s", [of_offer]).rowcount == 1
    assert inbox(bob) == []
