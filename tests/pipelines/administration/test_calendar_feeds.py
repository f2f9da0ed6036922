from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from pipelines.administration.calendar_feeds import list_feeds, new_feed, read_calendar, revoke_feed
from tests.factories_ledger import opportunity, publish
from tests.factories_people import new_person
from tests.factories_submissions import new_submission
from warehouse.domain.access import Department, Person, Role
from warehouse.domain.audit_event import AuditEvent
from warehouse.errors import BadInput, NotFound, WrongState
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

AT = datetime(2026, 5, 1, 12, tzinfo=UTC)
DUE = datetime(2026, 5, 15, 18, tzinfo=UTC)
SAFE = datetime(2026, 5, 14, 21, tzinfo=UTC)


def feed(by: Person) -> str:
    return new_feed(open_ledger(), "my telephone", at=AT, by=by).token


def events(token: str, at: datetime = AT) -> dict[str, Any]:
    body = read_calendar(open_ledger(), token, "198.51.100.7", at=at)
    return {str(event["uid"]): event for event in Calendar.from_ical(body).walk("VEVENT")}


def guest_of_an_offer(title: str = "Lamps") -> tuple[Person, Person, str]:
    """Somebody who sees exactly one offer: that which was shared with them."""
    owner, guest = new_person(), new_person(department=Department.OPERATIONS)
    return owner, guest, new_submission(owner, members=[guest], due_date=DUE, safe_deadline_at=SAFE, title=title)


def unshare(submission_id: str, owner: Person, guest: Person) -> None:
    with open_ledger().deed(AuditEvent("submission:unshared", submission_id, owner.id), owner) as deed:
        deed.execute("delete from submission_members where profile_id = %s", [guest.id])


def test_a_feed_holds_deadline_and_safe_instant_of_offers_that_its_person_sees(home: Settings) -> None:
    _, guest, submission_id = guest_of_an_offer()
    new_submission(new_person(), due_date=DUE, title="Of others")
    found = events(feed(guest))
    assert {uid: (str(event["summary"]), event["dtstart"].dt) for uid, event in found.items()} == {
        f"offer-{submission_id}-due@procura": ("Due: Lamps", DUE),
        f"offer-{submission_id}-safe@procura": ("Send by: Lamps", SAFE - timedelta(minutes=30)),
    }


def test_it_holds_what_its_person_has_in_review(home: Settings) -> None:
    officer = new_person(department=Department.OPERATIONS)
    mine, others = (
        opportunity(810_001, due_date=DUE, title="Mine"),
        opportunity(810_002, due_date=DUE, title="Not mine"),
    )
    publish([mine, others])
    with open_ledger().deed(AuditEvent("opportunity:status_set", mine["id"], officer.id), officer) as deed:
        deed.execute(
            "update opportunities set status = 'qualified', status_changed_at = now(), status_changed_by = %s where id = %s",
            [officer.id, mine["id"]],
        )
    assert {str(event["summary"]) for event in events(feed(officer)).values()} == {"Due: Mine", "Send by: Mine"}


def test_asked_twice_it_says_byte_for_byte_the_same(home: Settings) -> None:
    _, guest, _ = guest_of_an_offer()
    token = feed(guest)
    first = read_calendar(open_ledger(), token, "x", at=AT)
    assert read_calendar(open_ledger(), token, "x", at=AT + timedelta(hours=5)) == first


def test_a_moved_deadline_keeps_its_uid_and_counts_up(home: Settings) -> None:
    _, guest, submission_id = guest_of_an_offer()
    token, uid = feed(guest), f"offer-{submission_id}-due@procura"
    assert events(token)[uid]["sequence"] == 0
    with open_ledger("procura_pipeline").deed(AuditEvent("opportunities:published", "x", "system")) as deed:
        deed.execute("update opportunities set due_date = %s where title = 'Lamps'", [DUE + timedelta(days=2)])
    moved = events(token)[uid]
    assert (moved["sequence"], moved["dtstart"].dt) == (1, DUE + timedelta(days=2))


def test_what_one_may_no_longer_see_is_cancelled_without_a_word_of_it(home: Settings) -> None:
    owner, guest, submission_id = guest_of_an_offer("A secret title")
    token = feed(guest)
    events(token)
    unshare(submission_id, owner, guest)
    body = read_calendar(open_ledger(), token, "x", at=AT)
    found = events(token)
    assert {str(event["status"]) for event in found.values()} == {"CANCELLED"}
    assert {event["sequence"] for event in found.values()} == {1}
    assert b"secret" not in body
    assert found == events(token)  # cancelled once, not again and again


def test_what_comes_back_is_confirmed_again(home: Settings) -> None:
    owner, guest, submission_id = guest_of_an_offer()
    token = feed(guest)
    events(token)
    unshare(submission_id, owner, guest)
    events(token)
    with open_ledger().deed(AuditEvent("submission:shared", submission_id, owner.id), owner) as deed:
        deed.execute("insert into submission_members values (%s, %s, %s, %s)", [submission_id, guest.id, owner.id, AT])
    assert {(str(e["status"]), e["sequence"]) for e in events(token).values()} == {("CONFIRMED", 2)}


def test_a_title_cannot_add_lines_of_its_own(home: Settings) -> None:
    _, guest, _ = guest_of_an_offer("Lamps\r\nATTACH:http://evil.example\r\nBEGIN:VALARM")
    body = read_calendar(open_ledger(), feed(guest), "x", at=AT)
    assert b"\nATTACH" not in body
    assert b"\nBEGIN:VALARM" not in body


def test_revoked_unknown_and_disabled_are_the_same_answer(home: Settings) -> None:
    revoker, disabled = new_person(), new_person()
    revoked, of_disabled = feed(revoker), feed(disabled)
    (known,) = list_feeds(open_ledger(), by=revoker)
    revoke_feed(open_ledger(), known.id, at=AT, by=revoker)
    with open_ledger().housekeeping() as tx:
        tx.execute("update profiles set is_disabled = true where id = %s", [disabled.id])
    said = set()
    for token in (revoked, of_disabled, "nothing", "", "x" * 10_000, "\x00"):
        with pytest.raises(NotFound) as caught:
            read_calendar(open_ledger(), token, f"client {token[:5]!r}", at=AT)
        said.add(str(caught.value))
    assert len(said) == 1


def test_guessing_is_slowed_down_and_a_right_address_is_not(home: Settings) -> None:
    _, guest, _ = guest_of_an_offer()
    token = feed(guest)
    for _ in range(20):
        with pytest.raises(NotFound):
            read_calendar(open_ledger(), "guess", "203.0.113.9", at=AT)
    with pytest.raises(WrongState):
        read_calendar(open_ledger(), "guess", "203.0.113.9", at=AT)
    assert read_calendar(open_ledger(), token, "203.0.113.9", at=AT)


def test_the_token_is_nowhere_in_the_database(home: Settings) -> None:
    token = feed(new_person(Role.VIEWER))
    with open_ledger().read() as tx:
        rows = tx.rows("select f::text as text from calendar_feeds f union all select a::text from audit_logs a")
    assert rows
    assert not any(token in row["text"] for row in rows)


def test_nobody_sees_or_revokes_anothers_and_there_are_ten_at_most(home: Settings) -> None:
    viewer, other = new_person(Role.VIEWER), new_person(Role.ADMIN)
    for _ in range(10):
        feed(viewer)
    with pytest.raises(BadInput):
        feed(viewer)
    assert list_feeds(open_ledger(), by=other) == []
    with pytest.raises(NotFound):
        revoke_feed(open_ledger(), list_feeds(open_ledger(), by=viewer)[0].id, at=AT, by=other)
