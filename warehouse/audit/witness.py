"""The second place of checkpoints: a folder outside the database, and optionally a bucket and a mailbox.

A place that fails stops no work: what it misses is remembered, told (status, doctor, a banner), and brought later. Not
here: writing checkpoints (checkpoint.py); the bucket and the mailbox themselves (witness_s3.py, witness_mail.py).
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from warehouse.audit.private_file import write_private
from warehouse.errors import AuditBroken, ProcuraError
from warehouse.settings import Settings

if TYPE_CHECKING:
    from warehouse.ledger.store import Ledger

SIZES_A_FOLDER = 100_000
FOLDER = "folder"
SIGNING = "signing"
MAIL = "mail"
AGAIN_AFTER = timedelta(seconds=30)
"""A place that failed is left alone for a while."""


class Witness(Protocol):
    """A second place."""

    name: str
    where: str
    wants_all: bool
    """Whether every checkpoint goes there, or only the newest now and then."""

    def put(self, size: int, note: str, leaves: bytes, at: datetime) -> None:
        """Keep one checkpoint; keeping the same one twice is no fault.

        Raises:
            ProcuraError: it cannot be kept there.
        """

    def is_due(self, at: datetime) -> bool:
        """Say whether something may be brought now."""


class FolderWitness:
    """A folder of notes, each beside its leaf hashes: `<origin>/<size / 100,000>/<size>.note` and `.leaves`."""

    wants_all = True

    def __init__(self, settings: Settings, origin: str) -> None:
        self.name = FOLDER
        self.root = settings.audit_witness / origin.replace("/", "-")
        self.where = str(self.root)

    def put(self, size: int, note: str, leaves: bytes, at: datetime) -> None:
        """Keep one checkpoint.

        Raises:
            AuditBroken: another one of that size is there already.
            OSError: the folder cannot be written.
        """
        path = self._path(size)
        # The note last: where it is, its leaves are.
        write_private(path.with_suffix(".leaves"), leaves_text(leaves), only_if_absent=True)
        write_private(path, note, only_if_absent=True)
        if path.read_text(encoding="utf-8") != note:
            raise AuditBroken(f"{path} holds another checkpoint of {size} records.", todo="run `procura audit verify`.")

    def is_due(self, at: datetime) -> bool:
        """Say so: a folder is always."""
        return True

    def newest(self) -> tuple[int, str] | None:
        """Return the largest size and its note; None where nothing was kept yet."""
        for folder in sorted(self.root.glob("[0-9]*"), reverse=True):
            names = sorted(path.stem for path in folder.glob("[0-9]*.note"))
            if names:
                return int(names[-1]), self.note(int(names[-1])) or ""
        return None

    def sizes(self, after: int = 0) -> list[int]:
        """Return the sizes that are kept beyond one, ascending."""
        folders = (f for f in self.root.glob("[0-9]*") if int(f.name) >= after // SIZES_A_FOLDER)
        return sorted(n for f in folders for path in f.glob("[0-9]*.note") if (n := int(path.stem)) > after)

    def note(self, size: int) -> str | None:
        """Return the note of a size as it lies there; None where there is none, odd bytes made visible."""
        try:
            return self._path(size).read_bytes().decode("utf-8", "backslashreplace")
        except FileNotFoundError:
            return None

    def leaves(self, size: int) -> bytes:
        """Return the leaf hashes kept with a size; nothing where they are not there or not readable."""
        try:
            lines = self._path(size).with_suffix(".leaves").read_bytes().split()
            return b"".join(base64.b64decode(line) for line in lines)
        except (OSError, ValueError):
            return b""

    def _path(self, size: int) -> Path:
        return self.root / f"{size // SIZES_A_FOLDER:07d}" / f"{size:012d}.note"


def leaves_text(leaves: bytes) -> str:
    """Write leaf hashes, one a line."""
    return "".join(base64.b64encode(leaves[at : at + 32]).decode() + "\n" for at in range(0, len(leaves), 32))


@dataclass(frozen=True)
class Place:
    """What is known of a second place: up to which size it was brought, and since when and why it fails."""

    where: str = ""
    size: int = 0
    brought_at: str = ""
    failing_since: str = ""
    why: str = ""


def read_places(settings: Settings) -> dict[str, Place]:
    """Return what the last attempts found, by the place's name."""
    try:
        found = json.loads(_memory(settings).read_text(encoding="utf-8"))
        return {str(name): Place(**told) for name, told in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}  # a memory only: what a place holds is asked of the place itself


def faults(settings: Settings) -> list[str]:
    """Return a sentence for each place that fails, and for a log that cannot be signed."""
    return [
        f"{'Checkpoints of the audit log are not signed' if name == SIGNING else f'Checkpoints do not reach {p.where}'}"
        f" since {p.failing_since[:16].replace('T', ' ')} UTC: {p.why}"
        for name, p in sorted(read_places(settings).items())
        if p.failing_since
    ]


def bring_to_folder(ledger: "Ledger", settings: Settings, folder: FolderWitness, *, at: datetime) -> None:
    """Bring what the folder misses; a fault is remembered, not raised."""
    try:
        newest = folder.newest()
    except OSError as error:
        remember(settings, folder, at, fault=_words(error))
        return
    bring(ledger, settings, folder, after=newest[0] if newest else 0, at=at)


def bring_to_all(ledger: "Ledger", settings: Settings, origin: str, *, at: datetime) -> None:
    """Bring what each further place misses (bucket, mailbox); slow places are for processes that may wait."""
    for witness in _further(settings, origin):
        known = read_places(settings).get(witness.name, Place())
        if known.failing_since and at - datetime.fromisoformat(known.brought_at or known.failing_since) < AGAIN_AFTER:
            continue
        if witness.is_due(at):
            bring(ledger, settings, witness, after=known.size if known.where == witness.where else 0, at=at)


def bring(ledger: "Ledger", settings: Settings, witness: Witness, *, after: int, at: datetime) -> None:
    """Bring every checkpoint beyond a size to a place, and remember how it went."""
    from warehouse.audit.checkpoint import checkpoints_after, newest_checkpoint

    try:
        # Read first: nothing is fetched or sent inside a database transaction.
        with ledger.read() as tx:
            if witness.wants_all:
                waiting = list(checkpoints_after(tx.connection, after))
            else:
                newest = newest_checkpoint(tx.connection)
                waiting = [newest] if newest is not None and newest.size > after else []
        for checkpoint in waiting:
            witness.put(checkpoint.size, checkpoint.note, checkpoint.leaves, at)
            after = checkpoint.size
    except (OSError, ProcuraError) as error:
        remember(settings, witness, at, size=after, fault=_words(error))
        return
    known = read_places(settings).get(witness.name)
    if waiting or known is None or known.failing_since:
        remember(settings, witness, at, size=after)


def remember(settings: Settings, witness: Witness, at: datetime, *, size: int | None = None, fault: str = "") -> None:
    """Note how an attempt at a place went."""
    known = read_places(settings).get(witness.name, Place())
    known = replace(known, where=witness.where, brought_at=at.isoformat(), size=known.size if size is None else size)
    since = known.failing_since or at.isoformat() if fault else ""
    _write_place(settings, witness.name, replace(known, failing_since=since, why=fault))


def remember_signing_fault(settings: Settings, why: str, *, at: datetime) -> None:
    """Note that the log cannot be signed, so that status, doctor and the pages tell it."""
    since = read_places(settings).get(SIGNING, Place()).failing_since or at.isoformat()
    _write_place(settings, SIGNING, Place(brought_at=at.isoformat(), failing_since=since, why=why))


def forget_signing_fault(settings: Settings) -> None:
    """Note that the log can be signed again."""
    if read_places(settings).get(SIGNING, Place()).failing_since:
        _write_place(settings, SIGNING, Place())


def _write_place(settings: Settings, name: str, place: Place) -> None:
    places = {**read_places(settings), name: place}
    write_private(_memory(settings), json.dumps({known: asdict(told) for known, told in places.items()}))


def _further(settings: Settings, origin: str) -> Iterator[Witness]:
    if settings.audit_witness_s3:
        from warehouse.audit.witness_s3 import BucketWitness

        yield BucketWitness(settings, origin)
    if settings.audit_witness_email:
        from warehouse.audit.witness_mail import MailWitness

        known = read_places(settings).get(MAIL, Place())
        yield MailWitness(settings, last_sent_at="" if known.failing_since else known.brought_at)


def _words(error: Exception) -> str:
    if isinstance(error, ProcuraError):
        return error.what
    return f"{getattr(error, 'strerror', None) or type(error).__name__}."


def _memory(settings: Settings) -> Path:
    return settings.resolved_home / "audit" / "witness.json"
