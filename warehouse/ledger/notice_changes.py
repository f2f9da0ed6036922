"""Changes of a notice that met an open offer. They are written by the ledger itself as publishing happens (0010_amendments.sql).

Not here: how two versions of a text differ in words (app/widgets/amendments.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from warehouse.ledger.store import Deed, Row, Transaction


@dataclass(frozen=True)
class FieldChange:
    """One field and what it said before and says now.

    `due_date` holds instants as text, `attachment_urls` what went and what came, `description` a hash and a length,
    `is_open` whether it could be answered; all others are texts.
    """

    field: str
    was: Any
    now: Any


@dataclass(frozen=True)
class NoticeChange:
    """One change of a notice as it met one offer.

    Attributes:
        relied_on: Of deadline, set_aside, attachments, text, cancelled: what of it offers rely on.
        took_back: A package that was being signed, or was signed, is void through it.
        opened: Ids of the points that it opened again.
        concerned: Ids of owner, members and approvers at that moment.
    """

    id: str
    submission_id: str
    noticed_at: datetime
    from_hash: str | None
    to_hash: str
    fields: tuple[FieldChange, ...]
    relied_on: tuple[str, ...]
    took_back: bool
    opened: tuple[str, ...]
    concerned: tuple[str, ...]
    acknowledged_at: datetime | None
    acknowledged_by: str | None


COLUMNS = (
    "id::text as id, submission_id::text as submission_id, noticed_at, from_hash, to_hash, changes, relied_on, took_back,"
    " opened::text[] as opened, concerned::text[] as concerned, acknowledged_at, acknowledged_by::text as acknowledged_by"
)


def changes_of(tx: Transaction, submission_id: str) -> list[NoticeChange]:
    """Return what changed under an offer, the newest first."""
    return _read(tx, "submission_id = as_uuid(%s) order by noticed_at desc, id", [submission_id])


def open_changes(tx: Transaction, submission_id: str) -> list[NoticeChange]:
    """Return what nobody has acknowledged yet, the oldest first."""
    return _read(tx, "submission_id = as_uuid(%s) and acknowledged_at is null order by noticed_at, id", [submission_id])


def met_now(tx: Transaction) -> list[NoticeChange]:
    """Return what this very transaction let offers meet."""
    return _read(tx, "noticed_at = now() order by submission_id, id", [])


def acknowledge(deed: Deed, ids: Sequence[str], *, at: datetime, by: str) -> int:
    """Write down that somebody has seen these changes; returns how many were open still."""
    return deed.execute(
        "update notice_changes set acknowledged_at = %s, acknowledged_by = %s where id = any(as_uuids(%s)) and acknowledged_at is null",
        [at, by, list(ids)],
    ).rowcount


def texts_of(tx: Transaction, change: NoticeChange, opportunity_id: str) -> tuple[str, str] | None:
    """Return the text before and after a change; None where the chain of notices no longer has both."""
    rows = tx.rows(
        "select content_hash, description from opportunity_notices where opportunity_id = %s and content_hash = any(%s)",
        [opportunity_id, [change.from_hash, change.to_hash]],
    )
    texts = {row["content_hash"]: row["description"] or "" for row in rows}
    if change.from_hash is None or change.from_hash not in texts or change.to_hash not in texts:
        return None
    return texts[change.from_hash], texts[change.to_hash]


def titles_of(tx: Transaction, change: NoticeChange) -> list[str]:
    """Return the titles of the points that a change opened again."""
    rows = tx.rows(
        "select title from submission_tasks where submission_id = %s and id = any(as_uuids(%s)) order by position, id",
        [change.submission_id, list(change.opened)],
    )
    return [row["title"] for row in rows]


def _read(tx: Transaction, where: str, parameters: Sequence[object]) -> list[NoticeChange]:
    rows = tx.rows(f"select {COLUMNS} from notice_changes where {where}", parameters)  # noqa: S608 - own constants
    return [_to_change(row) for row in rows]


def _to_change(row: Row) -> NoticeChange:
    fields = tuple(FieldChange(item["field"], item["was"], item["now"]) for item in row.pop("changes"))
    lists = {name: tuple(row[name]) for name in ("relied_on", "opened", "concerned")}
    return NoticeChange(**{**row, **lists, "fields": fields})
