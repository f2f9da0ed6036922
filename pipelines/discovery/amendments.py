"""What a publishing did to offers, said in the audit log and to the people concerned, in the same transaction.

Not here: what it did. The ledger does that itself as rows change (0010_amendments.sql).
"""

from collections.abc import Mapping

from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.notification import NotificationKind
from warehouse.ledger import published
from warehouse.ledger.notice_changes import NoticeChange, met_now
from warehouse.ledger.notifications import tell
from warehouse.ledger.store import SYSTEM, Deed

WORDS = {
    "deadline": "the deadline",
    "set_aside": "the set-aside",
    "attachments": "the attachments",
    "text": "the text",
    "cancelled": "whether it can be answered",
}


def record_amendments(deed: Deed, stood: Mapping[str, str]) -> None:
    """Append one record per offer that met a change or moved, and tell who works on it or was to sign it.

    Args:
        stood: With which opportunity each open offer stood before.
    """
    for offer, now in published.offers(deed).items():
        if (was := stood.get(offer, now)) != now:
            facts = {"was": was, "to": now}
            deed.also(AuditEvent("submission:moved", offer, SYSTEM, facts, submission_ref=offer))
    changes = met_now(deed)
    if not changes:
        return
    names = published.offer_names(deed, [change.submission_id for change in changes])
    for change in changes:
        deed.also(_event(change))
        _tell(deed, change, names[change.submission_id])


def _event(change: NoticeChange) -> AuditEvent:
    facts = {
        "change": change.id,
        "was": change.from_hash,
        "to": change.to_hash,
        "fields": ", ".join(field.field for field in change.fields),
        "took_back": change.took_back,
        "opened_points": len(change.opened),
    }
    return AuditEvent(
        "submission:notice_changed", change.submission_id, SYSTEM, facts, submission_ref=change.submission_id
    )


def _tell(deed: Deed, change: NoticeChange, name: str) -> None:
    what = " and ".join(WORDS[kind] for kind in change.relied_on)
    void = " What was signed of it is void." if change.took_back else ""
    tell(
        deed,
        change.concerned,
        NotificationKind.VOIDED if change.took_back else NotificationKind.NOTICE_CHANGED,
        f"The notice of {name} changed {what}.{void}",
        key=f"notice:{change.id}",
        submission_id=change.submission_id,
    )
