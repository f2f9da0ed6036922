from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from warehouse.addresses import conninfo, superuser_conninfo
from warehouse.audit import chain
from warehouse.audit.canonical import canonical_bytes
from warehouse.audit.keys import AuditKeys, audit_keys
from warehouse.domain.audit_event import AuditEvent
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

KEYS = AuditKeys("k1", {"k1": b"1" * 32, "k2": b"2" * 32})
AT = datetime(2026, 4, 10, tzinfo=UTC)


def untouched(length: int = 6) -> list[chain.Record]:
    records, previous = [], b""
    for seq in range(1, length + 1):
        event = AuditEvent("opportunity:status_set", f"o{seq}", "ann", {"to": "reviewing"})
        body = canonical_bytes(event, seq=seq, at=AT)
        signature = chain.confirmation_hash(KEYS.by_id["k1"], previous, body)
        records.append(chain.Record(seq, AT, "ann", event.action, event.subject, None, body, previous, signature, "k1"))
        previous = signature
    return records


def test_an_untouched_log_holds() -> None:
    assert chain.verify_records(untouched(), KEYS) == chain.Verdict(6)
    assert chain.verify_records([], KEYS).holds


Records = list[chain.Record]
TAMPERINGS: dict[str, tuple[Callable[[Records], Records], int]] = {
    "body edited": (lambda r: [*r[:2], replace(r[2], body=r[2].body.replace(b"reviewing", b"qualified")), *r[3:]], 3),
    "actor column edited": (lambda r: [*r[:2], replace(r[2], actor="bob"), *r[3:]], 3),
    "time column edited": (lambda r: [*r[:2], replace(r[2], at=AT + timedelta(seconds=1)), *r[3:]], 3),
    "first deleted": (lambda r: r[1:], 1),
    "middle deleted": (lambda r: [*r[:2], *r[3:]], 3),
    "two swapped": (lambda r: [r[0], r[2], r[1], *r[3:]], 2),
    "one repeated": (lambda r: [*r[:2], r[1], *r[2:]], 3),
    "key id swapped": (lambda r: [*r[:2], replace(r[2], key_id="k2"), *r[3:]], 3),
    "unknown key id": (lambda r: [*r[:2], replace(r[2], key_id="k9"), *r[3:]], 3),
    "signature edited": (lambda r: [*r[:2], replace(r[2], confirmation_hash=b"0" * 32), *r[3:]], 3),
    "predecessor edited": (lambda r: [*r[:2], replace(r[2], previous_hash=b"0" * 32), *r[3:]], 3),
    "body re-encoded": (lambda r: [*r[:2], replace(r[2], body=r[2].body.replace(b'":', b'": ')), *r[3:]], 3),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_a_tampered_log_is_found_at_its_first_bad_position(name: str) -> None:
    change, position = TAMPERINGS[name]
    verdict = chain.verify_records(change(untouched()), KEYS)
    assert not verdict.holds
    assert verdict.first_fault.startswith(f"record {position}:")


def test_the_database_refuses_gap_fork_and_edit_by_the_app(home: Settings) -> None:
    with open_ledger().deed(AuditEvent("a:b", "c", "system")):
        pass
    append = "select audit_append(%s, now(), 'a', 'b', 'c', null, '', %s, '', 'k')"
    with psycopg.connect(make_conninfo("", **conninfo("procura_app", settings=home))) as connection:
        head = connection.execute("select seq, confirmation_hash from audit_head()").fetchone()
        assert head is not None
        for seq, previous in ((head[0] + 2, head[1]), (head[0] + 1, b"another"), (head[0], head[1])):
            with pytest.raises(psycopg.errors.SerializationFailure), connection.transaction():
                connection.execute(append, [seq, previous])


def test_an_edit_by_the_superuser_is_found(home: Settings) -> None:
    for subject in ("one", "two", "three"):
        with open_ledger().deed(AuditEvent("a:b", subject, "system")):
            pass
    with psycopg.connect(make_conninfo("", **superuser_conninfo(home))) as connection:
        connection.execute("update audit_logs set subject = 'else' where seq = 2")
        verdict = chain.verify_records(chain.read_records(connection), audit_keys(home))
        assert verdict.first_fault.startswith("record 2:")
        connection.rollback()
