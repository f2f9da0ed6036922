"""A workspace from its opening to its close: who may, what is refused with which sentence, what the log keeps."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from itertools import count

import pytest

from pipelines.qualification.decisions import set_status
from pipelines.submission.activity import read_activity
from pipelines.submission.look_up import find_submission
from pipelines.submission.workspace import close, open_workspace, rename, set_value
from tests.factories_amendments import put_in_state
from tests.factories_ledger import AT, opportunity, publish
from tests.factories_people import new_person
from tests.factories_submissions import new_submission
from warehouse import clock
from warehouse.domain.access import Department, Person, Role
from warehouse.domain.opportunity import OpportunityStatus
from warehouse.errors import BadInput, NotFound, NotPermitted, ProcuraError, WrongState
from warehouse.ledger.store import open_ledger
from warehouse.ledger.submissions import Submission
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

NUMBERS = count(700_000)


def new_opportunity() -> str:
    found = opportunity(next(NUMBERS), due_date=clock.now() + timedelta(days=20))
    publish([found])
    return str(found["id"])


@pytest.fixture
def officer(home: Settings) -> Person:
    return new_person()


def find(submission_id: str, by: Person) -> Submission:
    return find_submission(open_ledger(), submission_id, by=by)


def actions(submission_id: str, by: Person) -> list[str]:
    return [h.action for h in read_activity(open_ledger(), submission_id, by=by)][::-1]


def test_an_officer_opens_a_workspace_with_its_checklist_and_owns_it(officer: Person) -> None:
    opportunity_id = new_opportunity()
    submission_id = open_workspace(open_ledger(), opportunity_id, at=AT, by=officer)
    found = find(submission_id, officer)
    assert (found.owner_id, found.label, found.created_at, found.status.value) == (officer.id, "Offer", AT, "draft")
    assert found.notice_hash == found.opportunity_hash
    with open_ledger().read(officer) as tx:
        points = tx.rows("select title from submission_tasks where submission_id = %s", [submission_id])
    assert len(points) > 3
    (opened,) = [h for h in read_activity(open_ledger(), submission_id, by=officer) if h.action == "submission:opened"]
    assert opened.facts == {"label": "Offer", "opportunity": opportunity_id, "points": len(points)}


@pytest.mark.parametrize(
    ("role", "department"), [(Role.ADMIN, Department.CONTRACTS), (Role.VIEWER, Department.CONTRACTS)]
)
def test_nobody_but_an_officer_opens_one(home: Settings, role: Role, department: Department) -> None:
    with pytest.raises(NotPermitted):
        open_workspace(open_ledger(), new_opportunity(), at=AT, by=new_person(role, department))


def test_an_opportunity_that_is_not_there_or_disqualified_gets_none(officer: Person) -> None:
    with pytest.raises(NotFound):
        open_workspace(open_ledger(), "nothing", at=AT, by=officer)
    opportunity_id = new_opportunity()
    for status in (OpportunityStatus.REVIEWING, OpportunityStatus.DISQUALIFIED):
        set_status(open_ledger(), [opportunity_id], status, by=officer, at=AT)
    with pytest.raises(WrongState, match="disqualified"):
        open_workspace(open_ledger(), opportunity_id, at=AT, by=officer)


def test_of_ten_people_who_open_the_same_at_once_one_wins_and_the_others_are_led_to_it(home: Settings) -> None:
    opportunity_id, people = new_opportunity(), [new_person() for _ in range(10)]

    def attempt(person: Person) -> str | ProcuraError:
        try:
            return open_workspace(open_ledger(), opportunity_id, at=AT, by=person)
        except ProcuraError as error:
            return error

    with ThreadPoolExecutor(10) as pool:
        done = list(pool.map(attempt, people))
    (won,) = [answer for answer in done if isinstance(answer, str)]
    for answer in done:
        if not isinstance(answer, str):
            assert isinstance(answer, WrongState)
            assert f"/workspace?id={won}" in answer.todo
    other = open_workspace(open_ledger(), opportunity_id, label="Alternate", at=AT, by=people[0])
    assert find(other, people[0]).label == "Alternate"


def test_a_change_upon_an_older_version_is_refused_with_a_sentence(officer: Person) -> None:
    submission_id = new_submission(officer)
    version = find(submission_id, officer).version
    rename(open_ledger(), submission_id, "  Base   offer ", version=version, by=officer)
    assert find(submission_id, officer).label == "Base offer"
    with pytest.raises(WrongState, match="Somebody changed this offer"):
        rename(open_ledger(), submission_id, "Other", version=version, by=officer)
    assert actions(submission_id, officer)[-1] == "submission:renamed"


def test_ten_renames_upon_the_same_version_leave_one_and_lose_none(officer: Person) -> None:
    submission_id = new_submission(officer)
    version = find(submission_id, officer).version

    def attempt(number: int) -> str:
        try:
            rename(open_ledger(), submission_id, f"Offer {number}", version=version, by=officer)
        except WrongState:
            return ""
        return f"Offer {number}"

    with ThreadPoolExecutor(10) as pool:
        won = [label for label in pool.map(attempt, range(10)) if label]
    assert won == [find(submission_id, officer).label]


@pytest.mark.parametrize("label", ["", "   ", "x" * 81])
def test_a_name_is_one_to_eighty_characters(officer: Person, label: str) -> None:
    with pytest.raises(BadInput):
        open_workspace(open_ledger(), new_opportunity(), label=label, at=AT, by=officer)


def test_the_value_is_kept_to_the_cent_and_its_author_is_remembered(officer: Person) -> None:
    member = new_person()
    submission_id = new_submission(officer, members=[member])
    set_value(open_ledger(), submission_id, Decimal("1250000.5"), version=1, by=member)
    assert find(submission_id, officer).value_usd == Decimal("1250000.50")
    with open_ledger().read(officer) as tx:
        authors = tx.rows(
            "select profile_id::text as id from submission_authors where submission_id = %s", [submission_id]
        )
    assert {row["id"] for row in authors} == {officer.id, member.id}
    for worthless in (Decimal(-1), Decimal("NaN"), Decimal("1e30")):
        with pytest.raises(BadInput):
            set_value(open_ledger(), submission_id, worthless, version=2, by=officer)


def test_a_stranger_edits_nothing(officer: Person) -> None:
    submission_id = new_submission(officer)
    for stranger in (new_person(), new_person(Role.ADMIN)):
        with pytest.raises(NotPermitted):
            rename(open_ledger(), submission_id, "Mine", version=1, by=stranger)


def test_closing_starts_the_time_of_keeping_and_ends_all_changes(officer: Person) -> None:
    submission_id = new_submission(officer)
    with pytest.raises(BadInput):
        close(open_ledger(), submission_id, "  ", version=1, at=AT, by=officer)
    with pytest.raises(NotPermitted):
        close(open_ledger(), submission_id, "no", version=1, at=AT, by=new_person())
    close(open_ledger(), submission_id, "The price is not reachable.", version=1, at=AT, by=officer)
    found = find(submission_id, officer)
    assert (found.closed_at, found.close_reason) == (AT, "The price is not reachable.")
    with open_ledger().read(new_person(Role.ADMIN)) as tx:
        clock_row = tx.row("select starts_at, source from retention_clocks where subject = %s", [submission_id])
    assert clock_row == {"starts_at": AT, "source": "close"}
    with pytest.raises(WrongState, match="closed"):
        rename(open_ledger(), submission_id, "Again", version=2, by=officer)
    with pytest.raises(WrongState, match="closed"):
        close(open_ledger(), submission_id, "again", version=2, at=AT, by=officer)
    reopened = open_workspace(open_ledger(), found.opportunity_id, at=AT, by=officer)
    assert reopened != submission_id


def test_an_offer_on_its_way_is_not_closed(officer: Person) -> None:
    submission_id = new_submission(officer)
    put_in_state(submission_id, "pending_approval")
    with pytest.raises(WrongState, match="on its way"):
        close(open_ledger(), submission_id, "given up", version=1, at=AT, by=officer)
