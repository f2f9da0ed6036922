"""A changed notice meets the offers to it: what is written down, what opens again, what stays as it is."""

import uuid
from datetime import timedelta
from typing import Any

import pytest

from pipelines.submission.look_up import find_submission
from pipelines.submission.notice_changes import acknowledge, read_changes
from tests.factories_amendments import amend, put_in_state
from tests.factories_ledger import opportunity, publish
from tests.factories_people import new_person
from tests.factories_submissions import new_submission
from warehouse import clock
from warehouse.domain.access import Person
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.submission import SubmissionStatus
from warehouse.errors import WrongState
from warehouse.ledger.notice_changes import FieldChange, NoticeChange
from warehouse.ledger.store import Row, open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

SOON: dict[str, Any] = {"at": clock.now() + timedelta(days=30)}
TEXT = "The contractor shall maintain the network.\n\n  Volume I is limited to 20 pages."


def add_point(submission_id: str, by: Person, *, relies_on: list[str], minutes: int | None = None) -> str:
    point_id = str(uuid.uuid4())
    with open_ledger().deed(AuditEvent("checklist:added", point_id, by.id), by) as deed:
        deed.execute(
            "insert into submission_tasks (id, submission_id, title, relies_on, due_before_minutes) values (%s, %s, %s, %s, %s)",
            [point_id, submission_id, f"Point {point_id[:4]}", relies_on, minutes],
        )
        deed.execute(
            "update submission_tasks set completed = true, completed_at = now(), completed_by = %s, version = 2 where id = %s",
            [by.id, point_id],
        )
    return point_id


def points(submission_id: str, by: Person) -> dict[str, Row]:
    with open_ledger().read(by) as tx:
        rows = tx.rows(
            "select id::text as id, completed, due_at, version from submission_tasks where submission_id = %s",
            [submission_id],
        )
    return {row["id"]: row for row in rows}


def activity(submission_id: str, by: Person) -> list[str]:
    with open_ledger().read(by) as tx:
        rows = tx.rows("select action from audit_logs where submission_ref = %s order by seq", [submission_id])
    return [row["action"] for row in rows]


def told(person: Person) -> list[tuple[str, str]]:
    with open_ledger().read(person) as tx:
        return [(r["kind"], r["text"]) for r in tx.rows("select kind, text from notifications order by at")]


@pytest.fixture
def owner(home: Settings) -> Person:
    return new_person()


def only_change(submission_id: str, by: Person) -> NoticeChange:
    (change,) = read_changes(open_ledger(), submission_id, by=by)
    return change


def test_a_moved_deadline_is_written_down_opens_what_relied_on_it_and_moves_what_is_due_before_it(
    owner: Person,
) -> None:
    submission_id = new_submission(owner, description=TEXT, **SOON)
    pricing = add_point(submission_id, owner, relies_on=["deadline", "attachments"], minutes=90)
    certificates = add_point(submission_id, owner, relies_on=["set_aside"])
    before = find_submission(open_ledger(), submission_id, by=owner)
    assert before.due_date is not None
    later = before.due_date + timedelta(days=14)
    amend(before.opportunity_id, due_date=later)
    change = only_change(submission_id, owner)
    assert [field.field for field in change.fields] == ["due_date"]
    assert (change.relied_on, change.took_back, change.opened) == (("deadline",), False, (pricing,))
    after = points(submission_id, owner)
    assert (after[pricing]["completed"], after[certificates]["completed"]) == (False, True)
    assert after[pricing]["due_at"] == later - timedelta(minutes=90)
    assert find_submission(open_ledger(), submission_id, by=owner).version == before.version + 1
    assert activity(submission_id, owner)[-1] == "submission:notice_changed"
    assert [kind for kind, _ in told(owner)] == ["notice_changed"]


@pytest.mark.parametrize(
    ("changes", "field", "kind"),
    [
        ({"set_aside_code": "8A"}, "set_aside_code", "set_aside"),
        ({"attachment_urls": ["https://files.example/1.pdf"]}, "attachment_urls", "attachments"),
        ({"title": "Network maintenance, revised"}, "title", "text"),
        ({"description": TEXT + " Two references."}, "description", "text"),
        ({"is_open": False}, "is_open", "cancelled"),
    ],
)
def test_each_thing_that_an_offer_relies_on_is_told_apart(
    owner: Person, changes: dict[str, Any], field: str, kind: str
) -> None:
    submission_id = new_submission(owner, description=TEXT, **SOON)
    amend(find_submission(open_ledger(), submission_id, by=owner).opportunity_id, **changes)
    change = only_change(submission_id, owner)
    assert ([found.field for found in change.fields], change.relied_on) == ([field], (kind,))


def test_both_values_are_kept_and_of_a_long_text_its_hash(owner: Person) -> None:
    submission_id = new_submission(owner, description=TEXT, attachment_urls=["https://a.example/1"], **SOON)
    opportunity_id = find_submission(open_ledger(), submission_id, by=owner).opportunity_id
    amend(opportunity_id, set_aside_code="8A", attachment_urls=["https://a.example/2"], description="Another text.")
    change = only_change(submission_id, owner)
    assert change.fields[0] == FieldChange("set_aside_code", "SBA", "8A")
    assert change.fields[1] == FieldChange("attachment_urls", ["https://a.example/1"], ["https://a.example/2"])
    assert change.fields[2].now["characters"] == len("Another text.")
    assert len(change.fields[2].was["sha256"]) == 64


@pytest.mark.parametrize(
    "changes",
    [
        {"description": " The contractor shall\nmaintain the network. Volume I is   limited\u00a0to 20 pages.\r\n"},
        {"contacts": "[]"},
        {"is_open": False, "due_date": clock.now() - timedelta(days=1)},
    ],
    ids=["reflow", "another field", "deadline passed"],
)
def test_what_an_offer_does_not_rely_on_is_no_change(owner: Person, changes: dict[str, Any]) -> None:
    due = {"due_date": changes.get("due_date", clock.now() + timedelta(days=9))}
    submission_id = new_submission(owner, description=TEXT, **due)
    amend(find_submission(open_ledger(), submission_id, by=owner).opportunity_id, content_hash="n" * 32, **changes)
    assert read_changes(open_ledger(), submission_id, by=owner) == []
    found = find_submission(open_ledger(), submission_id, by=owner)
    assert found.notice_hash == found.opportunity_hash == "n" * 32


@pytest.mark.parametrize(("status", "after"), [("approved", "draft"), ("pending_approval", "rejected")])
def test_a_package_on_its_way_is_void_in_the_same_transaction(owner: Person, status: str, after: str) -> None:
    member = new_person()
    submission_id = new_submission(owner, members=[member], **SOON)
    put_in_state(submission_id, status)
    amend(
        find_submission(open_ledger(), submission_id, by=owner).opportunity_id, attachment_urls=["https://x.example/a"]
    )
    assert find_submission(open_ledger(), submission_id, by=owner).status is SubmissionStatus(after)
    assert only_change(submission_id, owner).took_back
    assert [kind for kind, _ in told(member)] == ["voided"]


@pytest.mark.parametrize("status", ["approved", "submitted"])
def test_a_change_of_layout_or_of_what_was_sent_voids_nothing(owner: Person, status: str) -> None:
    submission_id = new_submission(owner, description=TEXT, **SOON)
    put_in_state(submission_id, status)
    changes = {"description": f"  {TEXT}  "} if status == "approved" else {"set_aside_code": "8A"}
    amend(find_submission(open_ledger(), submission_id, by=owner).opportunity_id, **changes)
    assert find_submission(open_ledger(), submission_id, by=owner).status is SubmissionStatus(status)
    assert read_changes(open_ledger(), submission_id, by=owner) == []


def test_a_draft_again_answers_the_notice_whose_layout_alone_changed(owner: Person) -> None:
    submission_id = new_submission(owner, description=TEXT, **SOON)
    put_in_state(submission_id, "approved")
    before = find_submission(open_ledger(), submission_id, by=owner)
    amend(before.opportunity_id, description=f"  {TEXT}  ")
    assert find_submission(open_ledger(), submission_id, by=owner).notice_hash == before.notice_hash
    put_in_state(submission_id, "draft")
    found = find_submission(open_ledger(), submission_id, by=owner)
    assert found.notice_hash == found.opportunity_hash


def test_who_works_on_it_acknowledges_and_the_offer_then_answers_the_notice_as_it_is(owner: Person) -> None:
    member = new_person()
    submission_id = new_submission(owner, members=[member], **SOON)
    opportunity_id = find_submission(open_ledger(), submission_id, by=owner).opportunity_id
    amend(opportunity_id, set_aside_code="8A")
    amend(opportunity_id, set_aside_code="WOSB")
    second, first = read_changes(open_ledger(), submission_id, by=owner)
    acknowledge(open_ledger(), submission_id, [first.id], at=clock.now(), by=member)
    found = find_submission(open_ledger(), submission_id, by=owner)
    assert found.notice_hash != found.opportunity_hash
    acknowledge(open_ledger(), submission_id, [second.id], at=clock.now(), by=owner)
    found = find_submission(open_ledger(), submission_id, by=owner)
    assert found.notice_hash == found.opportunity_hash
    with pytest.raises(WrongState):
        acknowledge(open_ledger(), submission_id, [second.id], at=clock.now(), by=member)


def test_an_offer_goes_with_its_solicitation_when_regrouping_ends_it_and_comes_back(owner: Person) -> None:
    submission_id = new_submission(owner, **SOON)
    ended = find_submission(open_ledger(), submission_id, by=owner).opportunity_id
    survivor = opportunity(int(ended[1:]) + 10_000_000, set_aside_code="8A", **SOON)
    publish([survivor])
    new_here = _offer_to(survivor["id"], owner)
    amend(ended, merged_into=survivor["id"], is_open=False, row_hash="")
    found = find_submission(open_ledger(), submission_id, by=owner)
    assert (found.opportunity_id, found.label) == (survivor["id"], "Offer (2)")
    assert find_submission(open_ledger(), new_here, by=owner).label == "Offer"
    assert "set_aside_code" in [field.field for field in only_change(submission_id, owner).fields]
    assert activity(submission_id, owner)[-2:] == ["submission:moved", "submission:notice_changed"]
    amend(survivor["id"], set_aside_code="WOSB")
    assert len(read_changes(open_ledger(), submission_id, by=owner)) == 2
    amend(ended, merged_into=None, is_open=True)
    assert find_submission(open_ledger(), submission_id, by=owner).opportunity_id == ended
    assert find_submission(open_ledger(), new_here, by=owner).opportunity_id == survivor["id"]


def _offer_to(opportunity_id: str, owner: Person) -> str:
    submission_id = str(uuid.uuid4())
    with open_ledger().deed(AuditEvent("submission:opened", submission_id, owner.id), owner) as deed:
        deed.execute(
            "insert into submissions (id, opportunity_id, owner_id, created_at, state_changed_at) values (%s, %s, %s, now(), now())",
            [submission_id, opportunity_id, owner.id],
        )
    return submission_id
