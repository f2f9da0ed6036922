"""What owner or superuser can switch off or replace is found, each by a sentence; an untouched database raises none."""

import psycopg
import pytest

from tests.factories_audit import superuser
from warehouse.audit.append_path import faults_of_append_path, migrated_functions
from warehouse.settings import Settings

APPEND = "audit_append(bigint, timestamptz, text, text, text, text, bytea, bytea, bytea, text)"
FAULTS = {
    "alter table audit_logs disable trigger refuse_change": "refuse_change on audit_logs is switched off",
    "alter table audit_logs enable trigger refuse_truncate": "refuse_truncate on audit_logs is not the one",
    "alter table audit_checkpoints disable trigger all": "refuse_change on audit_checkpoints is switched off",
    "drop trigger refuse_change on audit_logs": "trigger refuse_change on audit_logs is gone",
    "drop trigger refuse_change on audit_logs; create trigger refuse_change before update or delete on audit_logs for each row"
    " when (old.seq > 5) execute function audit_refuse_change(); alter table audit_logs enable always trigger refuse_change": (
        "refuse_change on audit_logs is not the one"
    ),
    "create function audit_quiet() returns trigger language plpgsql as $$ begin return null; end $$;"
    "create trigger quiet before insert on audit_logs for each row execute function audit_quiet()": "foreign trigger quiet",
    "create or replace function audit_refuse_change() returns trigger language plpgsql set search_path = pg_catalog, pg_temp"
    " as $$ begin return coalesce(new, old); end $$": "function audit_refuse_change is not the one",
    f"alter function {APPEND} security invoker": "audit_append runs with other rights",
    f"alter function {APPEND} owner to postgres": "audit_append runs with other rights",
    f"alter function {APPEND} set search_path = public": "audit_append looks for its tables elsewhere",
    f"grant execute on function {APPEND} to public": "may be called by PUBLIC",
    f"drop function {APPEND}": "function audit_append is gone",
    "create function audit_head(text) returns int language sql as 'select 1'": "two functions of one name",
    "create policy more on audit_logs for update to procura_app using (true)": "policy more lets procura_app write",
    "drop policy owner_appends on audit_logs": "policy under which audit_logs is appended to is gone",
    "grant update on audit_logs to procura_app": "procura_app has rights to change audit_logs",
    "grant insert (actor) on audit_logs to procura_analyst": "procura_analyst has rights to change audit_logs",
    "grant procura_owner to procura_pipeline": "procura_pipeline may act as the log's owner",
    "alter table audit_logs disable row level security": "row security of audit_logs is switched off",
    "alter table audit_logs no force row level security": "row security of audit_logs is switched off",
    "alter table audit_logs owner to postgres": "audit_logs belongs to postgres",
    "alter table audit_logs drop constraint audit_logs_pkey": "primary key of audit_logs is gone",
    "create rule quiet as on insert to audit_logs do instead nothing": "no plain table",
    "create table heir () inherits (audit_logs)": "no plain table",
    "alter table audit_logs rename to logs; create view audit_logs as select * from logs": "audit_logs is",
    "drop table audit_checkpoints": "table audit_checkpoints is gone",
}


@pytest.fixture
def connection(home: Settings) -> psycopg.Connection[tuple[object, ...]]:
    return superuser(home, autocommit=False)


def test_an_untouched_database_raises_no_alarm(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    assert set(migrated_functions()) == {"audit_head", "audit_append", "audit_checkpoint_append", "audit_refuse_change"}
    assert faults_of_append_path(connection) == []
    connection.close()


@pytest.mark.parametrize("statement", FAULTS)
def test_what_was_switched_off_is_found(connection: psycopg.Connection[tuple[object, ...]], statement: str) -> None:
    connection.execute(statement)
    found = faults_of_append_path(connection)
    connection.rollback()
    connection.close()
    assert any(FAULTS[statement] in fault for fault in found), found
