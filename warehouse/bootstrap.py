"""Roles, databases, schemas and rights: what must stand before a migration can run. Idempotent.

The four roles: procura_owner (owns, cannot sign in), procura_app, procura_pipeline, procura_analyst; and procura_dagster,
which owns Dagster's own database and nothing of ours.
"""

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from warehouse.addresses import LOGIN_ROLES, OWNER_ROLE, database_name, passwords, superuser_conninfo
from warehouse.errors import BadInput, StoreUnavailable
from warehouse.settings import Settings

OLDEST_SERVER = 150000
BOOTSTRAP_LOCK = 4711


def bootstrap(settings: Settings) -> None:
    """Make roles, databases, schemas and default privileges where they are missing.

    Raises:
        StoreUnavailable: the server does not answer.
        BadInput: the server is older than 15, or the address may not create roles and databases.
    """
    try:
        _roles_and_databases(settings)
        _schemas(settings)
    except psycopg.errors.InsufficientPrivilege as error:
        raise BadInput(
            f"the database role may not prepare the server: {error.diag.message_primary}.",
            kept="nothing of yours was changed.",
            todo="give PROCURA_DATABASE_URL a role with CREATEROLE and CREATEDB, or let your administrator run the first start.",
        ) from error
    except psycopg.OperationalError as error:
        raise StoreUnavailable(
            f"PostgreSQL does not answer: {_first_line(error)}",
            kept="nothing was changed.",
            todo="check PROCURA_DATABASE_URL and that the server runs."
            if settings.database_url
            else "`procura doctor` says more.",
        ) from None


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def _roles_and_databases(settings: Settings) -> None:
    entrance = superuser_conninfo(settings)
    # The ledger's own database may not exist yet: an embedded server is entered by its maintenance database.
    for name in (entrance["dbname"], "postgres"):
        try:
            connection = psycopg.connect(
                make_conninfo("", **(entrance | {"dbname": name})), autocommit=True, connect_timeout=5
            )
            break
        except psycopg.OperationalError as error:
            if "does not exist" not in str(error) or name == "postgres":
                raise
    with connection:
        if connection.info.server_version < OLDEST_SERVER:
            raise BadInput(f"PostgreSQL {connection.info.server_version // 10000} is too old.", todo="use 15 or newer.")
        connection.execute("select pg_advisory_lock(%s)", [BOOTSTRAP_LOCK])
        roles = {row[0] for row in connection.execute("select rolname from pg_roles")}
        if OWNER_ROLE not in roles:
            connection.execute(sql.SQL("create role {} nologin").format(sql.Identifier(OWNER_ROLE)))
        connection.execute(sql.SQL("grant {} to current_user").format(sql.Identifier(OWNER_ROLE)))
        known = passwords(settings)
        for role in LOGIN_ROLES:
            verb = sql.SQL("alter" if role in roles else "create")
            if role not in roles or settings.database_url is not None:
                connection.execute(
                    sql.SQL("{} role {} login password {}").format(verb, sql.Identifier(role), sql.Literal(known[role]))
                )
            connection.execute(sql.SQL("grant {} to current_user").format(sql.Identifier(role)))
        connection.execute("alter role procura_analyst set default_transaction_read_only = on")
        connection.execute("alter role procura_analyst set statement_timeout = '5min'")
        databases = {row[0] for row in connection.execute("select datname from pg_database")}
        for database, owner in (("procura", OWNER_ROLE), ("dagster", "procura_dagster")):
            name = database_name(settings, database)
            if name not in databases:
                connection.execute(
                    sql.SQL("create database {} owner {} template template0 encoding 'UTF8'").format(
                        sql.Identifier(name), sql.Identifier(owner)
                    )
                )
            connection.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(name)))
        ledger = sql.Identifier(database_name(settings, "procura"))
        connection.execute(
            sql.SQL("grant connect on database {} to procura_app, procura_pipeline, procura_analyst").format(ledger)
        )
        # Publishing goes through a temporary table; revoking from PUBLIC took that right as well (T3).
        connection.execute(sql.SQL("grant temporary on database {} to procura_pipeline").format(ledger))


def _schemas(settings: Settings) -> None:
    with psycopg.connect(make_conninfo("", **superuser_conninfo(settings)), autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", [BOOTSTRAP_LOCK])
        connection.execute("create schema if not exists lake authorization procura_pipeline")
        connection.execute("revoke all on schema public from public")
        connection.execute("grant usage on schema lake to procura_analyst")
        # DuckLake makes tables for inlined rows while it runs: only default privileges reach those.
        connection.execute(
            "alter default privileges for role procura_pipeline in schema lake grant select on tables to procura_analyst"
        )
        connection.execute(sql.SQL("grant usage, create on schema public to {}").format(sql.Identifier(OWNER_ROLE)))
        connection.execute("grant usage on schema public to procura_app, procura_pipeline, procura_analyst")
