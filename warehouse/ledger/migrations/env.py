"""How Alembic reaches the ledger: as the administrator, acting as procura_owner, under a lock."""

import psycopg
from alembic import context
from psycopg.conninfo import make_conninfo
from sqlalchemy import create_engine, pool, text

from warehouse.addresses import OWNER_ROLE, superuser_conninfo

MIGRATION_LOCK = 4712

settings = context.config.attributes["settings"]
engine = create_engine(
    "postgresql+psycopg://",
    creator=lambda: psycopg.connect(make_conninfo("", **superuser_conninfo(settings))),
    poolclass=pool.NullPool,
)
with engine.connect() as connection:
    connection.execute(text("select pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
    connection.execute(text(f"set role {OWNER_ROLE}"))
    # Committed before Alembic begins its own, or its transaction would never be committed.
    connection.commit()
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
