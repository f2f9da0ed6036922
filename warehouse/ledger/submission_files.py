"""Rows of files of an offer: one row is one version of a document. Which rows come is row security's to say.

Not here: their bytes (warehouse/object_store.py), deeds and rights (pipelines/submission/files.py).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from warehouse.domain.submission_file import FileKind, ScanStatus
from warehouse.ledger.evidence_paths import evidence_paths, is_evidence
from warehouse.ledger.store import Deed, Row, Transaction

Findings = Mapping[str, bool | int | str]
UNKNOWN_TYPE = "application/octet-stream"
"""Until the scan has looked at the content."""


@dataclass(frozen=True)
class FileRow:
    """One version of a document; instants are UTC.

    Attributes:
        file_name: Tidied, safe to show and to write; `given_name` is what the browser said.
        storage_path: Where the bytes lie in the object store.
        media_type: By content, never by name.
        scan_findings: What gates ask for: has_macros, is_encrypted, pages …
        override_by: Who let a file pass that could not be scanned; a profile's id.
    """

    id: str
    submission_id: str
    file_name: str
    given_name: str
    storage_path: str
    kind: FileKind
    document_id: str
    version: int
    size_bytes: int
    sha256: str
    media_type: str
    uploaded_by: str
    uploader_email: str
    created_at: datetime
    scan_status: ScanStatus
    scan_reason: str
    scan_findings: Findings
    scanned_at: datetime | None
    override_by: str | None
    overrider_email: str | None
    override_at: datetime | None
    override_reason: str | None
    removed_at: datetime | None
    removed_by: str | None

    @property
    def passes(self) -> bool:
        """Whether it may be opened, downloaded and packed: clean, or let pass by a named officer."""
        return self.scan_status is ScanStatus.CLEAN or (
            self.scan_status is ScanStatus.NOT_SCANNED and self.override_by is not None
        )


@dataclass(frozen=True)
class NewFile:
    """What an upload says of a version; number, scan and type are not known yet."""

    id: str
    submission_id: str
    file_name: str
    given_name: str
    storage_path: str
    kind: FileKind
    document_id: str
    size_bytes: int
    sha256: str
    uploaded_by: str
    created_at: datetime


QUERY = (
    "select f.id::text as id, f.submission_id::text as submission_id, f.file_name, f.given_name, f.storage_path, f.kind,"
    " f.document_id::text as document_id, f.version, f.size_bytes, f.sha256, f.media_type, f.uploaded_by::text as uploaded_by,"
    " coalesce(u.email, '') as uploader_email, f.created_at, f.scan_status, f.scan_reason, f.scan_findings, f.scanned_at,"
    " f.override_by::text as override_by, o.email as overrider_email, f.override_at, f.override_reason, f.removed_at,"
    " f.removed_by::text as removed_by"
    " from submission_files f left join profiles u on u.id = f.uploaded_by left join profiles o on o.id = f.override_by"
)
_NO_NEWER = (
    " and not exists (select from submission_files n where n.document_id = f.document_id and n.version > f.version)"
)


def list_files(tx: Transaction, submission_id: str, *, with_removed: bool = False) -> list[FileRow]:
    """Return the latest version of each document that is not removed, by name.

    Args:
        with_removed: Documents that were removed as well.
    """
    rows = tx.rows(
        f"{QUERY} where f.submission_id = as_uuid(%s) and (%s or f.removed_at is null){_NO_NEWER}"
        " order by lower(f.file_name), f.document_id",
        [submission_id, with_removed],
    )
    return [file_from(row) for row in rows]


def file_versions(tx: Transaction, document_id: str) -> list[FileRow]:
    """Return all versions of a document, the newest first."""
    rows = tx.rows(f"{QUERY} where f.document_id = as_uuid(%s) order by f.version desc", [document_id])
    return [file_from(row) for row in rows]


def read_file(tx: Transaction, file_id: str) -> FileRow | None:
    """Return one version of a document, or None where there is none or the person may not see it."""
    # Compared as text: an id from an address may be any text.
    row = tx.row(f"{QUERY} where f.id = as_uuid(%s)", [file_id])
    return file_from(row) if row else None


def file_from(row: Row) -> FileRow:
    """Build a file from a row of `QUERY`."""
    return FileRow(**{**row, "kind": FileKind(row["kind"]), "scan_status": ScanStatus(row["scan_status"])})


def all_versions(tx: Transaction, submission_id: str) -> list[FileRow]:
    """Return every version of every document of an offer, removed ones as well: by name, the newest version first."""
    rows = tx.rows(
        f"{QUERY} where f.submission_id = as_uuid(%s) order by f.document_id, f.version desc",
        [submission_id],
    )
    found = [file_from(row) for row in rows]
    newest = {file.document_id: file.file_name.lower() for file in reversed(found)}
    return sorted(found, key=lambda file: (newest[file.document_id], file.document_id))


def pending_files(tx: Transaction, *, before: datetime) -> list[FileRow]:
    """Return the files that were uploaded before an instant and whose scan has not ended, the oldest first."""
    rows = tx.rows(f"{QUERY} where f.scan_status = 'pending' and f.created_at <= %s order by f.created_at", [before])
    return [file_from(row) for row in rows]


def same_bytes(tx: Transaction, submission_id: str, digest: str, kind: FileKind) -> FileRow | None:
    """Return the document of an offer whose latest version has these bytes and is not removed."""
    row = tx.row(
        f"{QUERY} where f.submission_id = as_uuid(%s) and f.sha256 = %s and f.kind = %s and f.removed_at is null{_NO_NEWER} limit 1",
        [submission_id, digest, kind.value],
    )
    return file_from(row) if row else None


def insert_file(deed: Deed, file: NewFile) -> int:
    """Insert the next version of a document and return its number; its scan is pending.

    Versions of one document are given one after the other: who comes second waits for the first.
    """
    _lock(deed, f"document:{file.document_id}")
    row = deed.row(
        "select coalesce(max(version), 0) + 1 as version from submission_files where document_id = as_uuid(%s)",
        [file.document_id],
    )
    version = int(row["version"]) if row else 1
    deed.execute(
        "insert into submission_files (id, submission_id, file_name, given_name, storage_path, kind, document_id, version,"
        " size_bytes, sha256, media_type, uploaded_by, created_at)"
        " values (%(id)s, %(submission_id)s, %(file_name)s, %(given_name)s, %(storage_path)s, %(kind)s, %(document_id)s,"
        " %(version)s, %(size_bytes)s, %(sha256)s, %(media_type)s, %(uploaded_by)s, %(created_at)s)",
        {**vars(file), "kind": file.kind.value, "media_type": UNKNOWN_TYPE, "version": version},
    )
    return version


def write_verdict(
    deed: Deed, file_id: str, *, status: ScanStatus, reason: str, media_type: str, findings: Findings, at: datetime
) -> bool:
    """Write what a scan found; False where another scan was first, or the row is gone."""
    done = deed.execute(
        "update submission_files set scan_status = %s, scan_reason = %s, media_type = %s, scan_findings = %s::jsonb,"
        " scanned_at = %s where id = %s and scan_status = 'pending'",
        [status.value, reason, media_type, json.dumps(dict(findings)), at, file_id],
    )
    return done.rowcount > 0


def write_override(deed: Deed, file_id: str, *, by: str, at: datetime, reason: str) -> bool:
    """Let a file pass that could not be scanned; False where it is no longer so, or was let pass already."""
    done = deed.execute(
        "update submission_files set override_by = %s, override_at = %s, override_reason = %s"
        " where id = %s and scan_status = 'not_scanned' and override_by is null",
        [by, at, reason, file_id],
    )
    return done.rowcount > 0


def write_removal(deed: Deed, file_id: str, *, by: str | None, at: datetime | None) -> bool:
    """Take a document's latest version out of its offer, or (with None) back in; False where it is so already."""
    done = deed.execute(
        "update submission_files set removed_at = %s, removed_by = %s where id = %s and (removed_at is null) = %s",
        [at, by, file_id, at is not None],
    )
    return done.rowcount > 0


def hold_bytes(tx: Transaction, path: str) -> None:
    """Keep others from writing a row that names these bytes, and from removing them, until the transaction ends."""
    _lock(tx, f"file:{path}")


def is_named(tx: Transaction, path: str) -> bool:
    """Say whether a row names these bytes: a file's, or a delivery's evidence. Asked by the product itself, who sees all rows."""
    return tx.row("select from submission_files where storage_path = %s limit 1", [path]) is not None or is_evidence(
        tx, path
    )


def named_paths(tx: Transaction) -> dict[str, str]:
    """Return every path that a row names, with words for the person who misses it: name, version, offer, day."""
    return evidence_paths(tx) | _paths_of_files(tx)


def _paths_of_files(tx: Transaction) -> dict[str, str]:
    rows = tx.rows(
        "select distinct on (f.storage_path) f.storage_path, f.file_name, f.version, f.created_at, f.scan_status, o.title"
        " from submission_files f join submissions s on s.id = f.submission_id join opportunities o on o.id = s.opportunity_id"
        " order by f.storage_path, f.created_at desc"
    )
    return {
        row[
            "storage_path"
        ]: f"{row['file_name']}, version {row['version']} of {row['created_at']:%Y-%m-%d}, of the offer"
        f" to {row['title'][:80]}" + (" (refused)" if row["scan_status"] == ScanStatus.REFUSED else "")
        for row in rows
    }


def _lock(tx: Transaction, what: str) -> None:
    tx.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [what])
