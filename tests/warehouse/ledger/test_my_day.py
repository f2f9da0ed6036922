from datetime import timedelta

import pytest
from pydantic import SecretStr

from pipelines.administration.credentials import set_credential
from tests.factories_ledger import AT
from tests.factories_people import new_person
from tests.factories_submissions import new_submission
from warehouse.domain.access import Department, Person, Role
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.credential import CredentialNeed
from warehouse.ledger.my_day import Housekeeping, housekeeping, offers_on_their_way, own_work
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

DUE = AT + timedelta(days=5)


def add_point(submission_id: str, by: Person, *, owner: Person | None = None, days: int = 0) -> None:
    with open_ledger().deed(AuditEvent("checklist:made", submission_id, by.id), by) as deed:
        deed.execute("select from submissions where id = %s for update", [submission_id])
        deed.execute(
            "insert into submission_tasks (id, submission_id, title, owner_id, due_at) values (gen_random_uuid(), %s, 'x', %s, %s)",
            [submission_id, owner.id if owner else None, AT + timedelta(days=days, hours=-1)],
        )


def test_an_officer_has_own_points_and_those_that_nobody_was_given(home: Settings) -> None:
    owner, member = new_person(), new_person()
    offer = new_submission(owner, members=[member], due_date=DUE)
    add_point(offer, owner)
    add_point(offer, owner, days=2)
    add_point(offer, owner, owner=member)
    add_point(offer, owner, days=9)
    with open_ledger().read(owner) as tx:
        work = own_work(tx, owner.id, at=AT, ahead=timedelta(days=3))
    assert (work.points_overdue, work.points_soon, work.rejected, work.changed) == (1, 1, 0, 0)
    with open_ledger().read(member) as tx:
        assert own_work(tx, member.id, at=AT, ahead=timedelta(days=3)).points_overdue == 1


@pytest.mark.parametrize(("department", "sees"), [(Department.CONTRACTS, True), (Department.OPERATIONS, False)])
def test_counts_are_of_what_one_sees(home: Settings, department: Department, sees: bool) -> None:
    viewer = new_person(Role.VIEWER, department)
    with open_ledger().read(viewer) as tx:
        before = offers_on_their_way(tx).draft
    new_submission(new_person(), due_date=DUE)
    with open_ledger().read(viewer) as tx:
        assert offers_on_their_way(tx).draft - before == sees


def test_an_admin_counts_people_without_a_second_factor_and_keys_that_end(home: Settings) -> None:
    admin = new_person(Role.ADMIN)

    def count() -> Housekeeping:
        with open_ledger().read(admin) as tx:
            return housekeeping(tx, at=AT, ahead=timedelta(days=14))

    before = count()
    new_person()
    need = CredentialNeed("ending", "api_key", "Key", "")
    set_credential(open_ledger(), need, SecretStr("canary"), expires_at=AT + timedelta(days=3), at=AT)
    after = count()
    assert after.without_second_factor == before.without_second_factor + 1
    assert after.people == before.people + 1
    assert after.credentials_ending == before.credentials_ending + 1
