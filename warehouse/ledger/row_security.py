"""Whether the database still says what the migrations made it say about rights: row security, policies, functions, owners.

What its owner or a superuser loosens is not prevented; it is found here, by `procura doctor` and by every verification of
the audit log. The log's own append path is looked at more closely in warehouse/audit/append_path.py.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from warehouse.addresses import LOGIN_ROLES, OWNER_ROLE

MIGRATIONS = Path(__file__).parent / "migrations" / "versions"
READERS = ["procura_app", "procura_pipeline", "procura_analyst"]
ACTING = ["procura_app", "procura_pipeline", "public"]
"""Whose policies must ask who acts; the analyst speaks SQL by hand, without a person."""
FUNCTION = re.compile(r"create (?:or replace )?function (\w+)\(.*?\$\$(.*?)\$\$", re.DOTALL)
Cursor = psycopg.Cursor[tuple[Any, ...]]


def faults_of_row_security(connection: psycopg.Connection[Any]) -> list[str]:
    """Return a sentence for each rule that does not hold."""
    cursor = connection.cursor(row_factory=tuple_row)
    looks = (_relations, _rights_without_policy, _policies, _functions, _triggers, _owners, _roles)
    return sorted(fault for look in looks for fault in look(cursor))


def _relations(cursor: Cursor) -> Iterator[str]:
    rows = cursor.execute(
        "select c.relname, c.relkind::text, c.relrowsecurity and c.relforcerowsecurity,"
        " coalesce(array['security_invoker=true', 'security_invoker=on'] && c.reloptions, false)"
        " from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')"
    ).fetchall()
    for name, kind, is_forced, is_invoker in rows:
        if kind in "rp" and not is_forced:
            yield f"the table {name} does not force row security"
        elif kind == "v" and not is_invoker:
            yield f"the view {name} reads with its owner's rights"
        elif kind in "mf":
            yield f"{name} is a copy of rows or a foreign table, which knows no row security"


def _rights_without_policy(cursor: Cursor) -> Iterator[str]:
    rows = cursor.execute(
        "select c.relname, r.role from pg_class c cross join unnest(%s::text[]) r(role)"
        " where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')"
        " and has_any_column_privilege(r.role, c.oid, 'select, insert, update')"
        " and not exists (select from pg_policies p where p.schemaname = 'public' and p.tablename = c.relname"
        "   and r.role = any(p.roles))",
        [READERS],
    )
    for table, role in rows:
        yield f"{role} has rights on {table} and no policy there"


def _policies(cursor: Cursor) -> Iterator[str]:
    rows = cursor.execute(
        "select tablename, policyname, qual, with_check from pg_policies where schemaname = 'public' and roles && %s::name[]",
        [ACTING],
    )
    for table, name, *conditions in rows:
        if any(text is not None and "SELECT acting_" not in " ".join(text.split()) for text in conditions):
            yield f"the policy {name} on {table} does not ask who acts, once a statement"


def _functions(cursor: Cursor) -> Iterator[str]:
    wanted = {
        name: body
        for path in sorted(MIGRATIONS.glob("*.sql"))
        for name, body in FUNCTION.findall(path.read_text(encoding="utf-8"))
    }
    rows = cursor.execute(
        "select p.proname, p.prosrc, p.prosecdef, has_function_privilege('public', p.oid, 'execute'),"
        " coalesce('search_path=pg_catalog, pg_temp' = any(p.proconfig), false)"
        " from pg_proc p where p.pronamespace = 'public'::regnamespace"
    ).fetchall()
    for name in sorted(wanted.keys() - {row[0] for row in rows}):
        yield f"the function {name} is gone"
    for name, source, is_definer, is_open, is_bound in rows:
        if wanted.get(name) != source:
            yield f"the function {name} is not the one that was installed"
        if is_definer and is_open:
            yield f"the function {name} has its owner's rights and may be called by anybody"
        if not is_bound:
            yield f"the function {name} looks for names elsewhere"


def _triggers(cursor: Cursor) -> Iterator[str]:
    rows = cursor.execute(
        "select c.relname, t.tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid"
        " where c.relnamespace = 'public'::regnamespace and t.tgenabled = 'D'"
    )
    for table, name in rows:
        yield f"the trigger {name} on {table} is switched off"


def _owners(cursor: Cursor) -> Iterator[str]:
    rows = cursor.execute(
        "select relname, pg_get_userbyid(relowner) from pg_class"
        " where relnamespace = 'public'::regnamespace and pg_get_userbyid(relowner) <> %(owner)s"
        " union select proname, pg_get_userbyid(proowner) from pg_proc"
        " where pronamespace = 'public'::regnamespace and pg_get_userbyid(proowner) <> %(owner)s",
        {"owner": OWNER_ROLE},
    )
    for name, owner in rows:
        yield f"{name} belongs to {owner}"


def _roles(cursor: Cursor) -> Iterator[str]:
    mighty = cursor.execute(
        "select rolname from pg_roles where rolname = any(%s) and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb)",
        [[*LOGIN_ROLES, OWNER_ROLE]],
    ).fetchall()
    for (role,) in mighty:
        yield f"{role} may do what row security does not see"
    members = cursor.execute(
        "select m.rolname, r.rolname from pg_auth_members a join pg_roles r on r.oid = a.roleid join pg_roles m on m.oid = a.member"
        " where m.rolname = any(%s)",
        [[*LOGIN_ROLES, OWNER_ROLE]],
    ).fetchall()
    for member, role in members:
        yield f"{member} may act as {role}"
