"""The id in the cookie is replaced without locking anybody out, and its replay ends the session."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from pipelines.administration.people import add_person
from pipelines.administration.sessions import (
    GRACE,
    IDLE_LIMIT,
    ROTATE_AFTER,
    SignedIn,
    end_other_sessions,
    end_session,
    find_person,
    list_sessions,
    person_of_handle,
    renew_id,
    sign_out,
    sign_out_person,
)
from pipelines.administration.sign_in import sign_in
from warehouse import clock
from warehouse.addresses import superuser_conninfo
from warehouse.domain.access import Department, Person, Role
from warehouse.errors import NotFound, NotPermitted, NotSignedIn
from warehouse.ledger.store import Ledger, open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

NOW = clock.now()
PASSWORD = "four quiet green lamps"
SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def ledger(home: Settings) -> Ledger:
    ledger = open_ledger("procura_app")
    for email, role in (
        ("ana@firm.example", Role.VIEWER),
        ("bo@firm.example", Role.VIEWER),
        ("adm@firm.example", Role.ADMIN),
    ):
        add_person(ledger, email=email, role=role, department=Department.CONTRACTS, password=PASSWORD, at=NOW)
    return ledger


def signed_in(ledger: Ledger, email: str = "ana@firm.example", **more: str) -> SignedIn:
    answer = sign_in(ledger, email, PASSWORD, "10.0.0.1", at=NOW, **more)
    assert isinstance(answer, SignedIn)
    assert find_person(ledger, answer.token, at=NOW)
    return answer


def person(ledger: Ledger, signed: SignedIn) -> Person:
    found = find_person(ledger, signed.token, at=NOW)
    assert found is not None
    return found


def renewed(ledger: Ledger, token: str) -> str:
    new = renew_id(ledger, token, at=NOW + ROTATE_AFTER)
    assert new is not None
    return new


def test_young_id_is_kept_and_an_old_one_replaced(ledger: Ledger) -> None:
    signed = signed_in(ledger)
    assert renew_id(ledger, signed.token, at=NOW + ROTATE_AFTER - SECOND) is None
    new = renewed(ledger, signed.token)
    assert new != signed.token
    found = find_person(ledger, new, at=NOW + ROTATE_AFTER)
    assert found is not None
    assert found.session == person(ledger, signed).session, "the session is the same, its handle too"


def test_old_id_is_honoured_for_requests_under_way_and_its_later_use_ends_the_session(ledger: Ledger) -> None:
    signed = signed_in(ledger)
    at, new = NOW + ROTATE_AFTER, renewed(ledger, signed.token)
    assert find_person(ledger, new, at=at)
    assert find_person(ledger, signed.token, at=at + GRACE - SECOND)
    assert find_person(ledger, signed.token, at=at + GRACE) is None
    assert find_person(ledger, new, at=at + GRACE) is None, "two held it: neither has it now"
    with ledger.read() as tx:
        row = tx.row("select count(*) as n from audit_logs where action = 'session:replayed' and actor = 'system'")
        why = tx.row(
            "select ended_because from auth_sessions where id_hash = %s", [person_handle(ledger, signed.token)]
        )
    assert row is not None
    assert row["n"] >= 1
    assert why == {"ended_because": "an old id was used again"}


def person_handle(ledger: Ledger, token: str) -> bytes:
    from pipelines.administration.sessions import hashed

    with ledger.read() as tx:
        row = tx.row("select session_hash from auth_session_ids where id_hash = %s", [hashed(token)])
    assert row is not None
    return bytes(row["session_hash"])


def test_an_answer_lost_on_its_way_locks_nobody_out(ledger: Ledger) -> None:
    signed = signed_in(ledger)
    lost = renewed(ledger, signed.token)
    later = NOW + ROTATE_AFTER + 10 * GRACE
    assert find_person(ledger, signed.token, at=later), "the new one never came back: the old one is good"
    again = renew_id(ledger, signed.token, at=later)
    assert again is not None
    assert find_person(ledger, again, at=later)
    assert find_person(ledger, lost, at=later + GRACE) is None, "whoever held the lost one ends the session"
    assert find_person(ledger, again, at=later + GRACE) is None


def test_of_two_tabs_at_the_same_moment_one_gets_a_new_id_and_both_go_on(ledger: Ledger) -> None:
    signed = signed_in(ledger)
    at = NOW + ROTATE_AFTER
    with ThreadPoolExecutor(8) as threads:
        given = [new for new in threads.map(lambda _: renew_id(ledger, signed.token, at=at), range(8)) if new]
    assert len(given) == 1
    assert find_person(ledger, given[0], at=at)
    assert find_person(ledger, signed.token, at=at)


def test_connection_goes_on_by_its_handle_while_ids_change_and_ends_with_the_session(ledger: Ledger) -> None:
    signed = signed_in(ledger)
    handle = person(ledger, signed).session
    assert handle is not None
    new = renewed(ledger, signed.token)
    at = NOW + ROTATE_AFTER + 2 * GRACE
    assert find_person(ledger, new, at=NOW + ROTATE_AFTER)
    assert person_of_handle(ledger, handle, at=at)
    sign_out(ledger, new, at=at)
    with pytest.raises(NotSignedIn):
        person_of_handle(ledger, handle, at=at)


def test_handle_is_no_id(ledger: Ledger) -> None:
    handle = person(ledger, signed_in(ledger)).session
    assert handle is not None
    for text in (handle.hex(), handle.decode("latin-1")):
        assert find_person(ledger, text, at=NOW) is None


def test_page_that_refreshes_itself_does_not_keep_a_session_awake(ledger: Ledger) -> None:
    handle = person(ledger, signed_in(ledger)).session
    assert handle is not None
    for minutes in range(5, 60, 5):
        assert person_of_handle(ledger, handle, at=NOW + timedelta(minutes=minutes), is_use=False)
    with pytest.raises(NotSignedIn):
        person_of_handle(ledger, handle, at=NOW + IDLE_LIMIT, is_use=False)


def test_list_names_device_and_place_and_only_the_own_sessions(ledger: Ledger) -> None:
    agent = (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
    )
    signed_in(ledger, "bo@firm.example")
    own = signed_in(ledger, user_agent=agent)
    rows = list_sessions(ledger, at=NOW, by=person(ledger, own))
    assert {row.person.email for row in rows} == {"ana@firm.example"}
    row = next(row for row in rows if row.handle == person(ledger, own).session)
    assert (row.device, row.network) == ("Chrome on Windows", "10.0.0.1")
    with pytest.raises(NotPermitted):
        list_sessions(ledger, at=NOW, by=person(ledger, own), of_all=True)
    admin = person(ledger, signed_in(ledger, "adm@firm.example"))
    assert len({row.person.email for row in list_sessions(ledger, at=NOW, by=admin, of_all=True)}) == 3


def test_own_session_is_ended_by_its_person_and_any_by_an_admin_only(ledger: Ledger) -> None:
    mine, other, foreign = signed_in(ledger), signed_in(ledger), signed_in(ledger, "bo@firm.example")
    me, bo = person(ledger, mine), person(ledger, foreign)
    end_session(ledger, person(ledger, other).session or b"", at=NOW, by=me)
    assert find_person(ledger, other.token, at=NOW) is None
    with pytest.raises((NotPermitted, NotFound)):
        end_session(ledger, bo.session or b"", at=NOW, by=me)
    assert find_person(ledger, foreign.token, at=NOW)
    admin = person(ledger, signed_in(ledger, "adm@firm.example"))
    end_session(ledger, bo.session or b"", at=NOW, by=admin)
    assert find_person(ledger, foreign.token, at=NOW) is None
    with pytest.raises((NotPermitted, NotFound)):
        end_session(ledger, b"no such session", at=NOW, by=me)


def test_all_other_sessions_end_and_the_present_one_stays(ledger: Ledger) -> None:
    first, second, third = signed_in(ledger), signed_in(ledger), signed_in(ledger)
    me = person(ledger, second)
    assert end_other_sessions(ledger, at=NOW, by=me) >= 2
    assert find_person(ledger, first.token, at=NOW) is None
    assert find_person(ledger, third.token, at=NOW) is None
    assert find_person(ledger, second.token, at=NOW)
    assert end_other_sessions(ledger, at=NOW, by=me) == 0


def test_nobody_acts_in_a_session_that_has_ended_or_idles(ledger: Ledger, home: Settings) -> None:
    ended = person(ledger, signed_in(ledger))
    sign_out_person(ledger, at=NOW, by=ended)
    with pytest.raises(NotSignedIn):
        list_sessions(ledger, at=NOW, by=ended)
    with pytest.raises(NotSignedIn):
        end_other_sessions(ledger, at=NOW, by=ended)
    idle = person(ledger, signed_in(ledger))
    list_sessions(ledger, at=NOW, by=idle)
    with psycopg.connect(make_conninfo("", **superuser_conninfo(home))) as connection:
        connection.execute("update auth_sessions set idle_ends_at = now() where id_hash = %s", [idle.session])
    with pytest.raises(NotSignedIn):
        list_sessions(ledger, at=NOW, by=idle)


def test_a_session_that_ended_stays_in_the_session_log_without_its_ids(ledger: Ledger) -> None:
    ended = person(ledger, signed_in(ledger, "bo@firm.example"))
    sign_in(ledger, "bo@firm.example", PASSWORD, "10.0.0.1", at=NOW + timedelta(days=3))
    with ledger.read() as tx:
        rows = tx.rows("select from auth_sessions where id_hash = %s", [ended.session])
        ids = tx.rows("select from auth_session_ids where session_hash = %s", [ended.session])
    assert (len(rows), len(ids)) == (1, 0)
