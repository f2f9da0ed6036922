"""Invitations and resets: a link sets a password once, in time, and opens no session."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from pipelines.administration.one_time_links import (
    INVITATION_LIMIT,
    RESET_LIMIT,
    find_link,
    invite_person,
    reset_password,
    use_link,
)
from pipelines.administration.people import disable_person, list_people
from pipelines.administration.sessions import SignedIn, find_person
from pipelines.administration.sign_in import Refused, sign_in
from tests.factories_people import PASSWORD, new_person
from warehouse import clock
from warehouse.domain.access import Department, Role
from warehouse.errors import BadInput, NotFound, NotPermitted, ProcuraError, WrongState
from warehouse.ledger.store import Ledger, open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

NOW = clock.now()
NEW = "seven slow silver snails"


@pytest.fixture(scope="module")
def ledger(home: Settings) -> Ledger:
    return open_ledger("procura_app")


def can_sign_in(ledger: Ledger, email: str, password: str) -> bool:
    return isinstance(sign_in(ledger, email, password, "10.0.0.1", at=NOW), SignedIn)


def test_invited_person_has_no_password_until_the_link_is_used(ledger: Ledger) -> None:
    link = invite_person(ledger, email=" New@Firm.example ", role=Role.VIEWER, department=Department.FINANCE, at=NOW)
    profile = next(p for p in list_people(ledger, at=NOW) if p.person.email == "new@firm.example")
    assert (profile.has_password, profile.link_expires_at) == (False, NOW + INVITATION_LIMIT)
    for guess in ("", "None", NEW):
        assert not can_sign_in(ledger, "new@firm.example", guess)
    assert find_link(ledger, link.secret, at=NOW).kind == "invitation"
    use_link(ledger, link.secret, NEW, at=NOW)
    assert can_sign_in(ledger, "new@firm.example", NEW)
    profile = next(p for p in list_people(ledger, at=NOW) if p.person.email == "new@firm.example")
    assert (profile.has_password, profile.link_expires_at) == (True, None)


def test_reset_ends_password_and_sessions_at_once(ledger: Ledger) -> None:
    email = new_person().email
    signed = sign_in(ledger, email, PASSWORD, "10.0.0.1", at=NOW)
    assert isinstance(signed, SignedIn)
    link = reset_password(ledger, email, at=NOW)
    assert find_person(ledger, signed.token, at=NOW) is None
    assert not can_sign_in(ledger, email, PASSWORD)
    use_link(ledger, link.secret, NEW, at=NOW)
    assert can_sign_in(ledger, email, NEW)


def test_link_is_good_once_even_for_two_at_the_same_moment(ledger: Ledger) -> None:
    link = reset_password(ledger, new_person().email, at=NOW)

    def use(number: int) -> bool:
        try:
            use_link(ledger, link.secret, f"{NEW} {number}", at=NOW)
        except NotFound:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(use, range(4))) == 1
    with pytest.raises(NotFound):
        find_link(ledger, link.secret, at=NOW)


def test_link_runs_out(ledger: Ledger) -> None:
    link = reset_password(ledger, new_person().email, at=NOW)
    assert find_link(ledger, link.secret, at=NOW + RESET_LIMIT - timedelta(seconds=1))
    with pytest.raises(NotFound):
        use_link(ledger, link.secret, NEW, at=NOW + RESET_LIMIT)


def test_newer_link_makes_the_earlier_worthless(ledger: Ledger) -> None:
    email = new_person().email
    first, second = reset_password(ledger, email, at=NOW), reset_password(ledger, email, at=NOW)
    with pytest.raises(NotFound):
        find_link(ledger, first.secret, at=NOW)
    use_link(ledger, second.secret, NEW, at=NOW)


def test_bad_password_leaves_the_link_good(ledger: Ledger) -> None:
    link = reset_password(ledger, new_person().email, at=NOW)
    with pytest.raises(BadInput):
        use_link(ledger, link.secret, "too short", at=NOW)
    use_link(ledger, link.secret, NEW, at=NOW)


def test_disabled_person_uses_no_link_and_gets_none(ledger: Ledger) -> None:
    email = new_person().email
    link = reset_password(ledger, email, at=NOW)
    disable_person(ledger, email, at=NOW)
    with pytest.raises(NotFound):
        use_link(ledger, link.secret, NEW, at=NOW)
    with pytest.raises(WrongState):
        reset_password(ledger, email, at=NOW)


@pytest.mark.parametrize("secret", ["", "x", "x" * 100_000, "' or true --", "ünï\x00"])
def test_invented_link_is_worthless(ledger: Ledger, secret: str) -> None:
    with pytest.raises(NotFound):
        find_link(ledger, secret, at=NOW)


def test_only_the_hash_of_a_link_is_kept(ledger: Ledger) -> None:
    link = reset_password(ledger, new_person().email, at=NOW)
    assert link.secret not in repr(link)
    with ledger.read() as tx:
        rows = tx.rows("select row_to_json(l)::text as text from one_time_links l")
        bodies = tx.rows("select body from audit_logs where subject = %s", [link.person.id])
    assert not any(link.secret in row["text"] for row in rows)
    assert not any(link.secret.encode() in bytes(row["body"]) for row in bodies)


def test_only_who_manages_people_makes_links(ledger: Ledger) -> None:
    officer, other = new_person(), new_person(Role.VIEWER)
    for deed in (
        lambda: reset_password(ledger, other.email, at=NOW, by=officer),
        lambda: invite_person(
            ledger, email="x@firm.example", role=Role.ADMIN, department=Department.LEGAL, at=NOW, by=officer
        ),
    ):
        with pytest.raises(NotPermitted):
            deed()
    admin = new_person(Role.ADMIN)
    assert reset_password(ledger, other.email, at=NOW, by=admin).person.id == other.id
    with pytest.raises(NotFound):
        reset_password(ledger, "ghost@firm.example", at=NOW, by=admin)


@pytest.mark.parametrize("email", ["nobody", "a b@c.example", "@x.example", "x@", "", "a\x00@b.example"])
def test_nobody_is_invited_without_an_address(ledger: Ledger, email: str) -> None:
    with pytest.raises(ProcuraError):
        invite_person(ledger, email=email, role=Role.VIEWER, department=Department.LEGAL, at=NOW)


@pytest.mark.thorough
def test_used_link_opens_no_session_and_makes_the_browser_known(ledger: Ledger) -> None:
    email = new_person().email
    link = reset_password(ledger, email, at=NOW)
    used = use_link(ledger, link.secret, NEW, at=NOW)
    with ledger.read() as tx:
        row = tx.row("select count(*) as n from auth_sessions where profile_id = %s", [used.person.id])
    assert row == {"n": 0}
    for n in range(40):  # a stranger's wrong passwords, from many machines
        sign_in(ledger, email, "wrong wrong wrong", f"10.7.0.{n}", at=NOW)
    assert isinstance(sign_in(ledger, email, NEW, "10.8.0.1", at=NOW), Refused)
    assert isinstance(sign_in(ledger, email, NEW, "10.8.0.1", at=NOW, note=used.known_device), SignedIn)
