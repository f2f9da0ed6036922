"""Rows of packages that were sent to approval: the exact bytes whose hash people sign. A row is never changed by the app.

Not here: what such bytes say (pipelines/submission/package.py), voiding and freezing (the functions of 0009_approvals.sql).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from warehouse.ledger.store import Deed, Row, Transaction


@dataclass(frozen=True)
class Manifest:
    """One package as it was sent; instants are UTC.

    Attributes:
        number: Counts the packages of one offer, from 1.
        hash: SHA-256 of `encoded`, which is canonical JSON; `body` is the same, read.
        made_by: A profile's id.
        voided_at: Since when its signatures count no more; `void_reason` says why.
        frozen_at: When all had signed and its files were read again.
    """

    id: str
    submission_id: str
    number: int
    hash: str
    body: Mapping[str, Any]
    encoded: bytes = field(repr=False)
    made_by: str
    made_at: datetime
    voided_at: datetime | None
    void_reason: str | None
    frozen_at: datetime | None


QUERY = (
    "select id::text as id, submission_id::text as submission_id, number, manifest_hash as hash, body as encoded,"
    " made_by::text as made_by, made_at, voided_at, void_reason, frozen_at from package_manifests"
)


def read_manifest(tx: Transaction, manifest_id: str | None) -> Manifest | None:
    """Return one package, or None where there is none or the person may not see it."""
    row = tx.row(f"{QUERY} where id = as_uuid(%s)", [manifest_id])
    return _manifest_from(row) if row else None


def manifests_of(tx: Transaction, submission_id: str) -> list[Manifest]:
    """Return every package of an offer that was sent, the first one first."""
    rows = tx.rows(f"{QUERY} where submission_id = as_uuid(%s) order by number", [submission_id])
    return [_manifest_from(row) for row in rows]


def add_manifest(
    deed: Deed, submission_id: str, encoded: bytes, digest: str, *, manifest_id: str, made_by: str, at: datetime
) -> Manifest:
    """Write a package under the next number of its offer, whose row must be locked before."""
    row = deed.row(
        "insert into package_manifests (id, submission_id, number, body, manifest_hash, made_by, made_at)"
        " select %s, %s, 1 + coalesce(max(m.number), 0), %s, %s, %s, %s from package_manifests m where m.submission_id = %s"
        " returning id::text as id",
        [manifest_id, submission_id, encoded, digest, made_by, at, submission_id],
    )
    found = read_manifest(deed, row["id"] if row else None)
    if found is None:
        raise LookupError(f"the package {manifest_id} was written and cannot be read")
    return found


def _manifest_from(row: Row) -> Manifest:
    encoded = bytes(row["encoded"])
    return Manifest(**{**row, "encoded": encoded, "body": json.loads(encoded)})
