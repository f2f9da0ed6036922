from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from pipelines.administration.notices_due import tell_what_is_due
from tests.factories_ledger import AT, opportunity, publish
from tests.factories_notifications import new_notice
from tests.factories_people import new_person
from tests.factories_submissions import new_submission
from warehouse import clock
from warehouse.addresses import superuser_conninfo
from warehouse.domain.access import Department, Person
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.notification import NotificationKind
from warehouse.ledger.notifications import list_notifications
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

DUE = datetime(2026, 5, 15, 18, tzinfo=UTC)  # Fri 15 May 14:00 EDT
SAFE = datetime(2026, 5, 14, 21, tzinfo=UTC)  # Thu 14 May 17:00 EDT


def tell(at: datetime) -> None:
    tell_what_is_due(open_ledger(), at=at, world_at=at)


def told(person: Person) -> list[tuple[NotificationKind, str]]:
    with open_ledger().read(person) as tx:
        return [(notice.kind, notice.text) for notice in reversed(list_notifications(tx, person.id))]


def offer(owner: Person, *members: Person) -> str:
    return new_submission(owner, members=members, due_date=DUE, safe_deadline_at=SAFE, title="Lamps for Fort Bragg")


def close(submission_id: str, owner: Person) -> None:
    with open_ledger().deed(AuditEvent("submission:closed", submission_id, owner.id), owner) as deed:
        deed.execute(
            "update submissions set closed_at = now(), close_reason = 'over', version = version + 1 where id = %s",
            [submission_id],
        )


def test_a_deadline_is_told_seven_three_and_one_day_before_and_at_the_safe_instant_each_once(home: Settings) -> None:
    owner, member = new_person(), new_person()
    offer(owner, member)
    at = DUE - timedelta(days=9)
    while at < DUE:
        tell(at)
        tell(at)
        at += timedelta(hours=1)
    expected = [
        (NotificationKind.DEADLINE, "“Lamps for Fort Bragg” is due in 7 d 0 h: Fri 15 May 14:00 EDT."),
        (NotificationKind.DEADLINE, "“Lamps for Fort Bragg” is due in 3 d 0 h: Fri 15 May 14:00 EDT."),
        (NotificationKind.DEADLINE, "“Lamps for Fort Bragg” is due in 1 d 0 h: Fri 15 May 14:00 EDT."),
        (
            NotificationKind.SAFE_INSTANT,
            "The safe instant of “Lamps for Fort Bragg” was just now; it is due in 21 h 0 min: Fri 15 May 14:00 EDT.",
        ),
    ]
    assert sorted(told(owner)) == sorted(expected)
    assert told(member) == told(owner)


def test_after_a_pause_it_is_told_late_with_the_time_that_is_left_and_earlier_days_are_not_made_up(
    home: Settings,
) -> None:
    owner = new_person()
    offer(owner)
    tell(DUE - timedelta(hours=13))
    assert sorted(told(owner)) == [
        (NotificationKind.DEADLINE, "“Lamps for Fort Bragg” is due in 13 h 0 min: Fri 15 May 14:00 EDT."),
        (
            NotificationKind.SAFE_INSTANT,
            "The safe instant of “Lamps for Fort Bragg” was 8 h 0 min ago; it is due in 13 h 0 min: Fri 15 May 14:00 EDT.",
        ),
    ]


def test_a_deadline_that_passed_is_told_as_passed_once_and_never_as_coming(home: Settings) -> None:
    owner = new_person()
    offer(owner)
    tell(DUE + timedelta(hours=2))
    tell(DUE + timedelta(days=3))
    assert told(owner) == [
        (
            NotificationKind.DEADLINE,
            "The deadline of “Lamps for Fort Bragg” passed 2 h 0 min ago: Fri 15 May 14:00 EDT.",
        )
    ]


def test_a_moved_deadline_is_told_again(home: Settings) -> None:
    owner = new_person()
    submission_id = offer(owner)
    tell(DUE - timedelta(days=1))
    later = DUE + timedelta(days=30)
    with open_ledger("procura_pipeline").deed(AuditEvent("opportunities:published", "x", "system")) as deed:
        deed.execute(
            "update opportunities set due_date = %s, safe_deadline_at = %s where id = (select opportunity_id from submissions"
            " where id = %s)",
            [later, later - timedelta(days=1), submission_id],
        )
    tell(later - timedelta(days=7))
    assert [text.split(":")[0] for kind, text in told(owner) if kind is NotificationKind.DEADLINE] == [
        "“Lamps for Fort Bragg” is due in 1 d 0 h",
        "“Lamps for Fort Bragg” is due in 7 d 0 h",
    ]


def test_of_a_closed_offer_nothing_is_told(home: Settings) -> None:
    owner = new_person()
    close(offer(owner), owner)
    tell(DUE - timedelta(days=1))
    tell(DUE + timedelta(days=1))
    assert told(owner) == []


def test_who_reviews_an_opportunity_without_an_offer_hears_of_its_deadline(home: Settings) -> None:
    officer = new_person()
    found = opportunity(700_001, due_date=DUE, title="Cables")
    publish([found])
    with open_ledger().deed(AuditEvent("opportunity:status_set", found["id"], officer.id), officer) as deed:
        deed.execute(
            "update opportunities set status = 'reviewing', status_changed_at = %s, status_changed_by = %s where id = %s",
            [DUE - timedelta(days=20), officer.id, found["id"]],
        )
    tell(DUE - timedelta(days=3))
    assert [text for _, text in told(officer)] == ["“Cables” is due in 3 d 0 h: Fri 15 May 14:00 EDT."]


def test_an_overdue_point_is_told_to_its_owner_once(home: Settings) -> None:
    owner, member = new_person(), new_person()
    submission_id = offer(owner, member)
    with open_ledger().deed(AuditEvent("checklist:made", submission_id, owner.id), owner) as deed:
        deed.execute("select from submissions where id = %s for update", [submission_id])
        for title, whose, due in (("Prices", member.id, None), ("Resumes", None, DUE - timedelta(days=12))):
            deed.execute(
                "insert into submission_tasks (id, submission_id, title, owner_id, due_at, due_before_minutes)"
                " values (gen_random_uuid(), %s, %s, %s, %s, %s)",
                [submission_id, title, whose, due, None if due else 10 * 1440],
            )
    for hours in (1, 2):
        tell(DUE - timedelta(days=10) + timedelta(hours=hours))
    assert told(member) == [(NotificationKind.POINT_OVERDUE, "“Prices” was due 1 h 0 min ago.")]
    assert told(owner) == [(NotificationKind.POINT_OVERDUE, "“Resumes” was due 2 d 1 h ago.")]


def waiting(home: Settings, submission_id: str, owner: Person, *, signed: bool = False) -> None:
    """Send a package to approval and tell so, as the use cases of approvals do; rows only."""
    with psycopg.connect(make_conninfo("", **superuser_conninfo(home))) as connection:
        connection.execute("set session_replication_role = replica")
        manifest = connection.execute(
            "insert into package_manifests (id, submission_id, number, body, manifest_hash, made_by, made_at)"
            " values (gen_random_uuid(), %s, 1, '{}', encode(sha256('{}'), 'hex'), %s, now()) returning id",
            [submission_id, owner.id],
        ).fetchone()
        assert manifest is not None
        for position, department in enumerate(("legal", "finance"), 1):
            connection.execute(
                "insert into approval_workflows (id, submission_id, step_name, manifest_id, manifest_hash, position, department,"
                " created_at) values (gen_random_uuid(), %s, %s, %s, 'x', %s, %s, now() - interval '1 minute')",
                [submission_id, department, manifest[0], position, department],
            )
        connection.execute("update submissions set status = 'pending_approval' where id = %s", [submission_id])
        if signed:
            connection.execute(
                "update approval_workflows set status = 'complete', approver_id = %s, decided_at = now(), session_hash = 'x'"
                " where submission_id = %s and position = 1",
                [owner.id, submission_id],
            )


@pytest.mark.parametrize("signed", [False, True])
def test_who_is_waited_for_hears_of_it_again_after_a_day_once_and_not_who_signed(home: Settings, signed: bool) -> None:
    owner = new_person()
    legal, finance = new_person(department=Department.LEGAL), new_person(department=Department.FINANCE)
    submission_id = offer(owner)
    waiting(home, submission_id, owner, signed=signed)
    new_notice(
        legal, finance, kind=NotificationKind.WAITING_FOR_YOU, by=owner, submission_id=submission_id, text="First"
    )
    for hours in (23, 25, 26, 60):
        tell_what_is_due(open_ledger(), at=clock.now() + timedelta(hours=hours), world_at=AT)
    again = [text for kind, text in told(legal) if kind is NotificationKind.WAITING_FOR_YOU]
    later = [text for kind, text in told(finance) if kind is NotificationKind.WAITING_FOR_YOU]
    reminder = "“Lamps for Fort Bragg” has waited for your signature for 1 d 1 h."
    assert again == (["First"] if signed else ["First", reminder])
    assert later == (["First", reminder] if signed else ["First"])


@pytest.mark.parametrize("title", ["https://evil.example/a", "<b>bold</b> [x](y)", "x" * 5_000])
def test_a_title_of_others_is_inert_and_bounded(home: Settings, title: str) -> None:
    owner = new_person()
    new_submission(owner, due_date=DUE, safe_deadline_at=SAFE, title=title)
    tell(DUE - timedelta(days=1))
    ((_, text),) = told(owner)
    assert len(text) < 300
    assert not any(sign in text for sign in ("://", "<", "["))
