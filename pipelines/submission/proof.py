"""The proof of a delivery as one folder: what was signed, what went out, what came back, and the log's records of it.

Everything in it is named with its SHA-256 in contents.json, whose own SHA-256 is a record of the log; that record, like
every other one about the offer, is there with the proof that a signed checkpoint covers it. So a changed byte is found by
whoever has the checkpoint's key, without the product. Not here: what the files say (proof_contents.py), the verifier
(verify_submission.py).
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from pipelines.submission.proof_contents import Contents, audit_part, read_contents
from warehouse.audit.checkpoint import write_checkpoint
from warehouse.audit.signer import signer
from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.domain.audit_event import AuditEvent
from warehouse.errors import BadInput, DiskFull, NotFound, WrongState
from warehouse.ledger.store import SYSTEM, Ledger
from warehouse.object_store import PIECE_BYTES, ObjectStore, open_object_store
from warehouse.settings import Settings

NO_SPACE = 28  # errno.ENOSPC
RESTORE = "restore the files from your backup; `procura doctor` lists what is missing."


@dataclass(frozen=True)
class Proof:
    """What was written.

    Attributes:
        receipt: The office's number; "" where there is none that counts.
        records: How many records of the log are in it.
        covered: How many records the checkpoint covers that signs them.
    """

    folder: Path
    manifest_hash: str
    receipt: str
    files: int
    records: int
    covered: int


def write_proof(
    ledger: Ledger, settings: Settings, submission_id: str, out: Path, *, at: datetime, by: Person | None = None
) -> Proof:
    """Write the proof of an offer into a new folder, which appears as a whole or not at all.

    Args:
        by: Who takes it; None is the operator at the machine.

    Raises:
        NotPermitted: `by` may not take proofs.
        NotFound: there is no such offer that `by` may see.
        WrongState: nothing was approved yet, or bytes that belong to the proof are gone or changed.
        AuditBroken: the log cannot be signed.
        BadInput: the folder is not empty or cannot be made.
        DiskFull: there is no room.
    """
    if by is not None:
        access.check(by, Action.PROVE_SUBMISSION)
    with ledger.read(by) as tx:
        contents = read_contents(tx, submission_id)
    store = open_object_store(settings)
    with _fresh(out) as folder:
        listed = _write_contents(folder, contents, store)
        facts = {
            "contents_sha256": listed,
            "manifest_hash": contents.manifest_hash,
            "receipt": contents.receipt or None,
        }
        event = AuditEvent(
            "submission:proven", submission_id, by.id if by else SYSTEM, facts, submission_ref=submission_id
        )
        with ledger.deed(event, by):
            pass  # the deed is the record itself: what the proof holds, and who took it
        newest = write_checkpoint(ledger, settings, at=at)
        if newest is None:
            raise WrongState("The audit log is empty.", kept="nothing was written.")
        with ledger.read() as tx:
            records, texts = audit_part(tx, submission_id, newest.size, str(signer(settings).verifier))
        for name, text in texts.items():
            _write(folder / "audit" / name, text)
    return Proof(out, contents.manifest_hash, contents.receipt, len(contents.files), records, newest.size)


@contextmanager
def _fresh(out: Path) -> Iterator[Path]:
    """Give a folder to fill, which takes its name once it is full."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BadInput(f"{out} is not an empty folder.", kept="it was not touched.", todo="name a new folder.")
    fresh = out.with_name(f".{out.name}.{os.getpid()}.new")
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700, parents=True)
        yield fresh
        if out.exists():
            out.rmdir()
        fresh.rename(out)
    except OSError as error:
        if error.errno == NO_SPACE:
            raise DiskFull("there is no room for the proof.", kept="nothing was left behind.") from error
        raise BadInput(f"{out} cannot be written: {error.strerror}.", kept="nothing was left behind.") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _write_contents(folder: Path, contents: Contents, store: ObjectStore) -> str:
    """Write everything but the log's part, and the list of it; return the list's SHA-256."""
    for name, text in contents.texts.items():
        _write(folder / name, text)
    for name, (path, digest) in contents.files.items():
        _copy(store, path, folder / name, digest)
    digests = {name: sha256(text).hexdigest() for name, text in contents.texts.items()}
    listed = contents.list_with(digests)
    _write(folder / "contents.json", listed)
    return sha256(listed).hexdigest()


def _write(path: Path, text: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_bytes(text)


def _copy(store: ObjectStore, stored: str, target: Path, digest: str) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = sha256()
    try:
        source = store.open(stored)
    except NotFound as error:
        raise WrongState(f"The bytes of {target.name} are gone.", kept="nothing was written.", todo=RESTORE) from error
    with source, target.open("wb") as file:
        while piece := source.read(PIECE_BYTES):
            found.update(piece)
            file.write(piece)
    if found.hexdigest() != digest:
        raise WrongState(
            f"The bytes of {target.name} are not those that were kept.", kept="nothing was written.", todo=RESTORE
        )
