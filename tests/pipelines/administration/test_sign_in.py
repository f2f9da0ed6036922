import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from pipelines.administration.attempts import FREE_ATTEMPTS
from pipelines.administration.one_time_links import reset_password
from pipelines.administration.people import add_person, disable_person
from pipelines.administration.sessions import (
    ABSOLUTE_LIMIT,
    IDLE_LIMIT,
    SignedIn,
    find_person,
    person_of_session,
    sign_out,
)
from pipelines.administration.sign_in import Refused, sign_in
from tests.factories_people import new_person
from warehouse.domain.access import Department, Role
from warehouse.errors import NotSignedIn
from warehouse.ledger.store import Ledger, open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

AT = datetime(2026, 4, 10, 12, tzinfo=UTC)
EMAIL, PASSWORD = "ana@firm.example", "four quiet green lamps"


@pytest.fixture(scope="module")
def ledger(home: Settings) -> Ledger:
    ledger = open_ledger("procura_app")
    add_person(ledger, email=EMAIL, role=Role.VIEWER, department=Department.CONTRACTS, password=PASSWORD, at=AT)
    return ledger


def signed_in(ledger: Ledger, at: datetime = AT, client: str = "127.0.0.1") -> SignedIn:
    result = sign_in(ledger, EMAIL, PASSWORD, client, at=at)
    assert isinstance(result, SignedIn)
    return result


def test_only_the_hash_of_a_session_is_stored(ledger: Ledger) -> None:
    session = signed_in(ledger)
    with ledger.read() as tx:
        stored = {bytes(row["id_hash"]) for row in tx.rows("select id_hash from auth_session_ids")}
    assert sha256(session.token.encode()).digest() in stored
    assert session.token.encode() not in stored
    assert session.token not in repr(session)


def test_each_sign_in_gets_its_own_id(ledger: Ledger) -> None:
    assert signed_in(ledger).token != signed_in(ledger).token


def test_session_ends_at_sign_out_everywhere(ledger: Ledger) -> None:
    session, other = signed_in(ledger), signed_in(ledger)
    sign_out(ledger, session.token, at=AT)
    sign_out(ledger, session.token, at=AT)
    with pytest.raises(NotSignedIn):
        person_of_session(ledger, session.token, at=AT)
    assert person_of_session(ledger, other.token, at=AT).email == EMAIL


def test_idle_session_ends_and_a_used_one_lives_on(ledger: Ledger) -> None:
    idle, used = signed_in(ledger), signed_in(ledger)
    half = AT + IDLE_LIMIT / 2
    assert find_person(ledger, used.token, at=half)
    assert find_person(ledger, used.token, at=AT + IDLE_LIMIT + timedelta(seconds=1))
    assert find_person(ledger, idle.token, at=AT + IDLE_LIMIT + timedelta(seconds=1)) is None


def test_no_session_outlives_the_absolute_limit(ledger: Ledger) -> None:
    session = signed_in(ledger)
    moment = AT
    while moment < AT + ABSOLUTE_LIMIT - timedelta(minutes=30):
        moment += timedelta(minutes=30)
        assert find_person(ledger, session.token, at=moment) or moment >= AT + ABSOLUTE_LIMIT
    assert find_person(ledger, session.token, at=AT + ABSOLUTE_LIMIT) is None


@pytest.mark.parametrize("token", [None, "", "x", "x" * 100_000, "' or true --", "ünï"])
def test_an_invented_session_is_nobody(ledger: Ledger, token: str | None) -> None:
    assert find_person(ledger, token, at=AT) is None


@pytest.mark.thorough
def test_twenty_wrong_passwords_stay_polite_and_the_right_one_works_after_the_pause(ledger: Ledger) -> None:
    moment, judged = AT, 0
    for _ in range(20):
        answer = sign_in(ledger, EMAIL, "wrong wrong wrong", "10.1.1.1", at=moment)
        assert isinstance(answer, Refused)
        assert answer.wait_seconds <= 60
        judged += answer.wait_seconds == 0
    assert judged == FREE_ATTEMPTS, "the rest was asked to wait without looking at the password"
    waiting = sign_in(ledger, EMAIL, PASSWORD, "10.1.1.1", at=moment)
    assert isinstance(waiting, Refused)
    assert waiting.wait_seconds >= 1
    assert isinstance(sign_in(ledger, EMAIL, PASSWORD, "10.1.1.1", at=moment + timedelta(seconds=60)), SignedIn)
    assert isinstance(sign_in(ledger, EMAIL, PASSWORD, "10.1.1.1", at=moment + timedelta(seconds=60)), SignedIn)


@pytest.mark.thorough
def test_pauses_grow_and_stop_growing(ledger: Ledger) -> None:
    moment, pauses = AT, []
    for _ in range(14):
        sign_in(ledger, "grow@firm.example", "wrong wrong wrong", "10.1.1.2", at=moment)
        answer = sign_in(ledger, "grow@firm.example", "wrong wrong wrong", "10.1.1.2", at=moment)
        assert isinstance(answer, Refused)
        pauses.append(answer.wait_seconds)
        moment += timedelta(seconds=answer.wait_seconds)
    assert pauses[-1] == 60
    assert [p for p in pauses if p] == sorted(p for p in pauses if p)


def test_wrong_passwords_of_another_client_do_not_lock_the_owner_out(ledger: Ledger) -> None:
    for _ in range(20):
        sign_in(ledger, EMAIL, "wrong wrong wrong", "10.1.1.3", at=AT)
    assert isinstance(sign_in(ledger, EMAIL, PASSWORD, "10.1.1.4", at=AT), SignedIn)


def test_wrong_passwords_at_the_same_moment_are_all_counted(ledger: Ledger) -> None:
    def attempt(_: int) -> int:
        answer = sign_in(ledger, "race@firm.example", "wrong wrong wrong", "10.1.1.5", at=AT)
        assert isinstance(answer, Refused)
        return answer.wait_seconds

    with ThreadPoolExecutor(8) as threads:
        waits = list(threads.map(attempt, range(16)))
    assert waits.count(0) == FREE_ATTEMPTS


def test_refusals_are_in_the_audit_log_without_the_address(ledger: Ledger) -> None:
    sign_in(ledger, "secret.name@firm.example", "wrong wrong wrong", "10.3.0.1", at=AT)
    with ledger.read() as tx:
        bodies = [bytes(r["body"]) for r in tx.rows("select body from audit_logs where action = 'session:refused'")]
    assert bodies
    assert not any(b"secret.name" in body or b"10.3.0.1" in body for body in bodies)


@pytest.mark.thorough
@pytest.mark.parametrize("revoke", [reset_password, disable_person])
def test_no_session_slips_in_beside_what_revokes(ledger: Ledger, revoke: Callable[..., object]) -> None:
    slipped = []
    for _ in range(8):
        email, start = new_person().email, threading.Barrier(4)

        def attempt(client: int, email: str = email, start: threading.Barrier = start) -> SignedIn | None:
            start.wait()
            answer = sign_in(ledger, email, PASSWORD, f"10.9.0.{client}", at=AT)
            return answer if isinstance(answer, SignedIn) else None

        def take_away(email: str = email, start: threading.Barrier = start) -> None:
            start.wait()
            time.sleep(0.05)  # into the moment between the comparison and the opening
            revoke(ledger, email, at=AT)

        with ThreadPoolExecutor(4) as threads:
            end = threads.submit(take_away)
            answers = list(threads.map(attempt, range(3)))
            end.result()
        slipped += [a for a in answers if a and find_person(ledger, a.token, at=AT)]
    assert slipped == []


def test_counters_are_not_kept_for_ever(ledger: Ledger) -> None:
    sign_in(ledger, "old.counter@firm.example", "wrong wrong wrong", "10.1.9.9", at=AT)
    with ledger.read() as tx:
        before = tx.row("select count(*) as n from auth_throttle where last_failure_at = %s", [AT])
    assert before is not None
    assert before["n"] > 0
    signed_in(ledger, at=AT + timedelta(days=2))
    with ledger.read() as tx:
        assert tx.row("select count(*) as n from auth_throttle where last_failure_at <= %s", [AT]) == {"n": 0}
