"""Codes are right once, recovery codes too, and half a sign-in opens nothing."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pyotp
import pytest
from psycopg.conninfo import make_conninfo

from pipelines.administration import second_factor
from pipelines.administration.one_time_links import reset_password, use_link
from pipelines.administration.people import disable_person
from pipelines.administration.reauthentication import RECENT
from pipelines.administration.sessions import SignedIn, find_person
from pipelines.administration.sign_in import (
    STEP_LIMIT,
    Refused,
    SecondStep,
    begin_enrolment,
    enter_code,
    finish_enrolment,
    sign_in,
)
from tests.factories_people import PASSWORD, new_person
from warehouse import clock
from warehouse.addresses import superuser_conninfo
from warehouse.domain.access import Person
from warehouse.errors import BadInput, NotPermitted, NotSignedIn, VaultRefused, WrongState
from warehouse.ledger.sign_in_steps import Step
from warehouse.ledger.store import Ledger, open_ledger
from warehouse.settings import Settings
from warehouse.vault import unseal

pytestmark = pytest.mark.thorough

NOW = clock.now()
CLIENT = "10.0.0.1"


@pytest.fixture(scope="module")
def ledger(home: Settings) -> Ledger:
    return open_ledger("procura_app")


def signed_in(ledger: Ledger) -> Person:
    email = new_person().email
    answer = sign_in(ledger, email, PASSWORD, CLIENT, at=NOW)
    assert isinstance(answer, SignedIn)
    found = find_person(ledger, answer.token, at=NOW)
    assert found is not None
    return found


def code_at(seed: str, at_step: int = 0) -> str:
    return pyotp.TOTP(seed).at(int(NOW.timestamp()) + 30 * at_step)


def enrolled(ledger: Ledger) -> tuple[Person, str, list[str]]:
    """Return somebody with a confirmed second factor, its seed and recovery codes; the code of step -1 is used."""
    person = signed_in(ledger)
    seed = second_factor.enrol(ledger, at=NOW, by=person).seed
    codes = second_factor.confirm_enrolment(ledger, code_at(seed, -1), at=NOW, by=person)
    return person, seed, codes


def half_way(ledger: Ledger, person: Person) -> SecondStep:
    answer = sign_in(ledger, person.email, PASSWORD, CLIENT, at=NOW)
    assert isinstance(answer, SecondStep)
    assert answer.step is Step.CODE
    return answer


def test_right_password_alone_opens_nothing(ledger: Ledger) -> None:
    person, _, _ = enrolled(ledger)
    step = half_way(ledger, person)
    assert find_person(ledger, step.token, at=NOW) is None
    with pytest.raises(NotSignedIn):
        begin_enrolment(ledger, step.token, at=NOW)
    assert step.token not in repr(step)


@pytest.mark.parametrize("shift", [-1, 0, 1])
def test_code_of_this_step_and_its_neighbours_opens_a_session(ledger: Ledger, shift: int) -> None:
    person = signed_in(ledger)
    seed = second_factor.enrol(ledger, at=NOW, by=person).seed
    second_factor.confirm_enrolment(ledger, code_at(seed, -1), at=NOW, by=person)
    later = NOW + timedelta(seconds=60)
    answer = sign_in(ledger, person.email, PASSWORD, CLIENT, at=later)
    assert isinstance(answer, SecondStep)
    signed = enter_code(ledger, answer.token, code_at(seed, 2 + shift), CLIENT, at=later)
    assert isinstance(signed, SignedIn)
    assert find_person(ledger, signed.token, at=later)


@pytest.mark.parametrize("shift", [-2, 2, 1000])
def test_code_of_another_time_is_refused(ledger: Ledger, shift: int) -> None:
    person, seed, _ = enrolled(ledger)
    step = half_way(ledger, person)
    assert isinstance(enter_code(ledger, step.token, code_at(seed, shift), CLIENT, at=NOW), Refused)


def test_code_is_accepted_once_even_by_two_at_the_same_moment(ledger: Ledger) -> None:
    person, seed, _ = enrolled(ledger)
    used = enter_code(ledger, half_way(ledger, person).token, code_at(seed, -1), CLIENT, at=NOW)
    assert isinstance(used, Refused), "the code that confirmed the enrolment is used up"
    steps = [half_way(ledger, person).token for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda t: enter_code(ledger, t, code_at(seed), CLIENT, at=NOW), steps))
    assert sum(isinstance(answer, SignedIn) for answer in answers) == 1
    again = enter_code(ledger, half_way(ledger, person).token, code_at(seed), CLIENT, at=NOW)
    assert isinstance(again, Refused)


def test_recovery_code_opens_once_however_it_is_typed(ledger: Ledger) -> None:
    person, _, codes = enrolled(ledger)
    typed = f" {codes[0].upper().replace('-', ' ')} "
    assert isinstance(enter_code(ledger, half_way(ledger, person).token, typed, CLIENT, at=NOW), SignedIn)
    assert isinstance(enter_code(ledger, half_way(ledger, person).token, codes[0], CLIENT, at=NOW), Refused)
    assert second_factor.read_state(ledger, by=person).recovery_codes == 9


def test_recovery_code_of_somebody_else_opens_nothing(ledger: Ledger) -> None:
    person, _, _ = enrolled(ledger)
    _, _, codes = enrolled(ledger)
    assert isinstance(enter_code(ledger, half_way(ledger, person).token, codes[0], CLIENT, at=NOW), Refused)


def test_step_ends_after_minutes_after_wrong_codes_and_with_its_use(ledger: Ledger) -> None:
    person, seed, codes = enrolled(ledger)
    with pytest.raises(NotSignedIn):
        enter_code(ledger, half_way(ledger, person).token, code_at(seed), CLIENT, at=NOW + STEP_LIMIT)
    step = half_way(ledger, person)
    assert isinstance(enter_code(ledger, step.token, codes[0], CLIENT, at=NOW), SignedIn)
    with pytest.raises(NotSignedIn):
        enter_code(ledger, step.token, codes[1], CLIENT, at=NOW)
    step, moment = half_way(ledger, person), NOW
    for _ in range(5):
        answer = enter_code(ledger, step.token, "000000", CLIENT, at=moment)
        assert isinstance(answer, Refused)
        moment += timedelta(seconds=answer.wait_seconds)
    with pytest.raises(NotSignedIn):
        enter_code(ledger, step.token, codes[1], CLIENT, at=moment)


def test_wrong_codes_are_slowed_down_over_all_sign_ins_of_a_person(ledger: Ledger) -> None:
    person, _, _ = enrolled(ledger)
    waits = []
    for _ in range(8):
        answer = enter_code(ledger, half_way(ledger, person).token, "000000", CLIENT, at=NOW)
        assert isinstance(answer, Refused)
        waits.append(answer.wait_seconds)
    assert waits[:5] == [0] * 5
    assert all(waits[5:])


@pytest.mark.parametrize("event", ["disabled", "reset", "new password"])
def test_half_a_sign_in_dies_with_what_revokes(ledger: Ledger, event: str) -> None:
    person, seed, _ = enrolled(ledger)
    step = half_way(ledger, person)
    if event == "disabled":
        disable_person(ledger, person.email, at=NOW)
    else:
        link = reset_password(ledger, person.email, at=NOW)
        if event == "new password":
            use_link(ledger, link.secret, "seven slow silver snails", at=NOW + timedelta(seconds=1))
    with pytest.raises(NotSignedIn):
        enter_code(ledger, step.token, code_at(seed), CLIENT, at=NOW)


def test_seed_is_sealed_and_bound_to_its_person(ledger: Ledger) -> None:
    person, seed, codes = enrolled(ledger)
    other, _, _ = enrolled(ledger)
    with ledger.read() as tx:
        row = tx.row("select sealed_seed from second_factors where profile_id = %s", [person.id])
        stored = tx.rows("select code_hash from recovery_codes where profile_id = %s", [person.id])
    assert row is not None
    sealed = bytes(row["sealed_seed"])
    assert seed.encode() not in sealed
    assert unseal(f"totp:{person.id}", sealed).decode() == seed
    with pytest.raises(VaultRefused):
        unseal(f"totp:{other.id}", sealed)
    assert not any(code.encode() in bytes(r["code_hash"]) for code in codes for r in stored)


def test_changing_it_asks_for_a_recent_password(ledger: Ledger) -> None:
    person, _, _ = enrolled(ledger)
    late = NOW + RECENT
    for deed in (second_factor.enrol, second_factor.remove, second_factor.renew_recovery_codes):
        with pytest.raises(NotPermitted, match="password"):
            deed(ledger, at=late, by=person)
    with pytest.raises(NotPermitted):
        second_factor.confirm_enrolment(ledger, "000000", at=late, by=person)


def test_replacing_keeps_the_old_one_until_the_new_is_confirmed(ledger: Ledger) -> None:
    person, old, _ = enrolled(ledger)
    new = second_factor.enrol(ledger, at=NOW, by=person).seed
    assert new != old
    assert second_factor.enrol(ledger, at=NOW, by=person).seed == new, "the same at each look"
    with pytest.raises(BadInput):
        second_factor.confirm_enrolment(ledger, code_at(old), at=NOW, by=person)
    second_factor.confirm_enrolment(ledger, code_at(new), at=NOW, by=person)
    assert isinstance(enter_code(ledger, half_way(ledger, person).token, code_at(old, 1), CLIENT, at=NOW), Refused)
    assert isinstance(enter_code(ledger, half_way(ledger, person).token, code_at(new, 1), CLIENT, at=NOW), SignedIn)


def test_removed_second_factor_is_not_asked_for(ledger: Ledger) -> None:
    person, _, _ = enrolled(ledger)
    second_factor.remove(ledger, at=NOW, by=person)
    with pytest.raises(WrongState):
        second_factor.remove(ledger, at=NOW, by=person)
    with pytest.raises(WrongState):
        second_factor.renew_recovery_codes(ledger, at=NOW, by=person)
    assert isinstance(sign_in(ledger, person.email, PASSWORD, CLIENT, at=NOW), SignedIn)


def test_new_recovery_codes_replace_the_old(ledger: Ledger) -> None:
    person, _, old = enrolled(ledger)
    new = second_factor.renew_recovery_codes(ledger, at=NOW, by=person)
    assert not set(new) & set(old)
    assert isinstance(enter_code(ledger, half_way(ledger, person).token, old[0], CLIENT, at=NOW), Refused)
    assert isinstance(enter_code(ledger, half_way(ledger, person).token, new[0], CLIENT, at=NOW), SignedIn)


def test_admin_takes_a_lost_second_factor_away_with_the_reset(ledger: Ledger) -> None:
    person, _, _ = enrolled(ledger)
    link = reset_password(ledger, person.email, at=NOW, is_second_factor_lost=True)
    use_link(ledger, link.secret, "seven slow silver snails", at=NOW)
    assert isinstance(sign_in(ledger, person.email, "seven slow silver snails", CLIENT, at=NOW), SignedIn)


@pytest.fixture
def required(home: Settings) -> Iterator[None]:
    def write(value: str) -> None:
        with psycopg.connect(make_conninfo("", **superuser_conninfo(home))) as connection:
            connection.execute("update system_settings set value = %s where key = 'require_second_factor'", [value])

    write("on")
    yield
    write("off")


def test_firm_that_asks_for_it_lets_nobody_in_before_enrolment(ledger: Ledger, required: None) -> None:
    email = new_person().email
    step = sign_in(ledger, email, PASSWORD, CLIENT, at=NOW)
    assert isinstance(step, SecondStep)
    assert step.step is Step.ENROL
    with pytest.raises(NotSignedIn):
        enter_code(ledger, step.token, "000000", CLIENT, at=NOW)
    seed = begin_enrolment(ledger, step.token, at=NOW).seed
    assert isinstance(finish_enrolment(ledger, step.token, "000000", CLIENT, at=NOW), Refused)
    answer = finish_enrolment(ledger, step.token, code_at(seed), CLIENT, at=NOW)
    assert not isinstance(answer, Refused)
    signed, codes = answer
    person = find_person(ledger, signed.token, at=NOW)
    assert person is not None
    assert len(codes) == 10
    with pytest.raises(WrongState, match="asks everybody"):
        second_factor.remove(ledger, at=NOW, by=person)


def test_deeds_are_in_the_log_and_secrets_are_not(ledger: Ledger) -> None:
    person, seed, codes = enrolled(ledger)
    enter_code(ledger, half_way(ledger, person).token, codes[0], CLIENT, at=NOW)
    with ledger.read() as tx:
        rows = tx.rows("select action, body from audit_logs where subject = %s", [person.id])
    assert {"person:second_factor_begun", "person:second_factor_set"} <= {row["action"] for row in rows}
    assert any(b'"second_factor":"recovery code"' in bytes(row["body"]) for row in rows)
    assert not any(secret.encode() in bytes(row["body"]) for row in rows for secret in (seed, *codes))
