"""Notes in a workspace: written once, never changed. Reading and writing rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from warehouse.ledger.store import Deed, Transaction


@dataclass(frozen=True)
class Note:
    """One note; `mentions` are the addresses of people named in it."""

    id: str
    author_email: str
    written_at: datetime
    body: str
    mentions: tuple[str, ...]


def insert_note(
    deed: Deed, note_id: str, submission_id: str, body: str, mentions: Sequence[str], *, at: datetime, by: str
) -> None:
    """Write a note."""
    deed.execute(
        "insert into submission_notes (id, submission_id, author_id, written_at, body, mentions)"
        " values (%s, %s, %s, %s, %s, %s::uuid[])",
        [note_id, submission_id, by, at, body, list(mentions)],
    )


def list_notes(tx: Transaction, submission_id: str, *, limit: int = 200) -> list[Note]:
    """Return the notes of an offer, the newest first."""
    rows = tx.rows(
        "select n.id::text as id, p.email as author_email, n.written_at, n.body,"
        " array(select m.email from profiles m where m.id = any(n.mentions) order by m.email) as mentions"
        " from submission_notes n join profiles p on p.id = n.author_id where n.submission_id = as_uuid(%s)"
        " order by n.written_at desc, n.id limit %s",
        [submission_id, limit],
    )
    return [Note(**{**row, "mentions": tuple(row["mentions"])}) for row in rows]
