from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from warehouse.addresses import conninfo, superuser_conninfo
from warehouse.ledger.migrate import migrate_ledger, newest_revision
from warehouse.settings import Settings

TABLES = {
    "profiles": {"id", "email", "role", "department"},
    "opportunities": {"external_ref", "agency", "due_date", "fit_score"},
    "submissions": {"opportunity_id", "status", "approval_status"},
    "submission_files": {"file_name", "storage_path", "scan_status"},
    "submission_tasks": {"title", "completed", "locked"},
    "connectors": {"name", "auth_type", "encrypted_credentials"},
    "discovery_runs": {"connector_id", "status", "records_fetched"},
    "submission_runs": {"submission_id", "receipt_id", "screenshots"},
    "audit_logs": {"submission_ref", "confirmation_hash"},
    "approval_workflows": {"step_name", "approver_id", "status"},
    "llm_cache": {"prompt_hash", "response", "tokens_used"},
    "system_settings": {"key", "value"},
}
ENUMS = {
    "opportunity_status": ["new", "reviewing", "qualified", "disqualified", "submitted"],
    "submission_status": ["draft", "pending_approval", "approved", "submitted", "rejected"],
    "approval_status": ["pending", "legal_approved", "finance_approved", "complete", "rejected"],
    "connector_status": ["active", "warning", "revoked"],
    "run_status": ["pending", "running", "success", "failed"],
    "user_role": ["admin", "contract_officer", "viewer"],
}


def as_superuser(home: Settings) -> psycopg.Connection:
    return psycopg.connect(make_conninfo("", **superuser_conninfo(home)))


def test_the_twelve_tables_hold_the_data_models_key_fields(home: Settings) -> None:
    with as_superuser(home) as connection:
        for table, wanted in TABLES.items():
            rows = connection.execute(
                "select column_name from information_schema.columns where table_schema = 'public' and table_name = %s",
                [table],
            )
            assert wanted <= {row[0] for row in rows}, table


def test_the_six_enums_have_exactly_the_data_models_values(home: Settings) -> None:
    with as_superuser(home) as connection:
        rows = connection.execute(
            "select t.typname, array_agg(e.enumlabel order by e.enumsortorder) from pg_type t join pg_enum e on e.enumtypid = t.oid"
            " join pg_namespace n on n.oid = t.typnamespace where n.nspname = 'public' group by 1"
        )
        assert {row[0]: row[1] for row in rows} == ENUMS


def unguarded_tables(connection: psycopg.Connection) -> set[str]:
    rows = connection.execute(
        "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname = 'public' and c.relkind in ('r', 'p')"
        " and c.relname <> 'alembic_version' and not (c.relrowsecurity and c.relforcerowsecurity)"
    )
    return {row[0] for row in rows}


def test_every_table_forces_row_security_and_a_new_one_without_it_is_found(home: Settings) -> None:
    with as_superuser(home) as connection:
        assert unguarded_tables(connection) == set()
        connection.execute("create table forgotten (id int)")
        assert unguarded_tables(connection) == {"forgotten"}
        connection.rollback()


def test_our_roles_own_nothing_and_are_no_superusers(home: Settings) -> None:
    with as_superuser(home) as connection:
        rows = connection.execute(
            "select rolname from pg_roles where rolname like 'procura%'"
            " and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb)"
        ).fetchall()
        assert rows == []
        owners = {
            row[0]
            for row in connection.execute("select distinct tableowner from pg_tables where schemaname = 'public'")
        }
        assert owners == {"procura_owner"}


def test_migrating_twice_changes_nothing(home: Settings) -> None:
    migrate_ledger(home)
    with as_superuser(home) as connection:
        assert connection.execute("select version_num from alembic_version").fetchall() == [(newest_revision(home),)]


REFUSED = {
    "procura_app": [
        "delete from opportunities",
        "update opportunities set fit_score = 100",
        "insert into audit_logs values (1, now(), 'a', 'b', 'c', null, '', '', '', 'k')",
        "update audit_logs set actor = 'x'",
        "delete from fit_scores",
        "create table mine (id int)",
    ],
    "procura_pipeline": [
        "update opportunities set status = 'qualified'",
        "update opportunities set note = 'x'",
        "select * from profiles",
        "select * from auth_sessions",
        "delete from audit_logs",
        "delete from fit_scores",
    ],
    "procura_analyst": [
        "select * from profiles",
        "select * from auth_sessions",
        "select encrypted_credentials from connectors",
        "insert into opportunity_aliases values ('a', 'b')",
        "delete from lake.ducklake_snapshot",
        "select audit_head()",
    ],
}


@pytest.mark.parametrize(("role", "statement"), [(role, s) for role, statements in REFUSED.items() for s in statements])
def test_a_role_cannot_do_what_is_not_its_business(home: Settings, role: str, statement: str) -> None:
    with (
        psycopg.connect(make_conninfo("", **conninfo(role, settings=home))) as connection,
        pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)),
    ):
        connection.execute(statement)


def test_migrations_are_sql_beside_their_revision() -> None:
    folder = Path(__file__).parents[3] / "warehouse/ledger/migrations/versions"
    assert {p.stem for p in folder.glob("*.sql")} == {p.stem for p in folder.glob("0*.py")}
