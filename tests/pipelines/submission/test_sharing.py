"""Who works on an offer: sharing, leaving, handing over one and many, and who is told."""

import pytest

from pipelines.submission.look_up import find_submission
from pipelines.submission.sharing import end_sharing, hand_over, hand_over_many, list_officers, share
from pipelines.submission.workspace import close
from tests.factories_ledger import AT
from tests.factories_people import new_person
from tests.factories_submissions import new_submission
from warehouse.domain.access import Department, Person, Role
from warehouse.errors import BadInput, NotFound, NotPermitted, WrongState
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough


@pytest.fixture
def owner(home: Settings) -> Person:
    return new_person()


def members(submission_id: str, by: Person) -> tuple[str, ...]:
    return find_submission(open_ledger(), submission_id, by=by).members


def told(person: Person) -> list[str]:
    with open_ledger().read(person) as tx:
        return [row["kind"] for row in tx.rows("select kind from notifications order by at")]


def test_who_shares_an_offer_sees_and_edits_it_and_is_told(owner: Person) -> None:
    colleague = new_person(department=Department.OPERATIONS)
    submission_id = new_submission(owner)
    share(open_ledger(), submission_id, colleague.id, at=AT, by=owner)
    share(open_ledger(), submission_id, colleague.id, at=AT, by=owner)
    assert members(submission_id, colleague) == (colleague.id,)
    assert told(colleague) == ["shared"]
    with pytest.raises(NotPermitted):
        share(open_ledger(), submission_id, new_person().id, at=AT, by=colleague)
    end_sharing(open_ledger(), submission_id, colleague.id, by=colleague)
    with pytest.raises(NotFound):
        find_submission(open_ledger(), submission_id, by=colleague)


def test_an_offer_is_shared_with_officers_only(owner: Person) -> None:
    submission_id = new_submission(owner)
    with pytest.raises(BadInput, match="no contract officer"):
        share(open_ledger(), submission_id, new_person(Role.VIEWER).id, at=AT, by=owner)
    with pytest.raises(BadInput, match="owns"):
        share(open_ledger(), submission_id, owner.id, at=AT, by=owner)
    with pytest.raises(NotFound):
        share(open_ledger(), submission_id, "nobody", at=AT, by=owner)


def test_an_admin_ends_sharing_and_a_stranger_does_not(owner: Person) -> None:
    member = new_person()
    submission_id = new_submission(owner, members=[member])
    with pytest.raises(NotPermitted):
        end_sharing(open_ledger(), submission_id, member.id, by=new_person())
    end_sharing(open_ledger(), submission_id, member.id, by=new_person(Role.ADMIN))
    assert members(submission_id, owner) == ()


@pytest.mark.parametrize("department", [Department.CONTRACTS, Department.OPERATIONS])
def test_who_hands_an_offer_over_keeps_working_on_it(home: Settings, department: Department) -> None:
    owner, heir = new_person(department=department), new_person()
    submission_id = new_submission(owner, members=[heir])
    hand_over(open_ledger(), submission_id, heir.id, at=AT, by=owner)
    found = find_submission(open_ledger(), submission_id, by=owner)
    assert (found.owner_id, found.members) == (heir.id, (owner.id,))
    assert told(heir) == ["handed_over"]
    with pytest.raises(NotPermitted):
        hand_over(open_ledger(), submission_id, owner.id, at=AT, by=owner)


def test_of_many_those_that_cannot_change_hands_are_named_and_stop_no_other(owner: Person) -> None:
    admin, heir = new_person(Role.ADMIN), new_person()
    first, closed, second = (new_submission(owner) for _ in range(3))
    close(open_ledger(), closed, "given up", version=1, at=AT, by=owner)
    done = hand_over_many(open_ledger(), [first, closed, second, "nothing"], heir.id, at=AT, by=admin)
    assert done.changed == (first, second)
    assert set(done.left) == {closed, "nothing"}
    assert done.left[closed] == "The offer is closed."
    with open_ledger().read(admin) as tx:
        rows = tx.rows(
            "select submission_ref from audit_logs where action = 'submission:handed_over' and actor = %s", [admin.id]
        )
    assert {row["submission_ref"] for row in rows} == {first, second}
    with pytest.raises(BadInput):
        hand_over_many(open_ledger(), [], heir.id, at=AT, by=admin)


def test_nothing_of_a_closed_offer_is_shared(owner: Person) -> None:
    submission_id = new_submission(owner)
    close(open_ledger(), submission_id, "given up", version=1, at=AT, by=owner)
    with pytest.raises(WrongState, match="closed"):
        share(open_ledger(), submission_id, new_person().id, at=AT, by=owner)


def test_officers_are_listed_and_nobody_else(owner: Person) -> None:
    viewer = new_person(Role.VIEWER)
    listed = {person.id for person in list_officers(open_ledger(), by=viewer)}
    assert owner.id in listed
    assert viewer.id not in listed
