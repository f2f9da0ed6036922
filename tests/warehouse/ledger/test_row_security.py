"""PostgreSQL says who may do what a second time: each database role under each identity, by raw SQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from pipelines.qualification.profiles import ensure_company
from tests.factories_ledger import AT, opportunity, publish
from tests.factories_people import new_person
from warehouse.addresses import conninfo, superuser_conninfo
from warehouse.domain.access import Action, Department, Person, Role, State, may
from warehouse.domain.audit_event import AuditEvent
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings


def as_superuser(home: Settings) -> psycopg.Connection:
    return psycopg.connect(make_conninfo("", **superuser_conninfo(home)))


@contextmanager
def acting(home: Settings, role: str, person: Person | str | None) -> Iterator[psycopg.Connection]:
    """One transaction of a database role in the name of a person, of the product ("system") or of nobody; rolled back."""
    with psycopg.connect(make_conninfo("", **conninfo(role, settings=home))) as connection:
        if person is not None:
            connection.execute("select act_as(%s, null)", [person.id if isinstance(person, Person) else person])
        yield connection
        connection.rollback()


IDENTITIES = list(product(Role, Department))


@pytest.fixture(scope="module")
def people(home: Settings) -> dict[tuple[Role, Department], Person]:
    """One person a role and department, each with a session and a record in the log, in a home with one row of each kind."""
    found = {(role, department): new_person(role, department) for role, department in IDENTITIES}
    found_admin = found[Role.ADMIN, Department.OPERATIONS]
    publish([opportunity(1, status_changed_by=None)])
    ensure_company(open_ledger("procura_pipeline"))
    with as_superuser(home) as connection:
        connection.execute("insert into connectors (name, auth_type) values ('example', 'none')")
        connection.execute("insert into run_requests (job, requested_by) values ('example', %s)", [found_admin.id])
        hold = (
            "insert into legal_holds (id, kind, subject, reason, set_by, set_at)"
            " values (gen_random_uuid(), 'person', %s, 'x', %s, now())"
        )
        connection.execute(hold, ["the operator's", "system"])
        connection.execute("insert into auth_throttle values ('\\x00', 1, now())")
        connection.execute(
            "insert into portal_profiles (name, version, executor, body, sha256, uploaded_by)"
            " values ('portal', 1, 'browser', 'x', repeat('0', 64), %s)",
            [found_admin.id],
        )
        connection.execute(
            "insert into llm_calls (prompt_hash, provider, model, purpose, opportunity_id, reserved_usd, price, asked_at, open_until)"
            " values ('x', 'x', 'x', 'triage', 'o00000001', 0, '{}', now(), now())"
        )
        connection.execute(
            "insert into llm_batches (id, provider, model, purpose, made_at, give_up_at)"
            " values (gen_random_uuid(), 'x', 'x', 'triage', now(), now())"
        )
        for person in found.values():
            connection.execute(
                "insert into auth_sessions (id_hash, profile_id, authenticated_at, expires_at, idle_ends_at)"
                " values (sha256(%s::bytea), %s, now(), now() + interval '1 hour', now() + interval '1 hour')",
                [person.id.encode(), person.id],
            )
            connection.execute(hold, [f"{person.email}'s", person.id])
            connection.execute(
                "insert into recovery_codes (profile_id, code_hash, made_at) values (%s, '\\x01', now())", [person.id]
            )
            connection.execute(
                "insert into one_time_links (token_hash, profile_id, kind, made_at, made_by, expires_at)"
                " values (sha256(%s::bytea), %s, 'reset', now(), 'system', now() + interval '1 hour')",
                [person.id.encode(), person.id],
            )
            connection.execute(
                "insert into notifications (person_id, key, kind, text, actor) values (%s, 'x', 'mentioned', 'x', 'system')",
                [person.id],
            )
            connection.execute(
                "insert into saved_searches (id, person_id, name, address, filter, created_at, seen_at)"
                " values (gen_random_uuid(), %s, 'x', '', '{}', now(), now())",
                [person.id],
            )
            connection.execute(
                "insert into calendar_feeds (id, person_id, token_hash, name, created_at)"
                " values (gen_random_uuid(), %s, sha256(%s::bytea), 'x', now())",
                [person.id, person.id.encode()],
            )
            connection.execute(
                "insert into notification_settings (person_id, changed_at) values (%s, now())", [person.id]
            )
    for person in found.values():
        with open_ledger().deed(AuditEvent("test:began", person.id, person.id)):
            pass
    return found


FILLED = {"opportunities", "opportunity_notices", "connectors", "company_profiles", "system_settings", "profiles",
          "auth_sessions", "auth_throttle", "run_requests", "audit_logs", "passwords", "legal_holds"}  # fmt: skip


def tables_of(connection: psycopg.Connection, role: str, privilege: str) -> list[str]:
    rows = connection.execute(
        "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public'"
        " and c.relkind in ('r', 'p', 'v') and has_any_column_privilege(%s, c.oid, %s) order by 1",
        [role, privilege],
    )
    return [row[0] for row in rows]


def seen(connection: psycopg.Connection, role: str) -> set[str]:
    """The tables of which this transaction sees any row."""
    return {
        table
        for table in tables_of(connection, role, "select")
        if connection.execute(f"select exists (select from {table})").fetchone() == (True,)
    }


@pytest.mark.parametrize("role", ["procura_app", "procura_pipeline"])
def test_a_transaction_in_nobodys_name_sees_nothing(home: Settings, people: object, role: str) -> None:
    with acting(home, role, None) as connection:
        assert seen(connection, role) == set()
    with acting(home, role, "system") as connection:
        granted = set(tables_of(connection, role, "select"))
        assert seen(connection, role) >= FILLED & granted, "there are rows that somebody sees"


@pytest.mark.parametrize("role", ["procura_app", "procura_pipeline"])
def test_a_transaction_in_nobodys_name_changes_nothing(home: Settings, people: object, role: str) -> None:
    with acting(home, role, None) as connection:
        for table in tables_of(connection, role, "select"):
            assert affected(connection, f"delete from {table}", {}) == 0, table
            column = connection.execute(
                "select column_name from information_schema.columns where table_schema = 'public' and table_name = %s"
                " and is_generated = 'NEVER' and has_column_privilege(%s, table_name, column_name, 'update') limit 1",
                [table, role],
            ).fetchone()
            if column:
                assert affected(connection, f"update {table} set {column[0]} = {column[0]}", {}) == 0, table


def test_runs_act_only_as_the_product_itself(home: Settings, people: dict[tuple[Role, Department], Person]) -> None:
    for person in people.values():
        with acting(home, "procura_pipeline", person) as connection:
            assert seen(connection, "procura_pipeline") <= {"audit_checkpoints"}


def affected(connection: psycopg.Connection, statement: str, values: dict[str, Any]) -> int:
    """How many rows a statement changed or answered; refused counts as none. The transaction goes on."""
    try:
        with connection.transaction(force_rollback=True):
            return connection.execute(statement, values).rowcount
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction):
        return 0


OTHERS_SESSION = "update auth_sessions set revoked_at = now() where profile_id <> %(me)s"
OWN_SESSION = "update auth_sessions set revoked_at = now() where profile_id = %(me)s"
LIFT = "update legal_holds set lifted_by = %(me)s, lifted_at = now(), lift_reason = 'x'"
AS_SQL: dict[tuple[Action, State], list[str]] = {
    (Action.READ_OPPORTUNITIES, State.ANY): [
        "select from opportunities", "select from opportunity_notices", "select from company_profiles",
        "select from opportunities where search @@ to_tsquery('network')",
        "select * from opportunities_with_words(to_tsquery('network'))",
        "select * from unnest(opportunities_numbered('W912426R0001'))",
    ],
    (Action.SET_OPPORTUNITY_STATUS, State.ANY): [
        "update opportunities set status = 'reviewing', status_changed_at = now(), status_changed_by = %(me)s",
    ],
    (Action.NOTE_OPPORTUNITY, State.ANY): ["update opportunities set note = 'x', noted_at = now(), noted_by = %(me)s"],
    (Action.ASK_MODEL, State.ANY): [
        "insert into run_requests (job, subject, requested_by) values ('assessment', %(new)s, %(me)s)"
    ],
    (Action.DISAGREE, State.ANY): [
        "insert into disagreements (id, opportunity_id, said, thinks, reason, by_id, at)"
        " values (gen_random_uuid(), 'o00000001', 'pursue', 'pass', 'x', %(me)s, now())",
    ],
    (Action.READ_QUALIFICATION, State.ANY): ["select from llm_calls", "select from llm_batches"],
    (Action.EDIT_COMPANY_PROFILE, State.ANY): [
        "insert into company_profiles (version, name, body, is_current, created_by) values (%(new)s, 'x', 'x', false, %(me)s)",
        "update company_profiles set is_current = false",
    ],
    (Action.READ_SOURCES, State.ANY): ["select name from connectors"],
    (Action.REQUEST_RUN, State.ANY): ["insert into run_requests (job, requested_by) values (%(new)s, %(me)s)"],
    (Action.END_SESSION, State.OWN): [OWN_SESSION],
    (Action.END_SESSION, State.OTHERS): [OTHERS_SESSION],
    (Action.MANAGE_PEOPLE, State.ANY): [
        "insert into profiles (email, role) values (%(new)s || '@firm.example', 'viewer')",
        "update profiles set role = 'admin' where id = %(me)s",
        "update profiles set is_disabled = true where id <> %(me)s",
    ],
    (Action.EDIT_SETTINGS, State.ANY): [
        "update system_settings set value = 'autonomous' where key = 'autonomy_mode'",
        "insert into system_settings (key, value) values (%(new)s, 'x')",
    ],
    (Action.READ_AUDIT_LOG, State.ANY): ["select from audit_logs where actor <> %(me)s"],
    (Action.READ_OWN_AUDIT_RECORDS, State.OWN): ["select from audit_logs where actor = %(me)s"],
    (Action.READ_CREDENTIALS, State.ANY): ["select from sealed_credentials('example')"],
    (Action.EDIT_CREDENTIALS, State.ANY): ["update connectors set status = 'revoked'"],
    (Action.READ_RETENTION, State.ANY): ["select from legal_holds"],
    (Action.SET_HOLD, State.ANY): [
        "insert into legal_holds (id, kind, subject, reason, set_by, set_at)"
        " values (gen_random_uuid(), 'agency', %(new)s, 'x', %(me)s, now())",
    ],
    (Action.LIFT_HOLD, State.OWN): [LIFT + " where set_by = %(me)s"],
    (Action.LIFT_HOLD, State.OTHERS): [LIFT + " where set_by <> %(me)s"],
    (Action.READ_INBOX, State.OWN): [
        "select from notifications where person_id = %(me)s",
        "update notifications set read_at = now() where person_id = %(me)s",
    ],
    (Action.READ_INBOX, State.OTHERS): [
        "select from notifications where person_id <> %(me)s",
        "update notifications set read_at = now() where person_id <> %(me)s",
        "insert into notifications (person_id, key, kind, text, actor) values (%(me)s, %(new)s, 'mentioned', 'x', 'x')",
    ],
    (Action.EDIT_SAVED_SEARCH, State.OWN): ["update saved_searches set is_watched = false where person_id = %(me)s"],
    (Action.EDIT_SAVED_SEARCH, State.OTHERS): [
        "select from saved_searches where person_id <> %(me)s", "delete from saved_searches where person_id <> %(me)s",
        "update saved_searches set is_watched = false where person_id <> %(me)s",
    ],
    (Action.EDIT_NOTIFICATIONS, State.OWN): ["update notification_settings set uses_email = false where person_id = %(me)s"],
    (Action.EDIT_NOTIFICATIONS, State.OTHERS): [
        "update notification_settings set uses_email = false where person_id <> %(me)s",
        "select sealed_hook from notification_settings", "select from sealed_hook_of(%(me)s)",
    ],
    (Action.EDIT_CALENDAR, State.OWN): ["update calendar_feeds set revoked_at = now() where person_id = %(me)s"],
    (Action.EDIT_CALENDAR, State.OTHERS): [
        "select from calendar_feeds where person_id <> %(me)s",
        "update calendar_feeds set revoked_at = now() where person_id <> %(me)s",
    ],
    (Action.READ_APPROVAL_STEPS, State.ANY): ["select from approval_steps"],
    (Action.EDIT_APPROVAL_STEPS, State.ANY): [
        "insert into approval_steps (id, position, step_name, department, changed_by)"
        " values (gen_random_uuid(), 77, %(new)s, 'audit', %(me)s)",
        "update approval_steps set step_name = %(new)s, changed_by = %(me)s where position = 1",
    ],
    (Action.READ_PORTALS, State.ANY): ["select from portal_profiles"],
    (Action.EDIT_PORTALS, State.ANY): [
        "insert into portal_profiles (name, version, executor, body, sha256, uploaded_by)"
        " values ('other', 1, 'browser', 'x', repeat('0', 64), %(me)s)",
        "update portal_profiles set activated_by = %(me)s, activated_at = now()",
        "insert into portal_rehearsals (profile_id, by_id, reached_end, seconds, words)"
        " select id, %(me)s, true, 1, 'x' from portal_profiles",
    ],
    (Action.PURGE_RECORDS, State.ANY): [
        "insert into retention_purges (id, plan_hash, begun_at, begun_by, counts) values (gen_random_uuid(), 'x', now(), %(me)s, '{}')",
    ],
}  # fmt: skip
"""What each right is in raw SQL of the app's role."""

NOT_IN_SQL: dict[Action, str] = {
    Action.READ_PEOPLE: "names and roles are known to all who work here: a note says whose it is",
    Action.READ_SETTINGS: "the product asks its settings in everybody's name",
    Action.EDIT_ACCOUNT: "passwords and factors have tables of their own (tests of the accounts)",
    Action.DELEGATE_APPROVAL: "takes a colleague of the department (test_approvals_by_sql.py)",
    Action.OPEN_SUBMISSION: "is of an offer (test_workspace_rows.py)",
    Action.READ_SUBMISSIONS: "which ones is by department and standing (test_submissions.py)",
    Action.EDIT_SUBMISSION: "is of an offer and its state (test_submissions.py)",
    Action.SHARE_SUBMISSION: "is of an offer (test_workspace_rows.py)",
    Action.HAND_OVER_SUBMISSION: "is of an offer (test_submissions.py)",
    Action.CLOSE_SUBMISSION: "is of an offer and its state (test_workspace_rows.py)",
    Action.NOTE_SUBMISSION: "is of an offer (test_workspace_rows.py)",
    Action.ACKNOWLEDGE_CHANGE: "is of an offer and its state (test_workspace_rows.py)",
    Action.EDIT_CHECKLIST: "is of an offer and its state (test_submission_tasks.py)",
    Action.TICK_POINT: "is of a point, its department and its offer's state (test_submission_tasks.py)",
    Action.UPLOAD_FILE: "is of an offer and its state (test_submissions.py)",
    Action.READ_FILES: "files are seen with their offer (test_submissions.py)",
    Action.OVERRIDE_SCAN: "is of an offer and its state (test_submissions.py)",
    Action.EDIT_PACKAGE: "is of an offer and its state (test_package_rows.py)",
    Action.SEND_TO_APPROVAL: "no SQL but start_approval (test_approvals_by_sql.py)",
    Action.TAKE_BACK_PACKAGE: "no SQL but take_back (test_approvals_by_sql.py)",
    Action.SIGN_PACKAGE: "no SQL but sign_step (test_approvals_by_sql.py)",
    Action.DELIVER_PACKAGE: "no SQL but open_delivery (test_deliveries_by_sql.py)",
    Action.DECIDE_DELIVERY: "no SQL but decide_delivery (test_deliveries_by_sql.py)",
    Action.CAPTURE_RECEIPT: "no SQL but capture_receipt (test_deliveries_by_sql.py)",
    Action.CONFIRM_RECEIPT: "no SQL but judge_receipt (test_deliveries_by_sql.py)",
    Action.PROVE_SUBMISSION: "is reading an offer and its records of the log",
    Action.VERIFY_AUDIT_LOG: "is reading the whole log",
    Action.EXPORT_AUDIT_LOG: "is reading the whole log",
}


def test_every_right_is_tried_in_sql_or_says_why_not() -> None:
    assert {action for action, _ in AS_SQL} | set(NOT_IN_SQL) == set(Action)
    assert not {action for action, _ in AS_SQL} & set(NOT_IN_SQL)


@pytest.mark.parametrize(("role", "department"), IDENTITIES)
def test_the_apps_raw_sql_can_do_what_the_table_says_and_no_more(
    home: Settings, people: dict[tuple[Role, Department], Person], role: Role, department: Department
) -> None:
    person = people[role, department]
    with acting(home, "procura_app", person) as connection:
        for (action, state), statements in AS_SQL.items():
            for statement in statements:
                has_effect = affected(connection, statement, {"me": person.id, "new": uuid4().hex}) > 0
                assert has_effect == may(person, action, state), f"{action}, {state}: {statement}"


@pytest.mark.parametrize(("role", "department"), IDENTITIES)
def test_nobody_decides_or_asks_in_anothers_name(
    home: Settings, people: dict[tuple[Role, Department], Person], role: Role, department: Department
) -> None:
    person = people[role, department]
    other = people[Role.ADMIN, Department.LEGAL if department is not Department.LEGAL else Department.FINANCE]
    statements = [
        "update opportunities set status = 'reviewing', status_changed_at = now(), status_changed_by = %(other)s",
        "update opportunities set note = 'x', noted_at = now(), noted_by = %(other)s",
        # One's own name in the one place does not cover another's in the other.
        "update opportunities set note = 'x', noted_by = %(me)s, status = 'reviewing', status_changed_by = %(other)s",
        "update opportunities set fit_score = 100, note = 'x', noted_by = %(me)s",
        "insert into run_requests (job, requested_by) values (%(new)s, %(other)s)",
        "insert into disagreements (id, opportunity_id, said, thinks, reason, by_id, at)"
        " values (gen_random_uuid(), 'o00000001', 'pursue', 'pass', 'x', %(other)s, now())",
        "insert into run_requests (job, requested_by, state) values (%(new)s, %(me)s, 'success')",
        "insert into company_profiles (version, name, body, is_current, created_by) values (%(new)s, 'x', 'x', false, %(other)s)",
        "insert into auth_sessions (id_hash, profile_id, authenticated_at, expires_at, idle_ends_at)"
        " values ('\\x01', %(other)s, now(), now(), now())",
        "update company_profiles set body = 'x'",
        "delete from opportunities",
        "delete from profiles",
        "delete from company_profiles",
        "delete from system_settings",
        "delete from audit_logs",
        "update audit_logs set actor = %(me)s",
        "insert into fit_scores (opportunity_id) values ('x')",
        "update run_requests set state = 'success'",
        "update alembic_version set version_num = 'x'",
    ]
    with acting(home, "procura_app", person) as connection:
        for statement in statements:
            assert affected(connection, statement, {"me": person.id, "other": other.id, "new": uuid4().hex}) == 0, (
                statement
            )


@pytest.mark.parametrize(("role", "department"), IDENTITIES)
def test_secrets_of_others_are_the_products_alone(
    home: Settings, people: dict[tuple[Role, Department], Person], role: Role, department: Department
) -> None:
    person = people[role, department]
    with acting(home, "procura_app", person) as connection:
        for statement in (
            "select password_hash from passwords where profile_id <> %(me)s",
            "select sealed_seed from second_factors where profile_id <> %(me)s",
            "select code_hash from recovery_codes where profile_id <> %(me)s",
            "select encrypted_credentials from connectors",
            "select token_hash from one_time_links where profile_id <> %(me)s"
            + (" and false" if role is Role.ADMIN else ""),
            "select from auth_throttle",
            "select from auth_session_ids",
            "select from sign_in_steps",
        ):
            assert affected(connection, statement, {"me": person.id}) == 0, statement


def test_an_admin_cannot_decide_for_the_runs_and_the_runs_not_for_people(
    home: Settings, people: dict[tuple[Role, Department], Person]
) -> None:
    refused = [
        "update opportunities set status = 'qualified'",
        "update opportunities set note = 'x'",
        "update company_profiles set is_current = false",
        "insert into company_profiles (version, name, body, created_by, is_current) values ('v', 'x', 'x', 'somebody', false)",
        "update system_settings set value = 'autonomous'",
        "delete from run_requests",
        "delete from fit_scores",
        "update fit_scores set fit_score = 1",
        "delete from discovery_runs",
        "select from profiles",
        "select from auth_sessions",
        "select from passwords",
        "insert into submissions (opportunity_id, owner_id) select id, status_changed_by from opportunities",
    ]
    with acting(home, "procura_pipeline", "system") as connection:
        for statement in refused:
            assert affected(connection, statement, {}) == 0, statement


def test_publishing_does_not_remove_what_a_person_touched(
    home: Settings, people: dict[tuple[Role, Department], Person]
) -> None:
    officer = people[Role.CONTRACT_OFFICER, Department.CONTRACTS]
    with as_superuser(home) as connection:
        connection.execute("select act_as(%s, null)", [officer.id])
        connection.execute("update opportunities set note = 'x', noted_by = %s", [officer.id])
        connection.execute("set local role procura_pipeline")
        connection.execute("select act_as('system', null)")
        assert connection.execute("delete from opportunities").rowcount == 0
        connection.rollback()


ANALYST_READS = {
    "opportunities", "opportunity_notices", "opportunity_aliases", "connectors", "discovery_runs", "company_profiles",
    "word_tables", "fit_scores", "system_settings", "submissions", "assessments", "llm_calls", "llm_batches",
    "source_budgets",
}  # fmt: skip


def test_the_analyst_reads_what_sources_said_and_never_people(home: Settings, people: object) -> None:
    with acting(home, "procura_analyst", None) as connection:
        assert set(tables_of(connection, "procura_analyst", "select")) == ANALYST_READS
        assert seen(connection, "procura_analyst") >= FILLED & ANALYST_READS
        columns = connection.execute(
            "select column_name from information_schema.column_privileges where table_name = 'connectors'"
            " and grantee = 'procura_analyst' and column_name like '%credential%'"
        )
        assert columns.fetchall() == []


def test_the_analyst_changes_nothing_and_can_be_nobody(home: Settings) -> None:
    with as_superuser(home) as connection:
        for privilege in ("insert", "update", "delete", "truncate", "references", "trigger"):
            rows = connection.execute(
                "select table_name from information_schema.role_table_grants where grantee = 'procura_analyst'"
                " and privilege_type = upper(%s) and table_schema = 'public'",
                [privilege],
            )
            assert rows.fetchall() == [], privilege
    with acting(home, "procura_analyst", None) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("select act_as('system', null)")


def test_what_was_counted_is_known_to_be_stale_for_who_may_not_read_the_log(
    home: Settings, people: dict[tuple[Role, Department], Person]
) -> None:
    viewer = people[Role.VIEWER, Department.CONTRACTS]
    with acting(home, "procura_app", viewer) as connection:
        before = connection.execute("select opportunities_version()").fetchone()
    publish([opportunity(2, at=AT)])
    with acting(home, "procura_app", viewer) as connection:
        after = connection.execute("select opportunities_version()").fetchone()
    assert before is not None
    assert after is not None
    assert after[0] > before[0] > 0
    with acting(home, "procura_app", None) as connection:
        assert connection.execute("select opportunities_version()").fetchone() == (0,)
