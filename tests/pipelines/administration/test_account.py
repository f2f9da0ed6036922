"""A person's own password: what its change asks for, what it ends, how the browser goes on."""

from datetime import timedelta

import pytest

from pipelines.administration.account import change_password
from pipelines.administration.reauthentication import HAND_OVER_LIMIT, Continuation, is_recent, reauthenticate
from pipelines.administration.sessions import SignedIn, find_person, person_of_handle
from pipelines.administration.sign_in import Refused, enter_code, sign_in, take_over
from tests.factories_people import PASSWORD, new_person
from warehouse import clock
from warehouse.domain.access import Person
from warehouse.errors import BadInput, NotSignedIn, WrongState
from warehouse.ledger.store import Ledger, open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

NOW = clock.now()
NEW = "seven slow silver snails"


@pytest.fixture(scope="module")
def ledger(home: Settings) -> Ledger:
    return open_ledger("procura_app")


def signed_in(ledger: Ledger, email: str, password: str = PASSWORD) -> tuple[SignedIn, Person]:
    answer = sign_in(ledger, email, password, "10.0.0.1", at=NOW, user_agent="Mozilla/5.0 (X11; Linux) Firefox/140.0")
    assert isinstance(answer, SignedIn)
    person = find_person(ledger, answer.token, at=NOW)
    assert person is not None
    return answer, person


def token_of(continuation: Continuation) -> str:
    return continuation.path.partition("step=")[2]


def test_change_ends_all_sessions_and_the_browser_goes_on_in_a_new_one(ledger: Ledger) -> None:
    email = new_person().email
    (mine, me), (other, _) = signed_in(ledger, email), signed_in(ledger, email)
    continuation = change_password(ledger, PASSWORD, NEW, at=NOW, by=me)
    for token in (mine.token, other.token):
        assert find_person(ledger, token, at=NOW) is None
    with pytest.raises(NotSignedIn):
        person_of_handle(ledger, me.session or b"", at=NOW)
    new = take_over(ledger, token_of(continuation), mine.token, at=NOW)
    assert new.token not in (mine.token, other.token)
    found = find_person(ledger, new.token, at=NOW)
    assert found is not None
    assert (found.id, found.session != me.session) == (me.id, True)
    assert isinstance(sign_in(ledger, email, PASSWORD, "10.0.0.2", at=NOW), Refused)
    assert isinstance(sign_in(ledger, email, NEW, "10.0.0.2", at=NOW), SignedIn)


def test_hand_over_is_for_this_browser_once_and_at_once(ledger: Ledger) -> None:
    email = new_person().email
    (mine, me), (other, _) = signed_in(ledger, email), signed_in(ledger, email)
    token = token_of(reauthenticate(ledger, PASSWORD, at=NOW, by=me))
    for stranger in (None, "", "invented", other.token):
        with pytest.raises(NotSignedIn):
            take_over(ledger, token, stranger, at=NOW)
    with pytest.raises(NotSignedIn):
        enter_code(ledger, token, "000000", "10.0.0.1", at=NOW)
    take_over(ledger, token, mine.token, at=NOW)
    with pytest.raises(NotSignedIn):
        take_over(ledger, token, mine.token, at=NOW)
    late, late_me = signed_in(ledger, email)
    token = token_of(reauthenticate(ledger, PASSWORD, at=NOW, by=late_me))
    with pytest.raises(NotSignedIn):
        take_over(ledger, token, late.token, at=NOW + HAND_OVER_LIMIT)


def test_proving_the_password_again_makes_it_recent_and_leaves_other_sessions(ledger: Ledger) -> None:
    email = new_person().email
    (mine, me), (other, _) = signed_in(ledger, email), signed_in(ledger, email)
    later = NOW + timedelta(minutes=30)
    assert not is_recent(ledger, at=later, by=me)
    new = take_over(ledger, token_of(reauthenticate(ledger, PASSWORD, at=later, by=me)), mine.token, at=later)
    again = find_person(ledger, new.token, at=later)
    assert again is not None
    assert is_recent(ledger, at=later, by=again)
    assert find_person(ledger, mine.token, at=later) is None
    assert find_person(ledger, other.token, at=later)


def test_wrong_present_password_changes_nothing_and_is_slowed_down(ledger: Ledger) -> None:
    email = new_person().email
    _, me = signed_in(ledger, email)
    for _ in range(5):
        with pytest.raises(BadInput, match="present password"):
            change_password(ledger, "wrong wrong wrong", NEW, at=NOW, by=me)
    with pytest.raises(WrongState, match="Try again in"):
        change_password(ledger, PASSWORD, NEW, at=NOW, by=me)
    with pytest.raises(WrongState, match="Try again in"):
        reauthenticate(ledger, PASSWORD, at=NOW, by=me)
    signed_in(ledger, email)


@pytest.mark.parametrize("new", ["too short", "passwordpassword", PASSWORD, "x" * 129])
def test_password_that_is_not_good_enough_is_not_taken(ledger: Ledger, new: str) -> None:
    email = new_person().email
    _, me = signed_in(ledger, email)
    with pytest.raises(BadInput):
        change_password(ledger, PASSWORD, new, at=NOW, by=me)
    signed_in(ledger, email)


def test_ended_session_changes_no_password(ledger: Ledger) -> None:
    email = new_person().email
    _, me = signed_in(ledger, email)
    reauthenticate(ledger, PASSWORD, at=NOW, by=me)
    with pytest.raises(NotSignedIn):
        change_password(ledger, PASSWORD, NEW, at=NOW, by=me)
    with pytest.raises(NotSignedIn):
        reauthenticate(ledger, PASSWORD, at=NOW, by=me)


def test_new_session_keeps_device_and_place(ledger: Ledger) -> None:
    email = new_person().email
    mine, me = signed_in(ledger, email)
    take_over(ledger, token_of(reauthenticate(ledger, PASSWORD, at=NOW, by=me)), mine.token, at=NOW)
    with ledger.read() as tx:
        rows = tx.rows("select device, network, ended_because from auth_sessions where profile_id = %s", [me.id])
    assert {(row["device"], row["network"]) for row in rows} == {("Firefox on Linux", "10.0.0.1")}
    assert {row["ended_because"] for row in rows} == {"password proven again", ""}
