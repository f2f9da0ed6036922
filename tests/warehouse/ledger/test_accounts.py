"""What PostgreSQL itself refuses about passwords, second factors, links and ids, whatever the app's code would ask."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.factories_people import new_person
from warehouse.addresses import conninfo
from warehouse.domain.access import Person, Role
from warehouse.settings import Settings
from warehouse.vault import seal

pytestmark = pytest.mark.thorough

TABLES = ["passwords", "second_factors", "recovery_codes", "one_time_links", "auth_session_ids", "sign_in_steps"]
Connection = psycopg.Connection[tuple[object, ...]]


@pytest.fixture
def app_role(home: Settings) -> Iterator[Connection]:
    with psycopg.connect(make_conninfo("", **conninfo("procura_app", settings=home))) as connection:
        yield connection
        connection.rollback()


def act(connection: Connection, person: Person | None) -> None:
    connection.rollback()
    if person:
        connection.execute("select act_as(%s, null)", [person.id])


def count(connection: Connection, table: str) -> int:
    row = connection.execute(f"select count(*) from {table}").fetchone()
    assert row is not None
    return int(str(row[0]))


@pytest.mark.parametrize("table", TABLES)
def test_without_identity_nothing_is_seen(app_role: Connection, table: str) -> None:
    new_person()
    act(app_role, None)
    assert count(app_role, table) == 0


def test_password_is_seen_by_its_person_and_by_no_admin(app_role: Connection) -> None:
    admin, viewer = new_person(Role.ADMIN), new_person(Role.VIEWER)
    for person in (admin, viewer):
        act(app_role, person)
        rows = app_role.execute("select profile_id::text from passwords").fetchall()
        assert rows == [(person.id,)]
    act(app_role, viewer)
    changed = app_role.execute("update passwords set password_hash = 'x' where profile_id = %s", [admin.id])
    assert changed.rowcount == 0
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app_role.execute("insert into passwords values (%s, 'x', now())", [admin.id])


@pytest.mark.parametrize("function", ["void_password", "void_second_factor"])
def test_only_an_admin_takes_factors_away(app_role: Connection, function: str) -> None:
    officer, other = new_person(), new_person()
    act(app_role, officer)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app_role.execute(f"select {function}(%s)", [other.id])
    act(app_role, None)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app_role.execute(f"select {function}(%s)", [other.id])
    act(app_role, new_person(Role.ADMIN))
    app_role.execute(f"select {function}(%s)", [other.id])


def test_state_of_an_account_is_for_admins_and_auditors(app_role: Connection) -> None:
    other = new_person()
    for person, seen in ((new_person(), None), (new_person(Role.ADMIN), True)):
        act(app_role, person)
        assert app_role.execute("select has_password from account_state(%s)", [other.id]).fetchone() == (seen,)


def test_nobody_makes_a_link_or_a_session_for_another(app_role: Connection) -> None:
    officer, other = new_person(), new_person()
    for statement in (
        "insert into one_time_links (token_hash, profile_id, kind, made_at, made_by, expires_at)"
        " values ('x', %s, 'reset', now(), 'x', now() + interval '1 day')",
        "insert into sign_in_steps (id_hash, profile_id, step, created_at, expires_at)"
        " values ('x', %s, 'code', now(), now() + interval '1 day')",
        "insert into second_factors (profile_id, sealed_seed, created_at) values (%s, decode(%s, 'hex'), now())",
        "insert into recovery_codes (profile_id, code_hash, made_at) values (%s, 'x', now())",
        "insert into auth_sessions (id_hash, profile_id, created_at, last_seen_at, authenticated_at, idle_ends_at, expires_at)"
        " values ('x', %s, now(), now(), now(), now(), now())",
    ):
        act(app_role, officer)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app_role.execute(statement, [other.id, seal(f"totp:{other.id}", b"x").hex()][: statement.count("%s")])


@pytest.mark.parametrize("role", ["procura_pipeline", "procura_analyst"])
@pytest.mark.parametrize("table", TABLES)
def test_runs_and_analysts_see_nothing_of_it(home: Settings, role: str, table: str) -> None:
    with (
        psycopg.connect(make_conninfo("", **conninfo(role, settings=home))) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(f"select * from {table}")
