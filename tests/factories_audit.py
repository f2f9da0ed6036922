"""Makes audit logs for tests, in memory, as the product would have written them; and puts them into a ledger or an export."""

import base64
import json
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import psycopg
from psycopg.conninfo import make_conninfo

from warehouse.addresses import superuser_conninfo
from warehouse.audit.canonical import canonical_bytes, instant
from warehouse.audit.chain import Record, confirmation_hash, leaf_data
from warehouse.audit.checkpoint import Checkpoint
from warehouse.audit.keys import AuditKeys
from warehouse.audit.merkle import HASH_BYTES, Frontier, leaf_hash
from warehouse.audit.note import Statement, sign
from warehouse.audit.signer import Signer
from warehouse.audit.witness import FolderWitness
from warehouse.domain.audit_event import AuditEvent
from warehouse.settings import Settings

BEGAN = datetime(2026, 4, 10, 12, tzinfo=UTC)
WORDS = ("reviewing", 'a „quote" and a \\', "会議\n", "naïve café", "\x1f\x7f", "😀 plain", "")
LOG_TABLES = ("audit_logs", "audit_checkpoints")


@dataclass
class Log:
    """One whole log: records, checkpoints, and what the second place holds of them."""

    records: list[Record]
    checkpoints: list[Checkpoint]
    witnessed: dict[int, tuple[str, bytes]] = field(default_factory=dict)

    def copy(self) -> "Log":
        """Return another one to change."""
        return Log(list(self.records), list(self.checkpoints), dict(self.witnessed))


def make_event(rng: Random) -> AuditEvent:
    """Return some deed; texts with quotes and other alphabets among them, as people write them."""
    facts: dict[str, str | int | bool | None] = {"count": rng.randrange(2, 10**6), "note": rng.choice(WORDS)}
    if rng.random() < 0.3:
        facts |= {"is_open": rng.random() < 0.5, "value": None, "ü": rng.choice(WORDS)}
    action = rng.choice(["opportunity:status_set", "person:added", "opportunity:noted"])
    ref = f"s{rng.randrange(9)}" if rng.random() < 0.3 else None
    return AuditEvent(action, f"o{rng.randrange(40):08d}", rng.choice(["ann", 'b"ob', "system"]), facts, ref)


def make_records(
    keys: AuditKeys, count: int, rng: Random, *, first: int = 1, previous: bytes = b"", began: datetime = BEGAN
) -> list[Record]:
    """Return rightly signed records, 700 ms apart, each under the key that was in use for it."""
    records = []
    for seq in range(first, first + count):
        event, at = make_event(rng), began + timedelta(milliseconds=700 * seq)
        name = next(name for name in keys.by_id if keys.span(name)[0] < seq <= keys.span(name)[1])
        record = signed(keys, event, seq, at, previous, name)
        records.append(record)
        previous = record.confirmation_hash
    return records


def signed(keys: AuditKeys, event: AuditEvent, seq: int, at: datetime, previous: bytes, key_id: str) -> Record:
    """Return one rightly signed record."""
    body = canonical_bytes(event, seq=seq, at=at)
    signature = confirmation_hash(keys.by_id[key_id], previous, body)
    return Record(
        seq,
        instant(at),
        event.actor,
        event.action,
        event.subject,
        event.submission_ref,
        body,
        previous,
        signature,
        key_id,
    )


def make_checkpoints(records: list[Record], sizes: list[int], key: Signer) -> list[Checkpoint]:
    """Return rightly signed checkpoints over records, at these sizes."""
    tree, made = Frontier(), []
    for size in sizes:
        before, root = tree.size, tree.root()
        leaves = [
            leaf_hash(leaf_data(r.key_id, r.previous_hash, r.confirmation_hash, r.body)) for r in records[before:size]
        ]
        tree.extend(leaves)
        at = BEGAN + timedelta(seconds=size)
        note = sign(Statement(key.origin, size, tree.root(), instant(at), before, root), key.key)
        made.append(Checkpoint(size, before, tree.root(), note, b"".join(leaves), tree.to_bytes(), at))
    return made


def make_log(keys: AuditKeys, key: Signer, sizes: list[int], rng: Random, *, tail: int = 0) -> Log:
    """Return a whole log with a checkpoint at each size, and a tail that none covers yet."""
    records = make_records(keys, (sizes[-1] if sizes else 0) + tail, rng)
    checkpoints = make_checkpoints(records, sizes, key)
    return Log(records, checkpoints, {c.size: (c.note, c.leaves) for c in checkpoints})


def superuser(settings: Settings, *, autocommit: bool = True) -> psycopg.Connection[tuple[object, ...]]:
    """Connect as who may do anything."""
    return psycopg.connect(make_conninfo("", **superuser_conninfo(settings)), autocommit=autocommit)


def put_into_ledger(connection: psycopg.Connection[tuple[object, ...]], log: Log) -> None:
    """Put a log in the place of the one that is there, as only a superuser can; the triggers stand again afterwards."""
    for table in LOG_TABLES:
        connection.execute(f"alter table {table} disable trigger user")
        connection.execute(f"delete from {table}")
    with connection.cursor().copy("copy audit_logs from stdin") as copy:
        for record in log.records:
            copy.write_row(tuple(vars(record).values()))
    with connection.cursor().copy("copy audit_checkpoints from stdin") as copy:
        for c in log.checkpoints:
            copy.write_row((c.size, c.previous_size, c.root, c.note, c.leaves, c.frontier, c.written_at))
    for table in LOG_TABLES:
        for trigger in ("refuse_change", "refuse_truncate"):
            connection.execute(f"alter table {table} enable always trigger {trigger}")


def put_into_folder(settings: Settings, origin: str, log: Log) -> Path:
    """Let the second place hold what the log says it holds, and nothing else."""
    folder = FolderWitness(settings, origin)
    shutil.rmtree(folder.root, ignore_errors=True)
    for size, (note, leaves) in log.witnessed.items():
        folder.put(size, note, leaves, BEGAN)
    return folder.root


def put_into_export(folder: Path, log: Log) -> None:
    """Write a log as `procura audit export` does."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "records.jsonl").write_bytes(b"".join(record_line(record) for record in log.records))
    (folder / "checkpoints.jsonl").write_bytes(b"".join(checkpoint_line(c) for c in log.checkpoints))


def record_line(record: Record) -> bytes:
    """Write one line of records.jsonl."""
    return line(
        vars(record) | {
            "body": record.body.decode("utf-8", "surrogateescape"), "previous_hash": record.previous_hash.hex(),
            "confirmation_hash": record.confirmation_hash.hex(),
        }
    )  # fmt: skip


def checkpoint_line(checkpoint: Checkpoint) -> bytes:
    """Write one line of checkpoints.jsonl."""
    return line({"note": checkpoint.note, "leaves": base64.b64encode(checkpoint.leaves).decode()})


def line(value: dict[str, object]) -> bytes:
    """Write a line the one way."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def leaves_of(checkpoint: Checkpoint) -> list[bytes]:
    """Return a checkpoint's leaf hashes one by one."""
    return [checkpoint.leaves[at : at + HASH_BYTES] for at in range(0, len(checkpoint.leaves), HASH_BYTES)]
