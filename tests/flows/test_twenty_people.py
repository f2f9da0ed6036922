"""Twenty people in one workspace at once, over the app's own protocol: no update is lost, nothing fails."""

import uuid
from datetime import timedelta

import pytest

from app.cookies import session_cookie
from pipelines.administration.people import add_person
from pipelines.administration.sessions import SignedIn
from pipelines.administration.sign_in import sign_in
from pipelines.submission.activity import read_activity
from pipelines.submission.look_up import find_submission
from pipelines.submission.sharing import share
from pipelines.submission.workspace import open_workspace
from tests.app_server import serve
from tests.factories_ledger import opportunity, publish
from tests.factories_people import PASSWORD
from tests.flows.crowd import Crowd, work
from warehouse import clock
from warehouse.domain.access import Department, Person, Role
from warehouse.domain.audit_event import AuditEvent
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

PEOPLE = 20


def new_officer(number: int) -> tuple[Person, dict[str, str]]:
    email = f"officer{number:02d}-{uuid.uuid4().hex[:6]}@firm.example"
    person = add_person(
        open_ledger(), email=email, role=Role.CONTRACT_OFFICER, department=Department.CONTRACTS, password=PASSWORD,
        at=clock.now(),
    )  # fmt: skip
    signed = sign_in(open_ledger(), email, PASSWORD, f"10.0.0.{number}", at=clock.now())
    assert isinstance(signed, SignedIn)
    return person, {session_cookie(): signed.token}


def shared_workspace(people: list[Person]) -> str:
    """Open an offer of the first one, which all the others share, with a point for each of them."""
    found = opportunity(800_000, at=clock.now(), due_date=clock.now() + timedelta(days=20))
    publish([found])
    owner = people[0]
    submission_id = open_workspace(open_ledger(), found["id"], at=clock.now(), by=owner)
    for person in people[1:]:
        share(open_ledger(), submission_id, person.id, at=clock.now(), by=owner)
    with open_ledger().deed(AuditEvent("checklist:added", submission_id, owner.id), owner) as deed:
        for number in range(len(people)):
            deed.execute(
                "insert into submission_tasks (id, submission_id, title) values (%s, %s, %s)",
                [str(uuid.uuid4()), submission_id, f"Point {number:02d}"],
            )
    return submission_id


def check_nothing_is_lost(crowd: Crowd, submission_id: str, owner: Person) -> None:
    with open_ledger().read(owner) as tx:
        notes = [
            r["body"] for r in tx.rows("select body from submission_notes where submission_id = %s", [submission_id])
        ]
        boxes = tx.rows("select title, completed from submission_tasks where submission_id = %s", [submission_id])
    assert sorted(notes) == sorted(crowd.notes)
    ticked = {row["title"]: row["completed"] for row in boxes}
    assert {f"Point {who:02d}": value for who, value in crowd.ticks.items()}.items() <= ticked.items()
    happened = read_activity(open_ledger(), submission_id, by=owner, limit=100_000)[::-1]
    renames = [(str(h.facts["was"]), str(h.facts["to"])) for h in happened if h.action == "submission:renamed"]
    assert sorted(to for _, to in renames) == sorted(crowd.labels)
    assert [was for was, _ in renames] == ["Offer", *(to for _, to in renames[:-1])][: len(renames)]
    if renames:
        assert find_submission(open_ledger(), submission_id, by=owner).label == renames[-1][1]


@pytest.mark.timeout(1500)
@pytest.mark.parametrize("seconds", [10, pytest.param(600, marks=pytest.mark.slow)])
def test_twenty_people_in_one_workspace_lose_no_update(home: Settings, seconds: float) -> None:
    people, cookies = zip(*(new_officer(number) for number in range(PEOPLE)), strict=True)
    submission_id = shared_workspace(list(people))
    with serve(home) as served:
        crowd = work(served.address, cookies, submission_id, seconds)
        log = served.log.read_text(errors="replace")
    print(crowd.report(seconds))
    assert crowd.faults == []
    assert "Traceback" not in log
    assert crowd.ticked
    assert crowd.notes
    assert crowd.labels
    check_nothing_is_lost(crowd, submission_id, people[0])
