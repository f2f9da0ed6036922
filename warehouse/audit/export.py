"""Exporting the log so that an outsider can verify it: JSON lines, checkpoints, and the verifier beside them.

Each line is written the one way (sorted keys, no blanks, ASCII), so that every changed byte is seen. Memory stays flat.
The public key is not in the export: it is handed out apart from it, or it would prove nothing.
"""

import base64
import io
import json
import os
import shutil
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import psycopg

from warehouse.audit import verify_audit
from warehouse.audit.checkpoint import checkpoints_after
from warehouse.audit.records import iso, read_rows
from warehouse.errors import BadInput, DiskFull

if TYPE_CHECKING:
    from warehouse.ledger.store import Ledger

NO_SPACE = 28  # errno.ENOSPC
README = """\
An audit log, exported so that it can be verified without the product that wrote it.

    python3 -I verify_audit.py .
    python3 -I verify_audit.py . --public-key FILE --checkpoint FILE_OR_FOLDER

records.jsonl      one record a line: its columns, and `body`, the exact bytes that were signed
checkpoints.jsonl  one checkpoint a line: the signed note, and the leaf hashes of the records it added (base64)
verify_audit.py    one file, Python's standard library only; read it before you trust it

Take the public key, and notes of checkpoints, from somebody else than who gave you this folder: with them the verifier
says who signed, and refuses a log that is smaller than what was witnessed. Without them it says whether the log is
consistent in itself.

A record's leaf is SHA-256 over a zero byte and four parts, each after its length in four bytes (big endian): key id,
previous hash, confirmation hash, body. The tree is that of RFC 6962; a note is C2SP's, signed with Ed25519.
"""


def export_log(ledger: "Ledger", out: Path, size: int) -> int:
    """Write the log's first `size` records, as far as a checkpoint covers them, into a new folder; return their number.

    The folder appears as a whole or not at all.

    Raises:
        BadInput: the folder is there and not empty, or cannot be made.
        DiskFull: there is no room.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BadInput(f"{out} is not an empty folder.", kept="it was not touched.", todo="name a new folder.")
    fresh = out.with_name(f".{out.name}.{os.getpid()}.new")
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700, parents=True)
        with ledger.read() as tx:
            written = _write(tx.connection, fresh, size)
        if out.exists():
            out.rmdir()
        fresh.rename(out)
    except OSError as error:
        if error.errno == NO_SPACE:
            raise DiskFull("there is no room for the export.", kept="nothing was left behind.") from error
        raise BadInput(f"{out} cannot be written: {error.strerror}.", kept="nothing was left behind.") from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return written


def zip_export(folder: Path, target: BinaryIO) -> None:
    """Write an export's files into a zip archive."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, f"audit-log/{path.name}")


def zip_of_text(name: str, text: str) -> bytes:
    """Return a zip archive of one text: what an export that could not be made says instead."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as target:
        target.writestr(name, f"{text}\n")
    return archive.getvalue()


def _write(connection: psycopg.Connection[Any], folder: Path, size: int) -> int:
    written = 0
    with _new_file(folder / "records.jsonl") as file:
        for rows in read_rows(connection, 0, size):
            file.writelines(map(export_line, map(record_columns, rows)))
            written += len(rows)
    with _new_file(folder / "checkpoints.jsonl") as file:
        for checkpoint in checkpoints_after(connection, 0):
            if checkpoint.size <= size:
                leaves = base64.b64encode(checkpoint.leaves).decode()
                file.write(export_line({"note": checkpoint.note, "leaves": leaves}))
    with _new_file(folder / "README.txt") as file:
        file.write(README.encode())
    with _new_file(folder / "verify_audit.py") as file:
        file.write(Path(verify_audit.__file__).read_bytes())
    return written


def record_columns(row: Iterable[Any]) -> dict[str, Any]:
    """Return a record as a line of records.jsonl has it."""
    seq, at, actor, action, subject, ref, body, before, signature, key_id = row
    return {
        "seq": seq, "at": iso(at), "actor": actor, "action": action, "subject": subject, "submission_ref": ref,
        # Bytes that are no text stay visible as such, and no verifier takes them for a record.
        "body": body.decode("utf-8", "surrogateescape"), "previous_hash": before.hex(),
        "confirmation_hash": signature.hex(), "key_id": key_id,
    }  # fmt: skip


def export_line(value: dict[str, Any]) -> bytes:
    """Write a line the one way."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def _new_file(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
