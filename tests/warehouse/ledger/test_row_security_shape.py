"""What every table, view, policy and function of a migration must have, and that whoever loosens it is told."""

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from pipelines.administration.audit_log import verify_audit_log
from warehouse.addresses import superuser_conninfo
from warehouse.clock import now
from warehouse.ledger.row_security import faults_of_row_security
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings


def as_superuser(home: Settings) -> psycopg.Connection:
    return psycopg.connect(make_conninfo("", **superuser_conninfo(home)))


def test_at_head_nothing_is_loose(home: Settings) -> None:
    with as_superuser(home) as connection:
        assert faults_of_row_security(connection) == []


FORGOTTEN = {
    "create table forgotten (id int)": "the table forgotten does not force row security",
    "create table forgotten (id int); alter table forgotten enable row level security":
        "the table forgotten does not force row security",
    "create view forgotten as select id from opportunities": "the view forgotten reads with its owner's rights",
    "create materialized view forgotten as select id from opportunities":
        "forgotten is a copy of rows or a foreign table, which knows no row security",
    "create table forgotten (id int); alter table forgotten enable row level security;"
    " alter table forgotten force row level security; grant select on forgotten to procura_app":
        "procura_app has rights on forgotten and no policy there",
    "create policy open on opportunities for select to procura_app using (true)":
        "the policy open on opportunities does not ask who acts, once a statement",
    "create policy slow on opportunities for select to procura_app using (acting_role() <> '')":
        "the policy slow on opportunities does not ask who acts, once a statement",
    "create policy wide on opportunities for select using (true)":
        "the policy wide on opportunities does not ask who acts, once a statement",
    "create policy half on profiles for update to procura_pipeline using ((select acting_role()) = 'system') with check (true)":
        "the policy half on profiles does not ask who acts, once a statement",
}  # fmt: skip
LOOSENED = {
    "alter table profiles no force row level security": "the table profiles does not force row security",
    "alter table audit_logs disable row level security": "the table audit_logs does not force row security",
    "alter policy people_decide on opportunities using (true)":
        "the policy people_decide on opportunities does not ask who acts, once a statement",
    "alter function act_as(text, bytea) security invoker; create or replace function acting_role() returns text"
    " language sql stable set search_path = pg_catalog, pg_temp as 'select ''admin'''":
        "the function acting_role is not the one that was installed",
    "drop function opportunities_version()": "the function opportunities_version is gone",
    "grant execute on function act_as(text, bytea) to public":
        "the function act_as has its owner's rights and may be called by anybody",
    "alter function act_as(text, bytea) reset search_path": "the function act_as looks for names elsewhere",
    "create function stranger() returns int language sql set search_path = pg_catalog, pg_temp as 'select 1'":
        "the function stranger is not the one that was installed",
    "alter table opportunities disable trigger decided_in_own_name":
        "the trigger decided_in_own_name on opportunities is switched off",
    "reset role; grant all on schema public to procura_app; alter table system_settings owner to procura_app":
        "system_settings belongs to procura_app",
    "reset role; alter role procura_app bypassrls": "procura_app may do what row security does not see",
    "reset role; grant procura_owner to procura_app": "procura_app may act as procura_owner",
}  # fmt: skip


@pytest.mark.parametrize(("statements", "fault"), [*FORGOTTEN.items(), *LOOSENED.items()])
def test_what_a_migration_forgot_or_the_owner_loosened_is_told(home: Settings, statements: str, fault: str) -> None:
    with as_superuser(home) as connection:
        connection.execute("set local role procura_owner")
        connection.execute(statements)
        connection.execute("reset role")
        assert fault in faults_of_row_security(connection)
        connection.rollback()


def test_a_view_of_the_readers_rights_is_in_order(home: Settings) -> None:
    with as_superuser(home) as connection:
        connection.execute("set local role procura_owner")
        connection.execute("create view seen with (security_invoker = on) as select id from opportunities")
        assert faults_of_row_security(connection) == []
        connection.rollback()


def test_the_next_verification_of_the_log_tells_what_the_owner_loosened(home: Settings) -> None:
    change = "alter policy whoever_acts_reads on profiles using ({})"
    with psycopg.connect(make_conninfo("", **superuser_conninfo(home)), autocommit=True) as connection:
        assert verify_audit_log(open_ledger(), home, at=now()).holds
        connection.execute(change.format("true"))
        try:
            verdict = verify_audit_log(open_ledger(), home, at=now())
        finally:
            connection.execute(change.format("(select acting_role()) <> ''"))
        assert not verdict.holds
        assert "the policy whoever_acts_reads on profiles" in str(verdict)
        assert verify_audit_log(open_ledger(), home, at=now()).holds
