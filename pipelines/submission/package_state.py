"""What a package is at this moment, read in one place: its files, limits, fields, and what stands around it.

Not here: whether it may be sent (package_gates.py), changing it (package.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from warehouse.audit.canonical import encode, instant
from warehouse.domain.executor import EXECUTORS, ExecutorKind
from warehouse.domain.package import Limits, PackageItem, read_limits
from warehouse.domain.submission_file import FileKind
from warehouse.ledger.notice_changes import NoticeChange, changes_of
from warehouse.ledger.package_items import list_items
from warehouse.ledger.store import Transaction
from warehouse.ledger.submission_files import FileRow, list_files
from warehouse.ledger.submission_tasks import TaskRow, list_tasks
from warehouse.ledger.submissions import Submission


@dataclass(frozen=True)
class Packed:
    """One document of a package with its latest version; `file` is None where the document was removed.

    Attributes:
        counted: Pages of this very version as a named person counted them, where the product cannot.
    """

    item: PackageItem
    file: FileRow | None
    counted: int | None

    @property
    def name(self) -> str:
        """The name within the package."""
        return self.item.package_name

    @property
    def pages(self) -> int | None:
        """How many pages it has; None where nobody knows."""
        return self._found_pages if self._found_pages is not None else self.counted

    @property
    def is_counted(self) -> bool:
        """Whether its pages are known only because a person counted them."""
        return self._found_pages is None and self.counted is not None

    @property
    def _found_pages(self) -> int | None:
        found = self.file.scan_findings.get("pages") if self.file else None
        return found if isinstance(found, int) and not isinstance(found, bool) else None


@dataclass(frozen=True)
class PackageState:
    """A package and what its gates ask, at the instant `at`.

    Attributes:
        packed: In the package's order.
        others: Files of the offer that are not in the package; evidence never leaves the firm and is not among them.
        fields: What the way to deliver was told, by the name of the field.
        changes: Every change of the notice that the offer met.
        points: Its checklist.
        is_open: Whether the opportunity can still be answered, as its source says.
        merged_into: The opportunity that this one became part of.
        against: What the way to deliver and its portal profile say against it (way_faults.py).
    """

    submission: Submission
    at: datetime
    packed: tuple[Packed, ...]
    others: tuple[FileRow, ...]
    limits: Limits
    fields: Mapping[str, str]
    changes: tuple[NoticeChange, ...]
    points: tuple[TaskRow, ...]
    is_open: bool
    merged_into: str | None
    against: tuple[str, ...] = ()

    @property
    def executor(self) -> ExecutorKind | None:
        """The way to deliver; None where the product knows none of this name."""
        return EXECUTORS.get(self.submission.executor)

    @property
    def files(self) -> tuple[tuple[str, FileRow], ...]:
        """The names in the package and the files that are there."""
        return tuple((packed.name, packed.file) for packed in self.packed if packed.file)

    @property
    def total_bytes(self) -> int:
        """All files together, as they lie here."""
        return sum(file.size_bytes for _, file in self.files)

    @property
    def carried_bytes(self) -> int:
        """All files together as the way to deliver carries them: an e-mail makes them larger."""
        carried = self.executor.carried if self.executor else int
        return sum(carried(file.size_bytes) for _, file in self.files)

    @property
    def total_limit(self) -> int | None:
        """What all files together may have: as the solicitation states, else what is usual for the way to deliver."""
        return self.limits.total_bytes or (self.executor.usual_total_bytes if self.executor else None)


def read_state(tx: Transaction, submission: Submission, *, at: datetime) -> PackageState:
    """Read a package as it is now.

    Args:
        submission: Its offer.
        at: The real instant, by which deadlines are judged.
    """
    files = {file.document_id: file for file in list_files(tx, submission.id) if file.kind is FileKind.OFFER}
    items = list_items(tx, submission.id)
    counted = _texts_of(submission.delivery, "pages")
    taken = {item.document_id for item in items}
    row = tx.row("select is_open, merged_into from opportunities where id = %s", [submission.opportunity_id])
    return PackageState(
        submission=submission,
        at=at,
        packed=tuple(_packed(item, files.get(item.document_id), counted) for item in items),
        others=tuple(file for document_id, file in files.items() if document_id not in taken),
        limits=read_limits(_texts_of(submission.delivery, "limits")),
        fields={name: str(text) for name, text in _texts_of(submission.delivery, "fields").items()},
        changes=tuple(changes_of(tx, submission.id)),
        points=tuple(list_tasks(tx, submission.id)),
        is_open=bool(row and row["is_open"]),
        merged_into=row["merged_into"] if row else None,
    )


def body_of(state: PackageState) -> dict[str, Any]:
    """Return what a manifest of this package says: what people sign, and nothing that changes without them.

    Amounts and instants are texts: they have one spelling.
    """
    of = state.submission
    return {
        "version": 1,
        "submission_id": of.id,
        "opportunity_id": of.opportunity_id,
        "solicitation_number": of.solicitation_number,
        "notice_hash": of.notice_hash,
        "deadline": instant(of.due_date) if of.due_date else None,
        "executor": of.executor,
        "fields": {name: text for name, text in state.fields.items() if text},
        "value_usd": None if of.value_usd is None else f"{of.value_usd:.2f}",
        "files": [_file_entry(place, packed) for place, packed in enumerate(state.packed, 1)],
        "acknowledged_changes": sorted(change.id for change in state.changes if change.acknowledged_at),
        "checklist_hash": checklist_hash(state.points),
    }


def encode_body(body: Mapping[str, Any]) -> bytes:
    """Return the one way to write a body; the SHA-256 of these bytes is what gets approved."""
    return encode(body).encode()


def checklist_hash(points: Sequence[TaskRow]) -> str:
    """Return the SHA-256 of the state of a checklist: what it asks, what is done, by whom, with which evidence."""
    state = [
        [p.id, p.title, p.is_required, p.completed, p.completed_by, p.waived_reason, p.evidence_file_id]
        for p in sorted(points, key=lambda p: p.id)
    ]
    return sha256(encode(state).encode()).hexdigest()


def _packed(item: PackageItem, file: FileRow | None, counted: Mapping[str, Any]) -> Packed:
    stated = counted.get(file.id) if file else None
    pages = stated.get("pages") if isinstance(stated, Mapping) else None
    return Packed(item, file, pages if isinstance(pages, int) else None)


def _file_entry(place: int, packed: Packed) -> dict[str, Any]:
    file = packed.file
    return {
        "position": place,
        "name": packed.name,
        "volume": packed.item.volume,
        "document_id": packed.item.document_id,
        "file_id": file.id if file else None,
        "version": file.version if file else None,
        "size": file.size_bytes if file else None,
        "sha256": file.sha256 if file else None,
        "media_type": file.media_type if file else None,
    }


def _texts_of(delivery: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = delivery.get(name)
    return found if isinstance(found, Mapping) else {}
