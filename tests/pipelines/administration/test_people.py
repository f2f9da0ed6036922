from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from pipelines.administration.one_time_links import invite_person
from pipelines.administration.people import (
    add_person,
    disable_person,
    enable_person,
    ensure_demo_people,
    ensure_first_admin,
    list_people,
    set_role,
)
from pipelines.administration.sessions import SignedIn, find_person
from pipelines.administration.sign_in import Refused, sign_in
from warehouse.domain.access import Department, Role
from warehouse.errors import BadInput, NotFound, NotPermitted, WrongState
from warehouse.ledger.store import Ledger, open_ledger
from warehouse.settings import Settings

AT = datetime(2026, 4, 10, 12, tzinfo=UTC)
PASSWORD = "four quiet green lamps"


@pytest.fixture
def ledger(home: Settings) -> Ledger:
    return open_ledger("procura_app")


def add(ledger: Ledger, email: str, role: Role = Role.VIEWER) -> object:
    return add_person(ledger, email=email, role=role, department=Department.CONTRACTS, password=PASSWORD, at=AT)


def test_first_admin_is_made_once_with_a_password_that_works(ledger: Ledger, home: Settings) -> None:
    password = ensure_first_admin(ledger, home, at=AT)
    assert password
    assert isinstance(sign_in(ledger, home.admin_email, password, "127.0.0.1", at=AT), SignedIn)
    assert ensure_first_admin(ledger, home, at=AT) is None


def test_first_admin_password_from_the_environment_must_be_good(ledger: Ledger, home: Settings) -> None:
    admin = next(p for p in list_people(ledger, at=AT) if p.person.role is Role.ADMIN).person
    weak = home.model_copy(update={"admin_password": SecretStr("short")})
    assert ensure_first_admin(ledger, weak, at=AT) is None, "an admin is here: nothing to make, nothing to refuse"
    add(ledger, "second.admin@firm.example", Role.ADMIN)
    set_role(ledger, admin.email, Role.ADMIN, at=AT)


def test_last_admin_stays_admin(ledger: Ledger) -> None:
    admins = [p.person for p in list_people(ledger, at=AT) if p.person.role is Role.ADMIN]
    for spare in admins[1:]:
        set_role(ledger, spare.email, Role.VIEWER, at=AT)
    with pytest.raises(WrongState, match="last admin"):
        set_role(ledger, admins[0].email, Role.VIEWER, at=AT)


def test_role_change_ends_the_sessions(ledger: Ledger) -> None:
    add(ledger, "moves@firm.example")
    signed = sign_in(ledger, "moves@firm.example", PASSWORD, "10.0.0.1", at=AT)
    assert isinstance(signed, SignedIn)
    assert find_person(ledger, signed.token, at=AT) is not None
    person = set_role(ledger, "moves@firm.example", Role.CONTRACT_OFFICER, Department.LEGAL, at=AT)
    assert (person.role, person.department) == (Role.CONTRACT_OFFICER, Department.LEGAL)
    assert find_person(ledger, signed.token, at=AT) is None


@pytest.mark.parametrize("email", ["nobody", "a b@c.example", "@x.example", "x@"])
def test_bad_address_is_refused(ledger: Ledger, email: str) -> None:
    with pytest.raises(Exception, match=r"address|violates"):
        add(ledger, email)


def test_address_is_taken_once_however_it_is_spelled(ledger: Ledger) -> None:
    add(ledger, "Twice@Firm.example")
    with pytest.raises(BadInput, match="here already"):
        add(ledger, " twice@firm.EXAMPLE ")


def test_unknown_person_has_no_role(ledger: Ledger) -> None:
    with pytest.raises(NotFound):
        set_role(ledger, "ghost@firm.example", Role.VIEWER, at=AT)


def test_only_an_admin_manages_people(ledger: Ledger) -> None:
    officer = add_person(
        ledger,
        email="officer@firm.example",
        role=Role.CONTRACT_OFFICER,
        department=Department.CONTRACTS,
        password=PASSWORD,
        at=AT,
    )
    with pytest.raises(NotPermitted):
        list_people(ledger, at=AT, by=officer)
    with pytest.raises(NotPermitted):
        set_role(ledger, officer.email, Role.ADMIN, at=AT, by=officer)


def test_demo_people_come_with_demo_notices_only(ledger: Ledger) -> None:
    assert ensure_demo_people(ledger, at=AT) == []
    with open_ledger("procura_pipeline").housekeeping() as tx:
        tx.execute(
            "insert into opportunities (id, source, external_ref, content_hash, title, notice_type, due_precision,"
            " notice_count, is_open, is_demo, row_hash) values ('o1', 'demo', 'd1', 'h', 'x', 'Solicitation', 'none', 1,"
            " true, true, 'r')"
        )
    made = ensure_demo_people(ledger, at=AT)
    assert len(made) == 4
    assert all(p.person.is_demo for p in list_people(ledger, at=AT) if p.person.email.startswith("demo."))
    assert isinstance(sign_in(ledger, *made[0], "10.0.0.2", at=AT), SignedIn)
    assert ensure_demo_people(ledger, at=AT) == []


def test_disabled_person_is_out_at_once_and_comes_back_with_the_password_only(ledger: Ledger) -> None:
    add(ledger, "leaves@firm.example")
    signed = sign_in(ledger, "leaves@firm.example", PASSWORD, "10.0.0.9", at=AT)
    assert isinstance(signed, SignedIn)
    disable_person(ledger, "leaves@firm.example", at=AT)
    assert find_person(ledger, signed.token, at=AT) is None
    assert sign_in(ledger, "leaves@firm.example", PASSWORD, "10.0.0.9", at=AT) == Refused(0)
    with pytest.raises(WrongState):
        disable_person(ledger, "leaves@firm.example", at=AT)
    enable_person(ledger, "leaves@firm.example", at=AT)
    assert find_person(ledger, signed.token, at=AT) is None, "an old session does not come back"
    assert isinstance(sign_in(ledger, "leaves@firm.example", PASSWORD, "10.0.0.9", at=AT), SignedIn)
    with pytest.raises(WrongState):
        enable_person(ledger, "leaves@firm.example", at=AT)


def test_last_admin_who_can_sign_in_is_neither_disabled_nor_demoted(ledger: Ledger) -> None:
    invite_person(ledger, email="coming@firm.example", role=Role.ADMIN, department=Department.LEGAL, at=AT)
    admins = [
        p.person
        for p in list_people(ledger, at=AT)
        if p.person.role is Role.ADMIN and p.has_password and not p.is_disabled
    ]
    for spare in admins[1:]:
        set_role(ledger, spare.email, Role.VIEWER, at=AT)
    with pytest.raises(WrongState, match="last admin"):
        disable_person(ledger, admins[0].email, at=AT)
    with pytest.raises(WrongState, match="last admin"):
        set_role(ledger, admins[0].email, Role.CONTRACT_OFFICER, at=AT)
    disable_person(ledger, "coming@firm.example", at=AT)


def test_two_admins_cannot_take_each_other_s_place_away_at_the_same_moment(ledger: Ledger) -> None:
    add(ledger, "one.of.two@firm.example", Role.ADMIN)
    able = [
        p.person.email for p in list_people(ledger, at=AT)
        if p.person.role is Role.ADMIN and p.has_password and not p.is_disabled
    ]  # fmt: skip
    assert len(able) == 2

    def demote(email: str) -> bool:
        try:
            set_role(ledger, email, Role.VIEWER, at=AT)
        except WrongState:
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        assert sum(threads.map(demote, able)) == 1


def test_every_deed_is_in_the_audit_log(ledger: Ledger) -> None:
    person = add(ledger, "traced@firm.example")
    with ledger.read() as tx:
        row = tx.row("select action, actor from audit_logs where subject = %s", [person.id])  # type: ignore[attr-defined]
    assert row == {"action": "person:added", "actor": "system"}
