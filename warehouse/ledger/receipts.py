"""Rows of receipts: what an executor read itself, or one person brought and another confirmed. A receipt is never changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from warehouse.domain.delivery import FoundReceipt, ReceiptSource
from warehouse.ledger.deliveries import Delivery
from warehouse.ledger.store import Deed, Row, Transaction


@dataclass(frozen=True)
class Receipt:
    """One receipt; instants are UTC.

    Attributes:
        manifest_hash: SHA-256 of what was signed and went out.
        number: As the office writes it; `quote` are the words in which it stands.
        received_at: As the office says; None where it does not.
        evidence_id: The kept evidence in which it can be read again.
        captured_by: The address of who brought it; "" for one that was read by the product.
        confirmed_by: The address of who confirmed one that was brought; "" as long as nobody did.
        discard_reason: Why one that was brought was put aside; "" when it was not.
    """

    id: str
    submission_id: str
    run_id: str
    manifest_id: str
    manifest_hash: str
    number: str
    source: ReceiptSource
    received_at: datetime | None
    read_at: datetime
    quote: str
    evidence_id: str
    captured_by_id: str | None
    captured_by: str
    confirmed_by: str
    confirmed_at: datetime | None
    discarded_by: str
    discarded_at: datetime | None
    discard_reason: str

    @property
    def counts(self) -> bool:
        """Whether it makes an offer submitted."""
        return self.discarded_at is None and (self.source is not ReceiptSource.PERSON or self.confirmed_at is not None)


QUERY = (
    "select r.id::text as id, r.submission_id::text as submission_id, r.run_id::text as run_id, r.manifest_id::text as manifest_id,"
    " r.manifest_hash, r.receipt_number as number, r.source, r.received_at, r.read_at, r.quote, r.evidence_id::text as evidence_id,"
    " r.captured_by::text as captured_by_id, coalesce(a.email, '') as captured_by, coalesce(b.email, '') as confirmed_by, r.confirmed_at,"
    " coalesce(c.email, '') as discarded_by, r.discarded_at, coalesce(r.discard_reason, '') as discard_reason"
    " from receipts r left join profiles a on a.id = r.captured_by left join profiles b on b.id = r.confirmed_by"
    " left join profiles c on c.id = r.discarded_by"
)


def receipts_of(tx: Transaction, submission_id: str) -> list[Receipt]:
    """Return every receipt of an offer, the newest first, those that were put aside too."""
    rows = tx.rows(f"{QUERY} where r.submission_id = as_uuid(%s) order by r.read_at desc", [submission_id])
    return [_receipt(row) for row in rows]


def receipts_to_confirm(tx: Transaction) -> list[Receipt]:
    """Return the receipts that one person brought and nobody judged, the oldest first."""
    where = "r.source = 'person' and r.confirmed_at is null and r.discarded_at is null"
    return [_receipt(row) for row in tx.rows(f"{QUERY} where {where} order by r.read_at")]


def read_receipt(tx: Transaction, receipt_id: str) -> Receipt | None:
    """Return one receipt, or None where there is none or the person may not see it."""
    row = tx.row(f"{QUERY} where r.id = as_uuid(%s)", [receipt_id])
    return _receipt(row) if row else None


def _receipt(row: Row) -> Receipt:
    return Receipt(**{**row, "source": ReceiptSource(row["source"])})


def add_receipt(deed: Deed, run: Delivery, found: FoundReceipt, *, at: datetime) -> None:
    """Write a receipt that the product read itself, whose evidence the run has kept."""
    deed.execute(
        "insert into receipts (submission_id, run_id, manifest_id, manifest_hash, receipt_number, source, received_at,"
        " read_at, quote, evidence_id)"
        " select %s, %s, %s, %s, %s, %s, %s, %s, %s, e.id from delivery_evidence e where e.run_id = %s and e.position = %s",
        [run.submission_id, run.id, run.manifest_id, run.manifest_hash, found.number, found.source.value, found.received_at, at,
         found.quote[:2000], run.id, found.evidence],
    )  # fmt: skip


def capture_receipt(
    deed: Deed, run_id: str, *, number: str, stated_at: datetime | None, quote: str, document: Mapping[str, Any]
) -> str:
    """Write a receipt that a person brings, with its document (name, media_type, sha256, size_bytes, storage_path); return its id."""
    row = deed.row(
        "select capture_receipt(%s, %s, %s, %s, %s)::text as id", [run_id, number, stated_at, quote, Jsonb(dict(document))]
    )  # fmt: skip
    return str(row["id"]) if row else ""


def judge_receipt(deed: Deed, receipt_id: str, *, confirms: bool, reason: str = "") -> None:
    """Write that a second person confirms a receipt, which submits the offer, or puts it aside and says why."""
    deed.execute("select judge_receipt(%s, %s, %s)", [receipt_id, confirms, reason])
