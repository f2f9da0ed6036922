"""Pauses slow guessers down and never keep an owner out for ever."""

import statistics
import time
from datetime import timedelta

import pytest

from pipelines.administration.attempts import (
    FREE_ATTEMPTS_OF_ACCOUNT,
    FREE_ATTEMPTS_OF_CLIENT,
    LONGEST_PAUSE_OF_ACCOUNT,
)
from pipelines.administration.devices import KNOWN_FOR, known_device, make_note, name_device
from pipelines.administration.sessions import SignedIn
from pipelines.administration.sign_in import Refused, sign_in
from tests.factories_people import PASSWORD, new_person
from warehouse import clock
from warehouse.ledger.store import Ledger, open_ledger
from warehouse.settings import Settings

NOW = clock.now()
WRONG = "wrong wrong wrong"


@pytest.fixture(scope="module")
def ledger(home: Settings) -> Ledger:
    return open_ledger("procura_app")


def attack(ledger: Ledger, email: str, machines: int, *, network: str = "10.5") -> list[int]:
    waits = []
    for n in range(machines):
        answer = sign_in(ledger, email, WRONG, f"{network}.{n // 250}.{n % 250}", at=NOW)
        assert isinstance(answer, Refused)
        waits.append(answer.wait_seconds)
    return waits


@pytest.mark.thorough
def test_many_machines_share_the_tries_of_one_account_and_the_pause_is_bounded(ledger: Ledger) -> None:
    email = new_person().email
    waits = attack(ledger, email, 60)
    assert waits.count(0) == FREE_ATTEMPTS_OF_ACCOUNT
    later, longest = NOW, 0
    for _ in range(14):
        answer = sign_in(ledger, email, WRONG, f"10.6.0.{_}", at=later)
        assert isinstance(answer, Refused)
        longest = max(longest, answer.wait_seconds)
        later += timedelta(seconds=max(1, answer.wait_seconds))
    assert longest <= LONGEST_PAUSE_OF_ACCOUNT.total_seconds()
    assert isinstance(sign_in(ledger, email, PASSWORD, "10.6.1.1", at=later + LONGEST_PAUSE_OF_ACCOUNT), SignedIn)


@pytest.mark.thorough
def test_known_device_is_let_past_the_pauses_that_strangers_cause(ledger: Ledger) -> None:
    email = new_person().email
    first = sign_in(ledger, email, PASSWORD, "10.4.0.1", at=NOW)
    assert isinstance(first, SignedIn)
    attack(ledger, email, 60)
    for _ in range(20):
        sign_in(ledger, email, WRONG, "10.4.0.1", at=NOW)
    assert isinstance(sign_in(ledger, email, PASSWORD, "10.4.0.1", at=NOW), Refused), "unknown: it must wait"
    assert isinstance(sign_in(ledger, email, PASSWORD, "10.4.0.1", at=NOW, note=first.known_device), SignedIn)


def test_known_device_guesses_no_faster_than_anybody(ledger: Ledger) -> None:
    email = new_person().email
    first = sign_in(ledger, email, PASSWORD, "10.3.0.1", at=NOW)
    assert isinstance(first, SignedIn)
    waits = []
    for n in range(12):
        answer = sign_in(ledger, email, WRONG, f"10.3.1.{n}", at=NOW, note=first.known_device)
        assert isinstance(answer, Refused)
        waits.append(answer.wait_seconds)
    assert waits.count(0) == 5


def test_note_is_for_its_account_for_half_a_year_and_cannot_be_made_up(ledger: Ledger) -> None:
    note = make_note("Ana@firm.example", at=NOW)
    assert known_device(note, " ana@firm.example", at=NOW)
    assert known_device(note, "bo@firm.example", at=NOW) is None
    assert known_device(note, "ana@firm.example", at=NOW + KNOWN_FOR) is None
    for other in (None, "", "x", note[:-4], note.swapcase(), "x" * 100_000, "ünï"):
        assert known_device(other, "ana@firm.example", at=NOW) is None


@pytest.mark.thorough
def test_right_passwords_do_not_use_up_the_tries_of_an_office(ledger: Ledger) -> None:
    email = new_person().email
    for _ in range(FREE_ATTEMPTS_OF_CLIENT + 5):
        assert isinstance(sign_in(ledger, email, PASSWORD, "10.2.0.1", at=NOW), SignedIn)


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18 Mobile Safari/604", "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/140.0 Safari/537 Edg/140.0", "Edge on Windows"),
        ("curl/8.5.0", "curl"),
        ("", "unknown"),
        ("<script>alert(1)</script>", "unknown"),
    ],
)  # fmt: skip
def test_device_is_named_in_words(user_agent: str, name: str) -> None:
    assert name_device(user_agent) == name


@pytest.mark.thorough
def test_known_invited_and_unknown_names_take_the_same_time(ledger: Ledger) -> None:
    from pipelines.administration.one_time_links import invite_person
    from warehouse.domain.access import Department, Role

    invite_person(ledger, email="invited@firm.example", role=Role.VIEWER, department=Department.LEGAL, at=NOW)
    names = {"known": new_person().email, "unknown": "nobody@firm.example", "invited": "invited@firm.example"}
    seconds: dict[str, list[float]] = {kind: [] for kind in names}
    for turn in range(40):  # interleaved, so that a busy machine is busy for all of them
        for number, (kind, email) in enumerate(names.items()):
            at = NOW + timedelta(hours=2 * turn)  # no pause is left of the turn before
            begin = time.perf_counter()
            answer = sign_in(ledger, email, WRONG, f"10.{number}.9.{turn}", at=at)
            seconds[kind].append(time.perf_counter() - begin)
            assert answer == Refused(0)
    medians = {kind: statistics.median(times) for kind, times in seconds.items()}
    for kind in ("unknown", "invited"):
        assert 0.8 <= medians["known"] / medians[kind] <= 1.25, medians
