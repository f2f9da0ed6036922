from datetime import timedelta

import pytest

from pipelines.qualification.decisions import add_note, set_status
from tests.factories_ledger import AT, opportunity, publish
from tests.factories_people import new_person
from warehouse.domain.access import Role
from warehouse.domain.opportunity import OpportunityStatus as Status
from warehouse.errors import BadInput, NotFound, NotPermitted, WrongState
from warehouse.ledger.opportunities import read_opportunity
from warehouse.ledger.store import Ledger, open_ledger
from warehouse.settings import Settings


@pytest.fixture(scope="module")
def ledger(home: Settings) -> Ledger:
    publish(opportunity(n) for n in range(1, 12))
    return open_ledger("procura_app")


def status_of(ledger: Ledger, number: int) -> Status:
    with ledger.read() as tx:
        found = read_opportunity(tx, f"o{number:08d}")
    assert found is not None
    return found.row.status


def audit_count(ledger: Ledger, subject: str) -> int:
    with ledger.read() as tx:
        return len(tx.rows("select seq from audit_logs where subject = %s", [subject]))


def test_officer_decides_and_leaves_a_trace(ledger: Ledger) -> None:
    officer = new_person(Role.CONTRACT_OFFICER)
    set_status(ledger, ["o00000001"], Status.REVIEWING, by=officer, at=AT)
    set_status(ledger, ["o00000001"], Status.QUALIFIED, by=officer, at=AT + timedelta(minutes=1))
    with ledger.read() as tx:
        found = read_opportunity(tx, "o00000001")
    assert found is not None
    assert (found.row.status, found.status_changed_by) == (Status.QUALIFIED, officer.email)
    assert audit_count(ledger, "o00000001") == 2


def test_viewer_may_not_decide(ledger: Ledger) -> None:
    viewer = new_person(Role.VIEWER)
    with pytest.raises(NotPermitted):
        set_status(ledger, ["o00000002"], Status.REVIEWING, by=viewer, at=AT)
    with pytest.raises(NotPermitted):
        add_note(ledger, "o00000002", "mine", by=viewer, at=AT)
    assert status_of(ledger, 2) is Status.NEW
    assert audit_count(ledger, "o00000002") == 0


@pytest.mark.parametrize("to", [Status.QUALIFIED, Status.DISQUALIFIED, Status.SUBMITTED, Status.NEW])
def test_no_step_may_be_left_out_and_nobody_sets_submitted(ledger: Ledger, to: Status) -> None:
    with pytest.raises(WrongState):
        set_status(ledger, ["o00000003"], to, by=new_person(Role.ADMIN), at=AT)
    assert status_of(ledger, 3) is Status.NEW


def test_several_at_once_name_what_was_left(ledger: Ledger) -> None:
    officer = new_person(Role.CONTRACT_OFFICER)
    set_status(ledger, ["o00000004"], Status.REVIEWING, by=officer, at=AT)
    done = set_status(ledger, ["o00000004", "o00000005", "o00000006"], Status.REVIEWING, by=officer, at=AT)
    assert done.changed == ("o00000005", "o00000006")
    assert done.left == {"o00000004": Status.REVIEWING}
    assert audit_count(ledger, "o00000005") == audit_count(ledger, "o00000006") == audit_count(ledger, "o00000004") == 1


def test_one_unknown_id_changes_nothing(ledger: Ledger) -> None:
    with pytest.raises(NotFound):
        set_status(ledger, ["o00000007", "gone"], Status.REVIEWING, by=new_person(Role.ADMIN), at=AT)
    assert status_of(ledger, 7) is Status.NEW


def test_nothing_and_too_much_are_refused(ledger: Ledger) -> None:
    admin = new_person(Role.ADMIN)
    for ids in ([], [f"o{n}" for n in range(501)]):
        with pytest.raises(BadInput):
            set_status(ledger, ids, Status.REVIEWING, by=admin, at=AT)


def test_note_is_kept_and_the_log_holds_only_its_hash(ledger: Ledger) -> None:
    officer = new_person(Role.CONTRACT_OFFICER)
    add_note(ledger, "o00000008", " call Ms. Doe first ", by=officer, at=AT)
    add_note(ledger, "o00000008", "call Ms. Doe first", by=officer, at=AT)
    with ledger.read() as tx:
        found = read_opportunity(tx, "o00000008")
        bodies = [bytes(r["body"]) for r in tx.rows("select body from audit_logs where subject = 'o00000008'")]
    assert found is not None
    assert (found.note, found.noted_by) == ("call Ms. Doe first", officer.email)
    assert len(bodies) == 1
    assert b"Doe" not in bodies[0]
    with pytest.raises(BadInput):
        add_note(ledger, "o00000008", "x" * 4001, by=officer, at=AT)
    with pytest.raises(NotFound):
        add_note(ledger, "gone", "x", by=officer, at=AT)
