"""Verifying the log: every record, every checkpoint, the second place, and whether the database still refuses changes.

A verification names the first bad record by position, and why. It remembers the largest log it accepted and refuses a
smaller or another one. Not here: going through the records (chunks.py, records.py), an outsider's verifier (verify_audit.py).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import tuple_row

from warehouse.audit.accepted import Accepted, read_accepted, write_accepted
from warehouse.audit.append_path import faults_of_append_path, missing_tables
from warehouse.audit.chain import leaf_data
from warehouse.audit.checkpoint import checkpoints_after, end_of, log_size
from warehouse.audit.chunks import Progress, Walk, walk
from warehouse.audit.kept_leaves import LeafComparison
from warehouse.audit.keys import audit_keys
from warehouse.audit.merkle import EMPTY_ROOT, HASH_BYTES, Frontier, leaf_hash
from warehouse.audit.note import BadNote, Verifier, check_signature, read_note
from warehouse.audit.records import Link, read_rows
from warehouse.audit.signer import signer
from warehouse.audit.verdict import Fault, Verdict
from warehouse.audit.witness import FolderWitness
from warehouse.domain.access import Person
from warehouse.ledger.row_security import faults_of_row_security
from warehouse.settings import Settings

if TYPE_CHECKING:
    from warehouse.ledger.store import Ledger


@dataclass(frozen=True)
class Stated:
    """A checkpoint as the ledger holds it, without its leaves."""

    size: int
    previous_size: int
    root: bytes
    note: str


def verify_log(
    ledger: "Ledger",
    settings: Settings,
    *,
    at: datetime,
    since_last: bool = False,
    by: Person | None = None,
    processes: bool = False,
    progress: Progress | None = None,
) -> Verdict:
    """Verify the whole log, or what came since the last accepted verification.

    Args:
        processes: Use both cores for a long log; only where no server's threads live beside.
        progress: Called with records done and to do.

    Raises:
        StoreUnavailable: PostgreSQL does not answer.
        AuditBroken: the keys cannot be read.
    """
    folder = FolderWitness(settings, signer(settings).origin)
    accepted = read_accepted(settings, signer(settings).origin)
    start = accepted if since_last else None
    # The second place is asked first: what it holds, the ledger must hold by then.
    witnessed = folder.sizes(after=start.checkpoint if start else 0)
    with ledger.read(by) as tx:
        gone = missing_tables(tx.connection)
        if gone:
            return Verdict(0, 0, 0, 0, tuple(Fault(0, what) for what in gone))
        if start is not None and _is_behind(tx.connection, start):
            start = None
        work = Verification(tx.connection, settings, witnessed=witnessed, accepted=accepted, start=start, at=at)
        return work.run(settings if processes and by is None else None, progress)


def _is_behind(connection: psycopg.Connection[Any], start: Accepted) -> bool:
    """Say whether a checkpoint was written late, for a size within what was accepted: its root asks for the whole log."""
    row = (
        connection.cursor(row_factory=tuple_row)
        .execute(
            "select exists (select from audit_checkpoints where size > %s and size < %s)",
            [start.checkpoint, start.link.seq],
        )
        .fetchone()
    )
    return bool(row and row[0])


class Verification:
    """One verification over one open transaction."""

    def __init__(
        self, connection: psycopg.Connection[Any], settings: Settings, *, witnessed: Sequence[int],
        accepted: Accepted | None, start: Accepted | None, at: datetime,
    ) -> None:  # fmt: skip
        self.connection, self.settings, self.witnessed = connection, settings, witnessed
        self.accepted, self.start, self.at = accepted, start, at
        self.folder = FolderWitness(settings, signer(settings).origin)
        self.verifier = signer(settings).verifier
        self.faults: list[Fault] = []

    def run(self, parallel: Settings | None, progress: Progress | None) -> Verdict:
        """Go through everything and remember a log that holds."""
        stated = self._stated()
        head = log_size(self.connection)
        self._check_accepted(head)
        good = self._check_notes(stated)
        comparison = LeafComparison(checkpoints_after(self.connection, self.start.checkpoint if self.start else 0))
        walked = walk(
            self.connection, audit_keys(self.settings).newest(), link=self.start.link if self.start else Link(),
            frontier=self.start.frontier if self.start else Frontier(), head=head,
            probes=[*(c.size for c in stated), *([self.accepted.link.seq] if self.accepted else [])],
            settings=parallel, progress=progress, hear=comparison.hear,
        )  # fmt: skip
        if walked.fault:
            self._add(walked.position, walked.fault)
            self._check_earlier(stated, walked.position)
        self._check_roots(good, walked)
        self.faults += [
            Fault(begin, f"checkpoint {size} (from record {begin}): what is kept with it is not of its records")
            for begin, size in comparison.odd
            if not any(fault.position <= size for fault in self.faults if fault.position)
        ]
        self._check_length(head, stated)
        loosened = [*faults_of_append_path(self.connection), *faults_of_row_security(self.connection)]
        self.faults += [Fault(0, what) for what in loosened]
        ordered = sorted(set(self.faults), key=lambda fault: (fault.position == 0, fault.position))
        covered = stated[-1].size if stated else self.start.checkpoint if self.start else 0
        if not ordered:
            write_accepted(
                self.settings,
                Accepted(self.verifier.name, walked.link, walked.frontier, covered, self.at.isoformat()),
            )
        return Verdict(
            head, walked.link.seq - (self.start.link.seq if self.start else 0), len(stated), covered, tuple(ordered)
        )

    def _add(self, position: int, what: str) -> None:
        self.faults.append(Fault(position, f"record {position}: {what}"))

    def _stated(self) -> list[Stated]:
        rows = self.connection.cursor(row_factory=tuple_row).execute(
            "select size, previous_size, root, note from audit_checkpoints where size > %s order by size",
            [self.start.checkpoint if self.start else 0], binary=True,
        )  # fmt: skip
        return [Stated(size, previous, bytes(root), note) for size, previous, root, note in rows]

    def _check_accepted(self, head: int) -> None:
        """The log must go on from what was accepted before."""
        known = self.accepted
        if known is None:
            return
        if head < known.link.seq:
            self._add(head + 1, f"it is missing: {known.link.seq} records were accepted at {known.at[:16]}")
        elif self.start is not None and end_of(self.connection, known.link.seq)[0] != known.link:
            self._add(known.link.seq, f"it is not the one that was accepted at {known.at[:16]}")

    def _check_notes(self, stated: Sequence[Stated]) -> list[Stated]:
        """Check what the checkpoints say of themselves and of each other, and that the second place says the same."""
        size, root, told_at, good = self.start.checkpoint if self.start else 0, EMPTY_ROOT, "", list[Stated]()
        before_root = None if self.start else root
        largest = self.witnessed[-1] if self.witnessed else 0
        missing = set(self.witnessed)
        for checkpoint in stated:
            missing.discard(checkpoint.size)
            try:
                statement = read_note(checkpoint.note)
                check_signature(checkpoint.note, self.verifier)
                if statement.size != checkpoint.size or statement.root != checkpoint.root:
                    raise BadNote("its columns say something else than its note")
                if statement.previous_size != size or checkpoint.previous_size != size:
                    raise BadNote(f"it follows checkpoint {statement.previous_size}, not {size}")
                if before_root is not None and statement.previous_root != before_root:
                    raise BadNote("it follows another checkpoint than the one before")
                if statement.at < told_at:
                    raise BadNote("its time is before its predecessor's")
                self._compare(checkpoint, largest)
            except BadNote as error:
                self.faults.append(Fault(size + 1, f"checkpoint {checkpoint.size} (from record {size + 1}): {error}"))
            else:
                told_at = statement.at
                good.append(checkpoint)
            size, before_root = checkpoint.size, checkpoint.root
        self._check_lost(sorted(missing), [c.size for c in stated])
        return good

    def _compare(self, checkpoint: Stated, largest: int) -> None:
        if checkpoint.size > largest:
            return  # not brought there yet
        note = self.folder.note(checkpoint.size)
        if note is None:
            raise BadNote(f"{self.folder.where} does not hold it")
        if note != checkpoint.note:
            raise BadNote(f"{self.folder.where} holds another one")

    def _check_roots(self, stated: Sequence[Stated], walked: Walk) -> None:
        if self.start is not None:
            walked.roots[self.start.link.seq] = self.start.frontier.root()
        for checkpoint in stated:
            root = walked.roots.get(checkpoint.size)
            if root is not None and root != checkpoint.root:
                self._locate(checkpoint)
                return
        known = self.accepted
        if known is not None and walked.roots.get(known.link.seq, known.frontier.root()) != known.frontier.root():
            self._add(
                self._last_good(stated, walked) + 1, f"the log is not the one that was accepted at {known.at[:16]}"
            )

    def _last_good(self, stated: Sequence[Stated], walked: Walk) -> int:
        assert self.accepted is not None  # noqa: S101 - only asked with one
        return max((c.size for c in stated if c.size in walked.roots and c.size < self.accepted.link.seq), default=0)

    def _check_lost(self, lost: Sequence[int], stated: Sequence[int]) -> None:
        """Say what the second place holds and the ledger does not; it may also hold where the log was left."""
        known = sorted({*lost, *stated, self.start.checkpoint if self.start else 0})
        for size in lost:
            begin = max((other for other in known if other < size), default=0)
            differs = self._difference(begin, size, split(self.folder.leaves(size))) if size == lost[0] else 0
            if differs:
                self._add(differs, f"it is not the one that checkpoint {size} in {self.folder.where} was signed for")
            else:
                what = f"checkpoint {size} (from record {begin + 1}): {self.folder.where} holds it, the ledger does not"
                self.faults.append(Fault(begin + 1, what))

    def _check_earlier(self, stated: Sequence[Stated], position: int) -> None:
        """Look for a changed record before one that does not hold: it may be rightly signed, with a stolen key."""
        cover = next((c for c in stated if c.size >= position), None)
        if cover is not None:
            found = [self._difference(cover.previous_size, position - 1, kept) for kept in self._signed_leaves(cover)]
            if found and found[0]:
                self._add(found[0], f"it is not the one that checkpoint {cover.size} was signed for")

    def _locate(self, checkpoint: Stated) -> None:
        """Find the first record that is not the one this checkpoint was signed for, by its leaf hashes."""
        begin, end = checkpoint.previous_size, checkpoint.size
        for signed in self._signed_leaves(checkpoint):
            position = self._difference(begin, end, signed)
            if position:
                self._add(position, f"it is not the one that checkpoint {end} was signed for")
                return
        self._add(begin + 1, f"it, or one up to {end}, is not the one that checkpoint {end} was signed for")

    def _difference(self, begin: int, end: int, signed: Sequence[bytes]) -> int:
        """Return the first record after `begin` that is not the one of these leaf hashes, or is missing; 0 for none."""
        now = self._leaves_now(begin, end)
        for position, was in zip(range(begin + 1, end + 1), signed, strict=False):
            if next(now, None) != was:
                return position
        return 0

    def _leaves_now(self, begin: int, end: int) -> Iterator[bytes]:
        for rows in read_rows(self.connection, begin, end):
            for *_, body, before, signature, key_id in rows:
                yield leaf_hash(leaf_data(key_id, before, signature, body))

    def _signed_leaves(self, checkpoint: Stated) -> Iterator[list[bytes]]:
        """Yield the leaf hashes that were kept with a checkpoint, where they are the ones its root was made of."""
        rows = self.connection.cursor(row_factory=tuple_row).execute(
            "select c.leaves, p.frontier from audit_checkpoints c left join audit_checkpoints p on p.size = c.previous_size"
            " where c.size = %s", [checkpoint.size], binary=True,
        ).fetchall()  # fmt: skip
        for leaves, before in ((bytes(row[0]), bytes(row[1] or b"")) for row in rows):
            for kept in (leaves, self.folder.leaves(checkpoint.size)):
                signed = split(kept)
                try:
                    tree = Frontier.from_bytes(checkpoint.previous_size, before)
                    tree.extend(signed)
                except ValueError:
                    continue
                if tree.root() == checkpoint.root:
                    yield signed

    def _check_length(self, head: int, stated: Sequence[Stated]) -> None:
        """No checkpoint, here or in the second place, may cover more than there is."""
        largest = max([*(c.size for c in stated), *self.witnessed], default=0)
        if head < largest:
            self._add(head + 1, f"it is missing: checkpoint {largest} covers it")
            self._check_earlier(stated, head + 1)


def split(leaves: bytes) -> list[bytes]:
    """Return joined leaf hashes one by one."""
    return [leaves[at : at + HASH_BYTES] for at in range(0, len(leaves), HASH_BYTES)]


def public_key(settings: Settings) -> Verifier:
    """Return the public half of the checkpoints' key, to be handed out apart from exports."""
    return signer(settings).verifier
