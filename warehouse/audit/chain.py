"""The chain: each record is signed together with its predecessor's signature. Appending, and the shape of a record.

Not here: checking what was appended (records.py, verify.py).
"""

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from warehouse.audit.canonical import canonical_bytes
from warehouse.audit.keys import AuditKeys
from warehouse.domain.audit_event import AuditEvent


@dataclass(frozen=True)
class Record:
    """One stored record; `at` as the ledger's own text in UTC."""

    seq: int
    at: str
    actor: str
    action: str
    subject: str
    submission_ref: str | None
    body: bytes
    previous_hash: bytes
    confirmation_hash: bytes
    key_id: str


def confirmation_hash(key: bytes, previous: bytes, body: bytes) -> bytes:
    """Return HMAC-SHA256 over the predecessor's 32 bytes (none for the first) and the canonical bytes."""
    return hmac.digest(key, previous + body, "sha256")


def leaf_data(key_id: str, previous: bytes, signature: bytes, body: bytes) -> bytes:
    """Return what a record's leaf in the tree is the hash of: every byte of it, each part with its length.

    The other columns are said by the body.
    """
    parts = (key_id.encode(), previous, signature, body)
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def append(connection: psycopg.Connection[Any], event: AuditEvent, keys: AuditKeys) -> int:
    """Append one record as the transaction's last statement and return its sequence number.

    Takes the log's lock: from here to the commit every other append waits.
    """
    cursor = connection.cursor(row_factory=tuple_row)
    head = cursor.execute("select seq, confirmation_hash, at from audit_head()", binary=True).fetchone()
    assert head is not None  # noqa: S101 - the function always answers one row
    last, previous, last_at = int(head[0]), bytes(head[1]), head[2]
    now = datetime.now(UTC)
    # A clock that was set back must not make a record older than its predecessor.
    seq, at = last + 1, now if last_at is None or last_at < now else last_at.astimezone(UTC)
    # Looked at under the lock: another process may have replaced the key.
    keys = keys.newest()
    body = canonical_bytes(event, seq=seq, at=at)
    signature = confirmation_hash(keys.by_id[keys.current], previous, body)
    cursor.execute(
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
