"""Checkpoints: signed statements of how long the log was and what it held, one row each in the ledger.

The signer looks before it signs: the new records must follow the last checkpoint, carry right signatures, and the second
place must not know of a longer or another log. Not here: bringing notes to the second place (witness.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import tuple_row

from warehouse.audit.canonical import instant
from warehouse.audit.chain import leaf_data
from warehouse.audit.keys import AuditKeys, audit_keys
from warehouse.audit.merkle import HASH_BYTES, Frontier, leaf_hash
from warehouse.audit.note import Statement, check_signature, read_note, sign
from warehouse.audit.records import Link, RecordChecker, iso, read_rows
from warehouse.audit.signer import Signer, signer
from warehouse.audit.witness import FolderWitness, bring_to_folder
from warehouse.errors import AuditBroken
from warehouse.settings import Settings

if TYPE_CHECKING:
    from warehouse.ledger.store import Ledger

CHECKPOINT_LOCK = 816
COLUMNS = "size, previous_size, root, note, leaves, frontier, written_at"
TODO = "run `procura audit verify`; keep the home as it is until somebody has looked."


@dataclass(frozen=True)
class Checkpoint:
    """One row of `audit_checkpoints`; `note` is the signed text."""

    size: int
    previous_size: int
    root: bytes
    note: str
    leaves: bytes
    frontier: bytes
    written_at: datetime


def write_checkpoint(ledger: "Ledger", settings: Settings, *, at: datetime) -> Checkpoint | None:
    """Sign what the log holds now, into the ledger and the folder that is the second place; return the newest.

    Where nothing was appended since the last one, that one is returned; None while the log is empty. A folder that cannot
    be written does not stop it: that is told by `witness.faults` and caught up later.

    Raises:
        AuditBroken: the log does not follow its last checkpoint, or the second place knows better. Nothing was signed.
        StoreUnavailable: PostgreSQL does not answer.
    """
    keys, key = audit_keys(settings), signer(settings)
    folder = FolderWitness(settings, key.origin)
    with ledger.housekeeping() as tx:
        written = _sign_new(tx.connection, keys.newest(), key, folder, at)
    # After the commit: the second place must never know of what the ledger does not hold.
    bring_to_folder(ledger, settings, folder, at=at)
    return written


def _sign_new(
    connection: psycopg.Connection[Any], keys: AuditKeys, key: Signer, folder: FolderWitness, at: datetime
) -> Checkpoint | None:
    connection.execute("select pg_advisory_xact_lock(%s)", [CHECKPOINT_LOCK])
    last = newest_checkpoint(connection)
    if last is not None:
        at = max(at, last.written_at)  # who came first is behind who asked later, where another process held the lock
    head = log_size(connection)
    _check_witness(connection, folder, head)
    frontier, checker = _start(connection, last, keys, key)
    if last is not None and head < last.size:
        raise AuditBroken(f"the log ends at record {head}, but its last checkpoint covers {last.size}.", todo=TODO)
    for rows in read_rows(connection, last.size if last else 0, head):
        checked = checker.check(rows)
        if checked.fault:
            raise AuditBroken(
                f"record {checked.position}: {checked.fault}.", kept="no checkpoint was signed.", todo=TODO
            )
        previous_size, previous_root = frontier.size, frontier.root()
        frontier.extend(checked.leaves)
        statement = Statement(key.origin, frontier.size, frontier.root(), instant(at), previous_size, previous_root)
        last = Checkpoint(
            frontier.size, previous_size, frontier.root(), sign(statement, key.key), b"".join(checked.leaves),
            frontier.to_bytes(), at,
        )  # fmt: skip
        connection.execute(
            "select audit_checkpoint_append(%s, %s, %s, %s, %s, %s, %s)",
            [last.size, previous_size, last.root, last.note, last.leaves, last.frontier, at],
        )
    return last


def _start(
    connection: psycopg.Connection[Any], last: Checkpoint | None, keys: AuditKeys, key: Signer
) -> tuple[Frontier, RecordChecker]:
    """Return where to go on, once the last checkpoint is seen to be ours and its last record to be the one it covers."""
    if last is None:
        return Frontier(), RecordChecker(keys)
    try:
        check_signature(last.note, key.verifier)
        statement = read_note(last.note)
        frontier = Frontier.from_bytes(last.size, last.frontier)
    except ValueError as error:
        raise AuditBroken(f"checkpoint {last.size}: {error}.", kept="no checkpoint was signed.", todo=TODO) from None
    link, leaf = end_of(connection, last.size)
    if statement.root != frontier.root() or statement.size != last.size or leaf != last.leaves[-HASH_BYTES:]:
        raise AuditBroken(
            f"checkpoint {last.size}: the log is not the one it was signed for.",
            kept="no checkpoint was signed.",
            todo=TODO,
        )
    return frontier, RecordChecker(keys, link)


def end_of(connection: psycopg.Connection[Any], seq: int) -> tuple[Link, bytes]:
    """Return where the chain stands at a record, and that record's leaf hash; an empty link where there is none."""
    rows = next(read_rows(connection, seq - 1, seq), [])
    if not rows:
        return Link(), b""
    number, at, *_, body, before, signature, key_id = rows[0]
    return Link(number, signature, iso(at)), leaf_hash(leaf_data(key_id, before, signature, body))


def _check_witness(connection: psycopg.Connection[Any], folder: FolderWitness, head: int) -> None:
    found = folder.newest()
    if found is None:
        return
    size, note = found
    if size > head:
        raise AuditBroken(
            f"the log ends at record {head}, but {folder.where} holds a checkpoint of {size}: records are missing.",
            kept="no checkpoint was signed.",
            todo=TODO,
        )
    row = _cursor(connection).execute("select note from audit_checkpoints where size = %s", [size]).fetchone()
    if row is None or row[0] != note:
        raise AuditBroken(
            f"checkpoint {size}: the ledger holds another one than {folder.where}.",
            kept="no checkpoint was signed.",
            todo=TODO,
        )


def newest_checkpoint(connection: psycopg.Connection[Any]) -> Checkpoint | None:
    """Return the last checkpoint, or None."""
    row = _cursor(connection).execute(f"select {COLUMNS} from audit_checkpoints order by size desc limit 1").fetchone()  # noqa: S608 - the columns are above
    return _checkpoint(row) if row else None


def checkpoints_after(connection: psycopg.Connection[Any], size: int) -> Iterator[Checkpoint]:
    """Yield the checkpoints beyond a size, in order."""
    with psycopg.ServerCursor(connection, "audit_checkpoints", row_factory=tuple_row) as cursor:
        cursor.itersize = 500
        cursor.execute(f"select {COLUMNS} from audit_checkpoints where size > %s order by size".encode(), [size])  # noqa: S608 - the columns are above
        for row in cursor:
            yield _checkpoint(row)


def log_size(connection: psycopg.Connection[Any]) -> int:
    """Return the number of the last record, 0 for an empty log."""
    row = _cursor(connection).execute("select coalesce(max(seq), 0) from audit_logs").fetchone()
    return int(row[0]) if row else 0


def _checkpoint(row: tuple[Any, ...]) -> Checkpoint:
    size, previous, root, note, leaves, frontier, at = row
    return Checkpoint(size, previous, bytes(root), note, bytes(leaves), bytes(frontier), at)


def _cursor(connection: psycopg.Connection[Any]) -> psycopg.Cursor[tuple[Any, ...]]:
    return connection.cursor(row_factory=tuple_row)
