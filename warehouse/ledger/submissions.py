"""Reading offers: one with the deadline of its opportunity and the people who work on it, or a list.

Which rows come is row security's to say. Not here: checklist, files, packages and signatures of an offer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from warehouse.domain.deadlines import DeadlinePrecision
from warehouse.domain.submission import ApprovalStatus, SubmissionStatus
from warehouse.ledger.store import Parameters, Row, Transaction


@dataclass(frozen=True)
class Submission:
    """One offer. Instants are UTC; `due_offset_minutes` is the office's zone; `value_usd` in dollars.

    Attributes:
        owner_id: A profile's id; `members` are those of the people who share the offer.
        version: Grows by one with each change; a write names the one it was made upon.
        executor: The way it will be delivered; `delivery` holds that way's fields and the solicitation's limits.
        notice_hash: The version of the notice that the offer answers.
        manifest_id: The package that is being signed, or was; None while it is a draft.
        opportunity_hash: The version of the notice that stands now.
    """

    id: str
    opportunity_id: str
    label: str
    status: SubmissionStatus
    approval_status: ApprovalStatus
    owner_id: str
    owner_email: str
    members: tuple[str, ...]
    version: int
    value_usd: Decimal | None
    executor: str
    delivery: Mapping[str, Any]
    notice_hash: str | None
    manifest_id: str | None
    created_at: datetime
    sent_at: datetime | None
    state_changed_at: datetime
    closed_at: datetime | None
    close_reason: str | None
    title: str
    solicitation_number: str | None
    agency: str | None
    office: str | None
    notice_type: str
    set_aside_code: str | None
    place_state: str | None
    due_date: datetime | None
    due_offset_minutes: int | None
    due_precision: DeadlinePrecision
    safe_deadline_at: datetime | None
    opportunity_hash: str
    is_demo: bool


QUERY = (
    "select s.id::text as id, s.opportunity_id, s.label, s.status::text as status, s.approval_status::text as approval_status,"
    " s.owner_id::text as owner_id, p.email as owner_email, array(select m.profile_id::text from submission_members m"
    "   where m.submission_id = s.id order by m.added_at, m.profile_id) as members,"
    " s.version, s.value_usd, s.executor, s.delivery, s.notice_hash, s.manifest_id::text as manifest_id, s.created_at, s.sent_at,"
    " s.state_changed_at, s.closed_at, s.close_reason, o.title, o.solicitation_number, o.agency, o.office, o.notice_type,"
    " o.set_aside_code, o.place_state, o.due_date, o.due_offset_minutes, o.due_precision, o.safe_deadline_at,"
    " o.content_hash as opportunity_hash, o.is_demo"
    " from submissions s join opportunities o on o.id = s.opportunity_id join profiles p on p.id = s.owner_id"
)


def read_submission(tx: Transaction, submission_id: str) -> Submission | None:
    """Return one offer, or None where there is none or the person may not see it."""
    # Compared as text: an id from an address may be any text.
    row = tx.row(f"{QUERY} where s.id = as_uuid(%s)", [submission_id])
    return submission_from(row) if row else None


def list_submissions(
    tx: Transaction, where: str = "true", parameters: Parameters | None = None
) -> Sequence[Submission]:
    """Return offers that match a condition on `s` (offer), `o` (opportunity) and `p` (owner), what is due first, first."""
    rows = tx.rows(f"{QUERY} where {where} order by o.safe_deadline_at nulls last, s.created_at", parameters)
    return [submission_from(row) for row in rows]


def submission_from(row: Row) -> Submission:
    """Build an offer from a row of `QUERY`."""
    return Submission(
        **{
            **row,
            "status": SubmissionStatus(row["status"]),
            "approval_status": ApprovalStatus(row["approval_status"]),
            "members": tuple(row["members"]),
            "due_precision": DeadlinePrecision(row["due_precision"]),
        }
    )
