"""The chain: each record is signed together with its predecessor's signature; appending and verifying it.

Not here: checkpoints and the verifier for outsiders.
"""

import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import psycopg

from warehouse.audit.canonical import canonical_bytes
from warehouse.audit.keys import AuditKeys
from warehouse.domain.audit_event import AuditEvent

PAGE = 10_000


def confirmation_hash(key: bytes, previous: bytes, body: bytes) -> bytes:
    """Return HMAC-SHA256 over the predecessor's 32 bytes (none for the first) and the canonical bytes."""
    return hmac.new(key, previous + body, sha256).digest()


def append(connection: psycopg.Connection[Any], event: AuditEvent, keys: AuditKeys) -> int:
    """Append one record as the transaction's last statement and return its sequence number.

    Takes the log's lock: from here to the commit every other append waits.
    """
    head = connection.execute("select seq, confirmation_hash from audit_head()").fetchone()
    assert head is not None  # noqa: S101 - the function always answers one row
    last, previous = _values(head)
    seq, at = last + 1, datetime.now(UTC)
    body = canonical_bytes(event, seq=seq, at=at)
    signature = confirmation_hash(keys.by_id[keys.current], previous, body)
    connection.execute(
        "select audit_append(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            seq,
            at,
            event.actor,
            event.action,
            event.subject,
            event.submission_ref,
            body,
            previous,
            signature,
            keys.current,
        ],
    )
    return seq


def _values(row: Any) -> tuple[int, bytes]:
    found = tuple(row.values()) if isinstance(row, dict) else tuple(row)
    return int(found[0]), bytes(found[1])


@dataclass(frozen=True)
class Record:
    """One stored record, as far as verification needs it."""

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str
    submission_ref: str | None
    body: bytes
    previous_hash: bytes
    confirmation_hash: bytes
    key_id: str


@dataclass(frozen=True)
class Verdict:
    """What a verification found: `first_fault` names the position and why, empty when all holds."""

    records: int
    first_fault: str = ""

    @property
    def holds(self) -> bool:
        """Say whether every link holds."""
        return not self.first_fault


def verify_records(records: Iterable[Record], keys: AuditKeys) -> Verdict:
    """Recompute every link and name the first position that does not hold."""
    previous, count = b"", 0
    for count, record in enumerate(records, start=1):
        fault = _fault(record, count, previous, keys)
        if fault:
            return Verdict(count - 1, f"record {count}: {fault}")
        previous = record.confirmation_hash
    return Verdict(count)


def _fault(record: Record, expected: int, previous: bytes, keys: AuditKeys) -> str:
    if record.seq != expected:
        return f"the sequence goes on with {record.seq}"
    if record.previous_hash != previous:
        return "it does not follow its predecessor"
    if record.key_id not in keys.by_id:
        return f"its key {record.key_id!r} is not known"
    if not hmac.compare_digest(
        record.confirmation_hash, confirmation_hash(keys.by_id[record.key_id], previous, record.body)
    ):
        return "its signature does not fit its bytes"
    told = json.loads(record.body)
    event = AuditEvent(told["action"], told["subject"], told["actor"], told["facts"], told["submission_ref"])
    shown = AuditEvent(record.action, record.subject, record.actor, told["facts"], record.submission_ref)
    if (
        told["seq"] != record.seq
        or canonical_bytes(event, seq=record.seq, at=record.at) != record.body
        or event != shown
    ):
        return "its columns say something else than its signed bytes"
    return ""


def read_records(connection: psycopg.Connection[Any]) -> Iterable[Record]:
    """Yield the log in order, a page at a time, so that memory stays flat."""
    last: int | None = None
    while True:
        rows = connection.execute(
            "select seq, at, actor, action, subject, submission_ref, body, previous_hash, confirmation_hash, key_id"
            " from audit_logs where %s::bigint is null or seq > %s order by seq limit %s",
            [last, last, PAGE],
        ).fetchall()
        for row in rows:
            values = list(row.values() if isinstance(row, dict) else row)
            values[6:9] = [bytes(value) for value in values[6:9]]
            yield Record(*values)
        if len(rows) < PAGE:
            return
        last = values[0]
