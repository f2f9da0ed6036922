"""Packages for tests of gates and manifests: states that pass every gate, to be broken in one thing."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

from pipelines.submission.package_state import PackageState, Packed
from warehouse.domain.deadlines import DeadlinePrecision
from warehouse.domain.package import Limits, PackageItem
from warehouse.domain.submission import ApprovalStatus, SubmissionStatus
from warehouse.domain.submission_file import FileKind, ScanStatus
from warehouse.ledger.notice_changes import NoticeChange
from warehouse.ledger.submission_files import FileRow
from warehouse.ledger.submission_tasks import TaskRow
from warehouse.ledger.submissions import Submission

AT = datetime(2026, 4, 10, 12, tzinfo=UTC)
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
FIELDS = {"portal_name": "PIEE", "portal_address": "https://piee.example/offers"}


def submission(**changes: Any) -> Submission:
    """Build an offer in draft, due in ten days."""
    values: dict[str, Any] = {
        "id": "5b0c", "opportunity_id": "o1", "label": "Offer", "status": SubmissionStatus.DRAFT,
        "approval_status": ApprovalStatus.PENDING, "owner_id": "p1", "owner_email": "owner@firm.example", "members": (),
        "version": 3, "value_usd": Decimal("125000.00"), "executor": "assisted", "delivery": {}, "notice_hash": "v1",
        "manifest_id": None, "created_at": AT, "sent_at": None, "state_changed_at": AT, "closed_at": None,
        "close_reason": None, "title": "Network maintenance", "solicitation_number": "W9124-26-R-0001",
        "agency": "DEPT OF DEFENSE", "office": None, "notice_type": "Solicitation", "set_aside_code": None,
        "place_state": "NC", "due_date": AT + timedelta(days=10), "due_offset_minutes": -240,
        "due_precision": DeadlinePrecision.INSTANT, "safe_deadline_at": AT + timedelta(days=9), "opportunity_hash": "v1",
        "is_demo": False,
    }  # fmt: skip
    return Submission(**values | changes)


def file_row(number: int, **changes: Any) -> FileRow:
    """Build a clean PDF of twelve pages; each number gives another one."""
    values: dict[str, Any] = {
        "id": f"f{number}", "submission_id": "5b0c", "file_name": f"part {number}.pdf", "given_name": "",
        "storage_path": "", "kind": FileKind.OFFER, "document_id": f"d{number}", "version": 1, "size_bytes": 100_000 + number,
        "sha256": sha256(str(number).encode()).hexdigest(), "media_type": "application/pdf", "uploaded_by": "p1",
        "uploader_email": "owner@firm.example", "created_at": AT, "scan_status": ScanStatus.CLEAN, "scan_reason": "",
        "scan_findings": {"has_macros": False, "is_encrypted": False, "pages": 12}, "scanned_at": AT, "override_by": None,
        "overrider_email": None, "override_at": None, "override_reason": None, "removed_at": None, "removed_by": None,
    }  # fmt: skip
    return FileRow(**values | changes)


def packed(number: int, *, name: str = "", volume: str = "", counted: int | None = None, **of_file: Any) -> Packed:
    """Build a document of a package."""
    file = file_row(number, **of_file)
    return Packed(PackageItem(file.document_id, name or f"Volume {number}.pdf", volume), file, counted)


def point(number: int, **changes: Any) -> TaskRow:
    """Build a required point that is done."""
    values: dict[str, Any] = dict.fromkeys(TaskRow.__dataclass_fields__) | {
        "id": f"t{number}", "submission_id": "5b0c", "position": number, "title": f"Point {number}", "detail": "",
        "is_required": True, "locked": False, "depends_on": (), "relies_on": frozenset(), "evidence_wanted": "",
        "completed": True, "completed_at": AT, "completed_by": "p1", "version": 1, "created_at": AT,
    }  # fmt: skip
    return TaskRow(**values | changes)


def change(number: int, *, acknowledged: bool = True) -> NoticeChange:
    """Build a change of the notice that the offer met."""
    when, who = (AT, "p1") if acknowledged else (None, None)
    return NoticeChange(f"c{number}", "5b0c", AT, "v0", "v1", (), (), False, (), (), when, who)


def good_state(*, of_offer: Mapping[str, Any] | None = None, **changes: Any) -> PackageState:
    """Build a package that passes every gate, but for what `changes` says."""
    state = PackageState(
        submission=submission(**(of_offer or {})), at=AT, packed=(packed(1), packed(2)), others=(), limits=Limits(),
        fields=FIELDS, changes=(change(1),), points=(point(1), point(2)), is_open=True, merged_into=None,
    )  # fmt: skip
    return replace(state, **changes)
