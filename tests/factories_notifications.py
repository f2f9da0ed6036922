"""Notices for tests of what reads and sends them, told as a use case would tell them."""

import uuid
from datetime import datetime

from warehouse.domain.access import Person
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.notification import NotificationKind
from warehouse.ledger.notifications import tell
from warehouse.ledger.store import SYSTEM, open_ledger


def new_notice(
    *people: Person,
    kind: NotificationKind = NotificationKind.MENTIONED,
    text: str = "Ann mentioned you.",
    key: str | None = None,
    by: Person | None = None,
    submission_id: str | None = None,
    opportunity_id: str | None = None,
) -> str:
    """Tell people something and return its key."""
    name = key or f"test:{uuid.uuid4()}"
    with open_ledger().deed(AuditEvent("submission:noted", "x", by.id if by else SYSTEM), by) as deed:
        tell(
            deed, [person.id for person in people], kind, text,
            key=name, submission_id=submission_id, opportunity_id=opportunity_id,
        )  # fmt: skip
    return name


def settle_everything(at: datetime) -> None:
    """Take what earlier tests of a module told out of the way."""
    with open_ledger().housekeeping() as tx:
        tx.execute("update notifications set planned_at = %s where planned_at is null", [at])
        tx.execute("update notification_sendings set state = 'dropped'")
