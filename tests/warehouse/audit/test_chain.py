from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.factories_audit import superuser
from warehouse.addresses import conninfo
from warehouse.audit.verify import verify_log
from warehouse.domain.audit_event import AuditEvent
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

AT = datetime(2026, 4, 10, tzinfo=UTC)
APPEND = "select audit_append(%s, now(), 'a', 'b', 'c', null, '', %s, '', 'k')"


def test_the_database_refuses_gap_fork_and_an_append_past_the_head(home: Settings) -> None:
    with open_ledger().deed(AuditEvent("a:b", "c", "system")):
        pass
    with psycopg.connect(make_conninfo("", **conninfo("procura_app", settings=home))) as connection:
        head = connection.execute("select seq, confirmation_hash from audit_head()").fetchone()
        assert head is not None
        for seq, previous in ((head[0] + 2, head[1]), (head[0] + 1, b"another"), (head[0], head[1])):
            with pytest.raises(psycopg.errors.SerializationFailure), connection.transaction():
                connection.execute(APPEND, [seq, previous])


@pytest.mark.parametrize("table", ["audit_logs", "audit_checkpoints"])
@pytest.mark.parametrize("role", ["procura_owner", "postgres"])
def test_owner_and_superuser_are_refused_while_the_triggers_stand(home: Settings, table: str, role: str) -> None:
    from warehouse.audit.checkpoint import write_checkpoint

    with open_ledger().deed(AuditEvent("a:b", "c", "system")):
        pass
    write_checkpoint(open_ledger(), home, at=AT)
    column = "actor = actor" if table == "audit_logs" else "note = note"
    with superuser(home) as connection:
        connection.execute(f"set role {role}")
        for statement in (f"update {table} set {column}", f"delete from {table}", f"truncate {table}"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
                connection.execute(statement)
        # A session that pretends to be a replica skips ordinary triggers, not these.
        connection.execute("reset role")
        connection.execute("set session_replication_role = replica")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
            connection.execute(f"delete from {table}")


def test_a_clock_that_was_set_back_makes_no_record_older_than_its_predecessor(home: Settings) -> None:
    ahead = datetime.now(UTC) + timedelta(hours=2)
    with superuser(home) as connection:
        from warehouse.audit import chain
        from warehouse.audit.keys import audit_keys

        head = connection.execute("select seq, confirmation_hash from audit_head()").fetchone()
        assert head is not None
        keys = audit_keys(home)
        event = AuditEvent("a:b", "ahead", "system")
        from tests.factories_audit import signed

        record = signed(keys, event, int(head[0]) + 1, ahead, bytes(head[1]), keys.current)  # type: ignore[call-overload]
        with connection.transaction():
            values = list(vars(record).values())
            connection.execute(f"select audit_append({', '.join(['%s'] * 10)})", values)
        with connection.transaction():
            chain.append(connection, AuditEvent("a:b", "back", "system"), keys)
        row = connection.execute("select at from audit_logs order by seq desc limit 1").fetchone()
    assert row == (ahead,)
    assert verify_log(open_ledger(), home, at=AT).holds


def test_an_edit_by_a_superuser_who_switched_the_trigger_off_is_found_with_the_trigger(home: Settings) -> None:
    for subject in ("one", "two", "three"):
        with open_ledger().deed(AuditEvent("a:b", subject, "system")):
            pass
    with superuser(home) as connection:
        connection.execute("alter table audit_logs disable trigger refuse_change")
        connection.execute("update audit_logs set subject = 'else' where seq = 2")
        verdict = verify_log(open_ledger(), home, at=AT)
        assert verdict.position == 2
        assert "column subject" in verdict.first_fault
        assert any("refuse_change on audit_logs is switched off" in fault.what for fault in verdict.faults)
