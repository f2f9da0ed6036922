"""A home that the first release made, with a row in each of its tables, opened by today's code."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from alembic import command
from psycopg.conninfo import make_conninfo

from pipelines.administration.audit_log import verify_audit_log
from pipelines.administration.passwords import hash_password, matches
from tests.factories_ledger import opportunity
from warehouse import stores
from warehouse.addresses import superuser_conninfo
from warehouse.audit.canonical import canonical_bytes
from warehouse.audit.chain import confirmation_hash
from warehouse.audit.keys import audit_keys
from warehouse.clock import now
from warehouse.domain.audit_event import AuditEvent
from warehouse.ledger import migrate
from warehouse.ledger.people import read_password
from warehouse.ledger.row_security import faults_of_row_security
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough
AT = datetime(2026, 4, 10, tzinfo=UTC)
PERSON, PASSWORD = "8d6ff8a1-6d0f-4a2c-9d37-6b8a1c1f0a01", "four quiet green lamps"
OFFER = "8d6ff8a1-6d0f-4a2c-9d37-6b8a1c1f0a02"


def as_superuser(home: Settings) -> psycopg.Connection:
    return psycopg.connect(make_conninfo("", **superuser_conninfo(home)))


def fill(home: Settings) -> None:
    """One row in each table, written as the first release wrote them."""
    row = opportunity(1)
    del row["kind"]  # grants came later
    known = {name: row[name] for name in row if name not in {"contacts", "fit_reasons"}}
    keys = audit_keys(home)
    previous = b""
    with as_superuser(home) as connection:
        run = connection.execute
        run("insert into profiles (id, email, role, password_hash) values (%s, 'ann@firm.example', 'contract_officer', %s)",
            [PERSON, hash_password(PASSWORD)])  # fmt: skip
        run(
            "insert into auth_sessions values (sha256('x'), %s, now(), now(), now() + interval '1 hour', null)",
            [PERSON],
        )
        run("insert into auth_throttle values (sha256('y'), 3, now(), null)")
        run(
            f"insert into opportunities ({', '.join(known)}) values ({', '.join(f'%({name})s' for name in known)})",
            known,
        )
        run("update opportunities set status = 'reviewing', status_changed_by = %s, note = 'call them'", [PERSON])
        run("insert into connectors (name, auth_type) values ('sam_gov_api', 'key')")
        run("insert into discovery_runs (connector_id, status) select id, 'success' from connectors")
        run(
            "insert into company_profiles (version, name, body, created_by) values ('v', 'Firm', 'name: Firm', %s)",
            [PERSON],
        )
        run("insert into fit_scores (opportunity_id, content_hash, profile_version, scorer, fit_score, recommendation, reasons, as_of)"
            " values (%s, 'h', 'v', 's', 72, 'pursue', '[]', now())", [row["id"]])  # fmt: skip
        run("insert into submissions (id, opportunity_id, owner_id) values (%s, %s, %s)", [OFFER, row["id"], PERSON])
        run("insert into run_requests (job, requested_by) values ('discovery', %s)", [PERSON])
        run("insert into llm_cache values ('p', '{}', 1, now())")
        for seq in range(1, 4):
            event = AuditEvent("opportunity:noted", row["id"], PERSON, {"characters": seq})
            body = canonical_bytes(event, seq=seq, at=AT)
            signature = confirmation_hash(keys.by_id[keys.current], previous, body)
            run("insert into audit_logs values (%s, %s, %s, %s, %s, null, %s, %s, %s, %s)",
                [seq, AT, event.actor, event.action, event.subject, body, previous, signature, keys.current])  # fmt: skip
            previous = signature


@pytest.fixture(scope="module")
def upgraded(settings: Settings) -> Iterator[Settings]:
    """The home as the first release left it, opened again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stores, "migrate_ledger", lambda home: command.upgrade(migrate._config(home), "0001"))
        with stores.open_stores(settings):
            fill(settings)
    with stores.open_stores(settings):
        yield settings


def test_everything_is_there_and_nothing_is_loose(upgraded: Settings) -> None:
    with as_superuser(upgraded) as connection:
        assert connection.execute("select version_num from alembic_version").fetchone() == (
            migrate.newest_revision(upgraded),
        )
        for table in ("profiles", "opportunities", "connectors", "discovery_runs", "company_profiles", "fit_scores", "submissions",
                      "run_requests", "llm_cache"):  # fmt: skip
            assert connection.execute(f"select count(*) from {table}").fetchone() == (1,), table
        assert connection.execute("select status, note from opportunities").fetchone() == ("reviewing", "call them")
        assert faults_of_row_security(connection) == []


def test_the_password_of_then_still_opens_and_the_log_of_then_verifies(upgraded: Settings) -> None:
    with open_ledger().read() as tx:
        assert matches(read_password(tx, PERSON), PASSWORD)
    with open_ledger().deed(AuditEvent("test:tried", "x", "system")) as deed:
        deed.execute("select 1")
    told = verify_audit_log(open_ledger(), upgraded, at=now(), by=None)
    assert (told.holds, told.records) == (True, 4)


def test_an_offer_of_then_is_a_whole_one_now(upgraded: Settings) -> None:
    with as_superuser(upgraded) as connection:
        row = connection.execute("select label, version, executor, status::text from submissions").fetchone()
        authors = connection.execute("select profile_id::text from submission_authors").fetchall()
    assert (row, authors) == (("Offer", 1, "assisted", "draft"), [(PERSON,)])


def test_the_home_is_of_the_first_release_to_begin_with() -> None:
    first = (Path(migrate.SCRIPTS) / "versions" / "0001_start.sql").read_text(encoding="utf-8")
    assert "password_hash text" in first
