"""Whether the database still refuses what the migrations made it refuse: functions, triggers, policies and rights of the log.

What the owner or a superuser switches off here is not prevented; it is found by the next verification. The functions'
text is compared with the migrations' own files, so that there is nothing to keep in step.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from warehouse.addresses import OWNER_ROLE

TABLES = ("audit_checkpoints", "audit_logs")
MIGRATIONS = Path(__file__).parent.parent / "ledger" / "migrations" / "versions"
FUNCTION = re.compile(r"create (?:or replace )?function (audit_\w+)\((?:[^$]*)\$\$(.*?)\$\$", re.DOTALL)
CALLERS = {OWNER_ROLE, "procura_app", "procura_pipeline"}
TRIGGERS = {(table, name) for table in TABLES for name in ("refuse_change", "refuse_truncate")}


def faults_of_append_path(connection: psycopg.Connection[Any]) -> list[str]:
    """Return a sentence for everything that is not as the migrations made it."""
    cursor = connection.cursor(row_factory=tuple_row)
    found = [*_functions(cursor), *_triggers(cursor), *_tables(cursor), *_policies(cursor), *_rights(cursor)]
    return sorted(found)


def missing_tables(connection: psycopg.Connection[Any]) -> list[str]:
    """Return a sentence for each table of the log that is not there at all: nothing can be verified then."""
    rows = connection.cursor(row_factory=tuple_row).execute(
        "select name from unnest(%s::text[]) name where to_regclass('public.' || name) is null", [list(TABLES)]
    )
    return [f"the table {name} is gone" for (name,) in rows]


def migrated_functions() -> dict[str, str]:
    """Return the text of each function of the log as the last migration that made it wrote it."""
    return {
        name: body
        for path in sorted(MIGRATIONS.glob("*.sql"))
        for name, body in FUNCTION.findall(path.read_text(encoding="utf-8"))
    }


def _functions(cursor: psycopg.Cursor[tuple[Any, ...]]) -> Iterator[str]:
    rows = cursor.execute(
        "select p.proname, p.prosrc, p.prosecdef, coalesce(p.proconfig, '{}'), r.rolname,"
        " array(select coalesce(g.rolname, 'PUBLIC') from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a"
        "   left join pg_roles g on g.oid = a.grantee)"
        " from pg_proc p join pg_roles r on r.oid = p.proowner"
        " where p.pronamespace = 'public'::regnamespace and p.proname like 'audit\\_%'"
    ).fetchall()
    wanted = migrated_functions()
    for name in sorted(wanted.keys() - {row[0] for row in rows}):
        yield f"the function {name} is gone"
    for name, source, is_definer, config, owner, callers in rows:
        if wanted.get(name) != source:
            yield f"the function {name} is not the one that was installed"
        if owner != OWNER_ROLE or is_definer is (name == "audit_refuse_change"):
            yield f"the function {name} runs with other rights"
        if config != ["search_path=pg_catalog, pg_temp"]:
            yield f"the function {name} looks for its tables elsewhere"
        if not set(callers) <= CALLERS:
            yield f"the function {name} may be called by {', '.join(sorted(set(callers) - CALLERS))}"
    if len({row[0] for row in rows}) != len(rows):
        yield "there are two functions of one name"


def _triggers(cursor: psycopg.Cursor[tuple[Any, ...]]) -> Iterator[str]:
    rows = cursor.execute(
        "select c.relname, t.tgname, t.tgenabled, t.tgtype, p.proname, t.tgqual is null"
        " from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_proc p on p.oid = t.tgfoid"
        " where c.relnamespace = 'public'::regnamespace and c.relname = any(%s)",
        [list(TABLES)],
    ).fetchall()
    for table, name in sorted(TRIGGERS - {(row[0], row[1]) for row in rows}):
        yield f"the trigger {name} on {table} is gone"
    for table, name, enabled, kind, function, is_whole in rows:
        if (table, name) not in TRIGGERS:
            yield f"there is a foreign trigger {name} on {table}"
            continue
        # pg_trigger.h: row 1, before 2, insert 4, delete 8, update 16, truncate 32.
        wanted = 1 | 2 | 8 | 16 if name == "refuse_change" else 2 | 32
        if enabled in (b"D", "D"):
            yield f"the trigger {name} on {table} is switched off"
        elif enabled not in (b"A", "A") or kind != wanted or function != "audit_refuse_change" or not is_whole:
            yield f"the trigger {name} on {table} is not the one that was installed"


def _tables(cursor: psycopg.Cursor[tuple[Any, ...]]) -> Iterator[str]:
    rows = cursor.execute(
        "select c.relname, r.rolname, c.relrowsecurity and c.relforcerowsecurity, c.relkind,"
        " exists (select from pg_rewrite w where w.ev_class = c.oid),"
        " exists (select from pg_inherits i where c.oid in (i.inhparent, i.inhrelid)),"
        " exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary and i.indisvalid)"
        " from pg_class c join pg_roles r on r.oid = c.relowner"
        " where c.relnamespace = 'public'::regnamespace and c.relname = any(%s)",
        [list(TABLES)],
    ).fetchall()
    for table in sorted(set(TABLES) - {row[0] for row in rows}):
        yield f"the table {table} is gone"
    for table, owner, is_guarded, kind, has_rules, has_heirs, has_key in rows:
        if owner != OWNER_ROLE:
            yield f"the table {table} belongs to {owner}"
        if not is_guarded:
            yield f"row security of {table} is switched off"
        if kind not in (b"r", "r") or has_rules or has_heirs:
            yield f"{table} is no plain table any more"
        if not has_key:
            yield f"the primary key of {table} is gone"


def _policies(cursor: psycopg.Cursor[tuple[Any, ...]]) -> Iterator[str]:
    rows = cursor.execute(
        "select tablename, policyname, roles::text[] from pg_policies"
        " where schemaname = 'public' and tablename = any(%s) and cmd <> 'SELECT'",
        [list(TABLES)],
    ).fetchall()
    for table, name, roles in rows:
        if roles != [OWNER_ROLE]:
            yield f"the policy {name} lets {', '.join(roles)} write {table}"
    for table in sorted(set(TABLES) - {row[0] for row in rows}):
        yield f"the policy under which {table} is appended to is gone"


def _rights(cursor: psycopg.Cursor[tuple[Any, ...]]) -> Iterator[str]:
    rows = cursor.execute(
        "select distinct c.relname, coalesce(g.rolname, 'PUBLIC') from pg_class c"
        " cross join lateral aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a"
        " left join pg_roles g on g.oid = a.grantee"
        " where c.relnamespace = 'public'::regnamespace and c.relname = any(%s)"
        " and a.privilege_type <> 'SELECT' and a.grantee <> c.relowner"
        " union select distinct c.relname, coalesce(g.rolname, 'PUBLIC') from pg_class c"
        " join pg_attribute t on t.attrelid = c.oid cross join lateral aclexplode(t.attacl) a"
        " left join pg_roles g on g.oid = a.grantee"
        " where c.relnamespace = 'public'::regnamespace and c.relname = any(%s) and a.privilege_type <> 'SELECT'",
        [list(TABLES), list(TABLES)],
    ).fetchall()
    for table, role in rows:
        yield f"{role} has rights to change {table}"
    for (role,) in cursor.execute(
        "select m.rolname from pg_auth_members a join pg_roles r on r.oid = a.roleid join pg_roles m on m.oid = a.member"
        " where r.rolname = %s and not m.rolsuper and m.rolname like 'procura\\_%%'",
        [OWNER_ROLE],
    ).fetchall():
        yield f"{role} may act as the log's owner"
