"""The rule of signatures and standing in: what admins may set, what always stays, in whose place somebody signed."""

import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from pipelines.administration.people import disable_person
from pipelines.submission.approval_queue import look_at_sheet
from pipelines.submission.approval_steps import add_step, change_step, end_step, list_steps
from pipelines.submission.delegations import delegate, list_delegations, revoke
from tests.factories_approvals import new_signer, ready_offer, send, sign_as
from tests.factories_people import new_person
from warehouse import clock
from warehouse.domain.access import Department, Person, Role
from warehouse.domain.approval import ApprovalStep
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.submission import ApprovalStatus
from warehouse.errors import BadInput, NotFound, NotPermitted, ProcuraError, WrongState
from warehouse.ledger.approval_rules import NewStep
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

SECOND = NewStep(3, "Second finance", Department.FINANCE, Decimal("1000000"))


@pytest.fixture
def admin(home: Settings) -> Person:
    return new_person(Role.ADMIN)


def step(name: str) -> ApprovalStep:
    return next(s for s in list_steps(open_ledger(), by=new_person()) if s.name == name)


def today() -> date:
    return datetime.now(UTC).date()


def chain(submission_id: str, by: Person) -> list[tuple[str, ApprovalStatus]]:
    return [(s.name, s.status) for s in look_at_sheet(open_ledger(), submission_id, by=by).chain]


def valued(owner: Person, value: str | None) -> str:
    submission_id = ready_offer(owner)
    if value is not None:
        with open_ledger().deed(AuditEvent("submission:valued", submission_id, owner.id), owner) as deed:
            deed.execute(
                "update submissions set value_usd = %s, version = version + 1 where id = %s", [value, submission_id]
            )
    return submission_id


def test_legal_and_finance_sign_as_installed(home: Settings) -> None:
    found = list_steps(open_ledger(), by=new_person())
    assert [(s.position, s.name, s.department, s.min_value_usd) for s in found] == [
        (1, "Legal", Department.LEGAL, None), (2, "Finance", Department.FINANCE, None),
    ]  # fmt: skip


def test_a_second_signature_of_finance_is_asked_from_a_value_on_and_where_nobody_knows_it(
    home: Settings, admin: Person
) -> None:
    add_step(open_ledger(), SECOND, at=clock.now(), by=admin)
    owner, legal = new_person(), new_signer(Department.LEGAL)
    first, second = new_signer(Department.FINANCE), new_signer(Department.FINANCE)
    try:
        for value, steps in (("999999.99", 2), ("1000000", 3), (None, 3)):
            submission_id = valued(owner, value)
            manifest = send(submission_id, owner)
            assert len(chain(submission_id, owner)) == steps, value
        sign_as(submission_id, manifest, legal)
        assert sign_as(submission_id, manifest, first).reached is ApprovalStatus.LEGAL_APPROVED
        with pytest.raises(NotPermitted, match="another step"):
            sign_as(submission_id, manifest, first)
        assert sign_as(submission_id, manifest, second).is_frozen
    finally:
        end_step(open_ledger(), step("Second finance").id, at=clock.now(), by=admin)


def test_a_change_of_the_rule_leaves_what_was_sent_as_it_was(home: Settings, admin: Person) -> None:
    owner = new_person()
    new_signer(Department.LEGAL), new_signer(Department.FINANCE)
    submission_id = ready_offer(owner)
    send(submission_id, owner)
    add_step(open_ledger(), NewStep(4, "Operations", Department.OPERATIONS), at=clock.now(), by=admin)
    assert [name for name, _ in chain(submission_id, owner)] == ["Legal", "Finance"]
    end_step(open_ledger(), step("Operations").id, at=clock.now(), by=admin)


def test_a_step_of_legal_and_one_of_finance_for_every_offer_always_stay(home: Settings, admin: Person) -> None:
    legal = step("Legal")
    for deed in (
        lambda: end_step(open_ledger(), legal.id, at=clock.now(), by=admin),
        lambda: change_step(
            open_ledger(), legal.id, NewStep(1, "Legal", Department.CONTRACTS), at=clock.now(), by=admin
        ),
        lambda: change_step(
            open_ledger(), legal.id, NewStep(1, "Legal", Department.LEGAL, Decimal(5)), at=clock.now(), by=admin
        ),
    ):
        with pytest.raises(WrongState, match="A step of legal for every offer always stays"):
            deed()
    assert step("Legal") == legal


def test_two_admins_who_take_away_one_of_two_each_leave_one(home: Settings, admin: Person) -> None:
    add_step(open_ledger(), NewStep(9, "Legal again", Department.LEGAL), at=clock.now(), by=admin)
    barrier, refused = threading.Barrier(2), []

    def go(step_id: str) -> None:
        barrier.wait()
        try:
            end_step(open_ledger(), step_id, at=clock.now(), by=admin)
        except ProcuraError as error:
            refused.append(error)

    threads = [threading.Thread(target=go, args=(step(name).id,)) for name in ("Legal", "Legal again")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    left = [s for s in list_steps(open_ledger(), by=admin) if s.department is Department.LEGAL]
    assert len(left) == 1
    change_step(open_ledger(), left[0].id, NewStep(1, "Legal", Department.LEGAL), at=clock.now(), by=admin)


@pytest.mark.parametrize(
    ("new", "error"),
    [
        (NewStep(1, "Other", Department.LEGAL), WrongState),
        (NewStep(7, "legal", Department.LEGAL), WrongState),
        (NewStep(0, "Other", Department.LEGAL), BadInput),
        (NewStep(100, "Other", Department.LEGAL), BadInput),
        (NewStep(7, "  ", Department.LEGAL), BadInput),
        (NewStep(7, "x" * 61, Department.LEGAL), BadInput),
        (NewStep(7, "Other", Department.LEGAL, Decimal(0)), BadInput),
        (NewStep(7, "Other", Department.LEGAL, Decimal("NaN")), BadInput),
    ],
)
def test_a_step_that_cannot_be_is_refused_in_a_sentence(
    home: Settings, admin: Person, new: NewStep, error: type[ProcuraError]
) -> None:
    with pytest.raises(error):
        add_step(open_ledger(), new, at=clock.now(), by=admin)


def test_a_step_that_is_gone_is_neither_changed_nor_ended(home: Settings, admin: Person) -> None:
    for deed in (
        lambda: end_step(open_ledger(), "nothing", at=clock.now(), by=admin),
        lambda: change_step(open_ledger(), "nothing", SECOND, at=clock.now(), by=admin),
    ):
        with pytest.raises(NotFound):
            deed()


def test_who_stands_in_signs_in_somebodys_place_and_the_record_says_so(home: Settings) -> None:
    owner, away, here = new_person(), new_signer(Department.LEGAL), new_signer(Department.LEGAL)
    new_signer(Department.FINANCE)
    delegate(open_ledger(), here.id, starts_on=today(), ends_on=today() + timedelta(days=3), at=clock.now(), by=away)
    submission_id = ready_offer(owner)
    manifest = send(submission_id, owner)
    with open_ledger().read() as tx:
        told = tx.rows(
            "select person_id::text as id from notifications where kind = 'waiting_for_you' and submission_id = %s",
            [submission_id],
        )
    assert here.id in {row["id"] for row in told}
    assert away.id not in {row["id"] for row in told}, "who is away is not called"
    sign_as(submission_id, manifest, here)
    signed = look_at_sheet(open_ledger(), submission_id, by=owner).chain[0]
    assert (signed.approver_id, signed.on_behalf_of) == (here.id, away.email)


def test_nobody_signs_in_the_place_of_somebody_who_may_not(home: Settings) -> None:
    """An author of the offer asks a colleague to stand in: the colleague signs in the own name."""
    owner, here = new_signer(Department.LEGAL), new_signer(Department.LEGAL)
    new_signer(Department.FINANCE)
    delegate(open_ledger(), here.id, starts_on=today(), ends_on=today(), at=clock.now(), by=owner)
    submission_id = ready_offer(owner)
    sign_as(submission_id, send(submission_id, owner), here)
    assert look_at_sheet(open_ledger(), submission_id, by=owner).chain[0].on_behalf_of == ""


def test_standing_in_ends_with_its_last_day_and_when_it_is_revoked(home: Settings) -> None:
    owner, away, here = new_person(), new_signer(Department.LEGAL), new_signer(Department.LEGAL)
    new_signer(Department.FINANCE)
    delegate(
        open_ledger(),
        here.id,
        starts_on=today() + timedelta(days=1),
        ends_on=today() + timedelta(days=2),
        at=clock.now(),
        by=away,
    )
    mine = list_delegations(open_ledger(), at=clock.now(), by=here)
    assert [(d.from_id, d.holds_on(today()), d.holds_on(today() + timedelta(days=2))) for d in mine] == [
        (away.id, False, True)
    ]
    with pytest.raises(NotFound):
        revoke(open_ledger(), mine[0].id, at=clock.now(), by=here)
    revoke(open_ledger(), mine[0].id, at=clock.now(), by=away)
    with pytest.raises(NotFound):
        revoke(open_ledger(), mine[0].id, at=clock.now(), by=away)
    delegate(open_ledger(), here.id, starts_on=today(), ends_on=today(), at=clock.now(), by=away)
    revoke(open_ledger(), list_delegations(open_ledger(), at=clock.now(), by=away)[0].id, at=clock.now(), by=away)
    submission_id = ready_offer(owner)
    sign_as(submission_id, send(submission_id, owner), here)
    assert look_at_sheet(open_ledger(), submission_id, by=owner).chain[0].on_behalf_of == ""


def test_standing_in_that_cannot_be_is_refused(home: Settings) -> None:
    legal, other, third, finance = (
        new_signer(Department.LEGAL), new_signer(Department.LEGAL), new_signer(Department.LEGAL), new_signer(Department.FINANCE),
    )  # fmt: skip
    gone, viewer = new_signer(Department.LEGAL), new_signer(Department.LEGAL, Role.VIEWER)
    disable_person(open_ledger(), gone.email, at=clock.now())
    day = today()

    def stand_in(by: Person, to: Person, first: date = day, last: date = day) -> None:
        delegate(open_ledger(), to.id, starts_on=first, ends_on=last, at=clock.now(), by=by)

    for to, first, last in (
        (legal, day, day), (finance, day, day), (gone, day, day), (viewer, day, day),
        (other, day, day - timedelta(days=1)), (other, day - timedelta(days=9), day - timedelta(days=8)),
        (other, day, day + timedelta(days=400)),
    ):  # fmt: skip
        with pytest.raises(BadInput):
            stand_in(legal, to, first, last)
    with pytest.raises(NotPermitted):
        stand_in(viewer, other)
    stand_in(legal, other)
    for by, to in ((other, third), (third, legal), (legal, third)):
        with pytest.raises(BadInput, match="away or stands in already"):
            stand_in(by, to)
    stand_in(third, other)
