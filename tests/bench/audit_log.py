"""(e) The audit log: verifying a million records and appending, against bare HMAC over the same bytes.

Two yardsticks: HMAC over the bytes in memory, and HMAC with reading them from the ledger, which any verifier has to do.
"""

import hashlib
import hmac
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import tuple_row

from tests.bench.measure import Figure, median_in_turn
from tests.factories_audit import superuser
from warehouse.addresses import conninfo
from warehouse.audit import chain
from warehouse.audit.canonical import canonical_bytes
from warehouse.audit.checkpoint import write_checkpoint
from warehouse.audit.keys import audit_keys
from warehouse.audit.verify import verify_log
from warehouse.clock import now
from warehouse.domain.audit_event import AuditEvent
from warehouse.ledger.store import Ledger, open_ledger
from warehouse.settings import Settings

SIZE = 1_000_000
STEP = 5_000
"""Records a checkpoint while the log is filled; 200 checkpoints."""
NEW = 100
APPENDS = 2_000
BEGAN = datetime(2026, 4, 10, tzinfo=UTC)


def fill(ledger: Ledger, settings: Settings) -> None:
    """Write a log as long as a busy firm's of years, beside the append path, and sign it as it grows."""
    keys, previous = audit_keys(settings), b""
    key = keys.by_id[keys.current]
    with superuser(settings) as connection:
        for begin in range(1, SIZE + 1, STEP):
            with connection.cursor().copy("copy audit_logs from stdin (format binary)") as copy:
                copy.set_types(["int8", "timestamptz", *["text"] * 4, *["bytea"] * 3, "text"])
                for seq in range(begin, begin + STEP):
                    facts = {"from": "new", "to": "reviewing", "note": hashlib.sha256(str(seq).encode()).hexdigest()}
                    event = AuditEvent(
                        "opportunity:status_set", f"sam_gov-{seq}", f"0b8f7c3e-1111-4222-8333-{seq:012d}", facts
                    )
                    at = BEGAN + timedelta(seconds=seq, microseconds=seq * 7919 % 1_000_000)
                    body = canonical_bytes(event, seq=seq, at=at)
                    signature = chain.confirmation_hash(key, previous, body)
                    copy.write_row(
                        (
                            seq,
                            at,
                            event.actor,
                            event.action,
                            event.subject,
                            None,
                            body,
                            previous,
                            signature,
                            keys.current,
                        )
                    )
                    previous = signature
            write_checkpoint(ledger, settings, at=at)
        connection.execute("vacuum analyze audit_logs")


def read_bytes(settings: Settings) -> Iterator[list[tuple[bytes, bytes, bytes]]]:
    """Yield what bare HMAC needs of the ledger."""
    with (
        psycopg.connect(make_conninfo("", **conninfo("procura_app", settings=settings))) as connection,
        psycopg.ServerCursor(connection, "bare", row_factory=tuple_row) as cursor,
    ):
        connection.execute("select act_as('system', null)")
        cursor.execute(b"select body, previous_hash, confirmation_hash from audit_logs order by seq", binary=True)
        while rows := cursor.fetchmany(8_192):
            yield rows


def bare_hmac(rows: Iterator[list[tuple[bytes, bytes, bytes]]], key: bytes) -> None:
    """Recompute every record's HMAC and nothing else."""
    for batch in rows:
        for body, previous, signature in batch:
            assert hmac.digest(key, previous + body, "sha256") == signature


def append_many(settings: Settings) -> None:
    """Append by the product's own path; one commit at the end, so that no disk is waited for."""
    keys = audit_keys(settings)
    with superuser(settings, autocommit=False) as connection:
        connection.execute("set synchronous_commit = off")
        for number in range(APPENDS):
            chain.append(connection, AuditEvent("bench:appended", str(number), "system", {"number": number}), keys)
        connection.rollback()


def insert_many(settings: Settings) -> None:
    """Do what a log with a bare HMAC per row does: sign the bytes, insert the row."""
    keys = audit_keys(settings)
    key = keys.by_id[keys.current]
    with superuser(settings, autocommit=False) as connection:
        connection.execute("set synchronous_commit = off")
        connection.execute(
            "create temporary table bare (seq bigint primary key, at timestamptz, body bytea, signature bytea)"
        )
        for number in range(APPENDS):
            at = now()
            body = json.dumps({"seq": number, "at": at.isoformat(), "number": number}).encode()
            connection.execute(
                "insert into bare values (%s, %s, %s, %s)", [number, at, body, hmac.digest(key, body, "sha256")]
            )
        connection.rollback()


def measure(settings: Settings) -> Iterator[Figure]:
    """Yield the figures of (e)."""
    ledger = open_ledger()
    fill(ledger, settings)
    key = audit_keys(settings).by_id[audit_keys(settings).current]
    kept = list(read_bytes(settings))

    def verify() -> None:
        verdict = verify_log(ledger, settings, at=now(), processes=True)
        assert verdict.holds, verdict.first_fault

    def verify_new() -> None:
        for number in range(NEW):
            with ledger.deed(AuditEvent("bench:new", str(number), "system")):
                pass
        taken.append(median_in_turn(lambda: verify_log(ledger, settings, at=now(), since_last=True), runs=1)[0])

    taken: list[float] = []
    whole, reading, memory = median_in_turn(
        verify, lambda: bare_hmac(read_bytes(settings), key), lambda: bare_hmac(iter(kept), key)
    )
    median_in_turn(verify_new)
    new = sorted(taken)[len(taken) // 2]
    what = f"full verify of {SIZE:,} records ({whole:.1f} s) against"
    yield Figure(
        "e",
        f"{what} bare HMAC with reading ({reading:.1f} s)",
        f"{whole / reading:.2f}x",
        "≤ 1.5x",
        whole <= 1.5 * reading,
    )
    yield Figure("e", f"{what} bare HMAC in memory ({memory:.1f} s), {os.cpu_count()} cores", f"{whole / memory:.2f}x")
    yield Figure(
        "e",
        f"verify of {NEW} new records ({new * 1000:.0f} ms) against full",
        f"{new / whole:.2%}",
        "≤ 1 %",
        new <= whole / 100,
    )
    appended, inserted = median_in_turn(lambda: append_many(settings), lambda: insert_many(settings))
    what = f"append ({appended / APPENDS * 1000:.2f} ms) against a bare HMAC and its insert"
    yield Figure("e", f"{what}, both without fsync", f"{appended / inserted:.1f}x", "≤ 8x", appended <= 8 * inserted)
