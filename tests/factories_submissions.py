"""Offers for tests of what works on one: a real opportunity, a real owner, written as the use cases write."""

import uuid
from collections.abc import Sequence
from hashlib import sha256
from itertools import count
from typing import Any

from tests.factories_ledger import AT, opportunity, publish
from warehouse.domain.access import Person
from warehouse.domain.audit_event import AuditEvent
from warehouse.ledger.store import open_ledger

_numbers = count(500_000)


def new_submission(owner: Person, *, members: Sequence[Person] = (), **of_notice: Any) -> str:
    """Publish an opportunity of its own and open an offer to it; returns the offer's id."""
    found = opportunity(next(_numbers), **of_notice)
    publish([found])
    submission_id = str(uuid.uuid4())
    event = AuditEvent("submission:opened", submission_id, owner.id, submission_ref=submission_id)
    with open_ledger().deed(event, owner) as deed:
        deed.execute(
            "insert into submissions (id, opportunity_id, owner_id, notice_hash, created_at, state_changed_at)"
            " values (%s, %s, %s, %s, %s, %s)",
            [submission_id, found["id"], owner.id, found["content_hash"], AT, AT],
        )
        for member in members:
            deed.execute(
                "insert into submission_members values (%s, %s, %s, %s)", [submission_id, member.id, owner.id, AT]
            )
    return submission_id


def new_file_row(submission_id: str, by: Person, *, name: str = "volume_1.pdf", clean: bool = True) -> tuple[str, str]:
    """Write the row of a file whose bytes lie nowhere; returns (file id, document id)."""
    file_id, document_id = str(uuid.uuid4()), str(uuid.uuid4())
    digest = sha256(file_id.encode()).hexdigest()
    event = AuditEvent("file:uploaded", file_id, by.id, submission_ref=submission_id)
    with open_ledger().deed(event, by) as deed:
        deed.execute(
            "insert into submission_files (id, submission_id, file_name, storage_path, document_id, version, size_bytes,"
            " sha256, media_type, uploaded_by) values (%s, %s, %s, %s, %s, 1, 1000, %s, 'application/pdf', %s)",
            [file_id, submission_id, name, f"{digest[:2]}/{digest}", document_id, digest, by.id],
        )
    if clean:
        with open_ledger().housekeeping() as tx:
            tx.execute("update submission_files set scan_status = 'clean' where id = %s", [file_id])
    return file_id, document_id
