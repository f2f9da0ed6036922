"""What a changed notice means to an offer: reading it, and acknowledging that one has.

Not here: how an offer comes to meet a change (0010_amendments.sql, pipelines/discovery/publish.py).
"""

from collections.abc import Sequence
from datetime import datetime

from pipelines.submission.held import held_for
from pipelines.submission.refusals import changed_meanwhile, refusals
from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.submission import SubmissionStatus
from warehouse.errors import WrongState
from warehouse.ledger import notice_changes
from warehouse.ledger.notice_changes import NoticeChange
from warehouse.ledger.store import Ledger


def read_changes(ledger: Ledger, submission_id: str, *, by: Person) -> list[NoticeChange]:
    """Return what changed under an offer, the newest first; none where `by` does not see the offer.

    Raises:
        NotPermitted: `by` may read no offers.
    """
    access.check(by, Action.READ_SUBMISSIONS)
    with ledger.read(by) as tx:
        return notice_changes.changes_of(tx, submission_id)


def acknowledge(ledger: Ledger, submission_id: str, change_ids: Sequence[str], *, at: datetime, by: Person) -> None:
    """Say that these changes have been read. With the last one, the offer answers the notice as it stands now.

    Args:
        change_ids: Exactly what was shown: a change that came meanwhile stays open.

    Raises:
        NotPermitted: `by` does not work on the offer.
        WrongState: it is no open draft, or somebody acknowledged them all meanwhile.
    """
    event = AuditEvent("submission:changes_acknowledged", submission_id, by.id, submission_ref=submission_id)
    with refusals(), ledger.deed(event, by) as deed:
        found = held_for(deed, submission_id, Action.ACKNOWLEDGE_CHANGE, by=by)
        if found.status is not SubmissionStatus.DRAFT:
            raise WrongState(
                f"The offer is {found.status.value.replace('_', ' ')}.",
                kept="the changes are still to be acknowledged.",
                todo="its owner makes it a draft again first.",
            )
        count = notice_changes.acknowledge(deed, change_ids, at=at, by=by.id)
        if count == 0:
            raise changed_meanwhile("What is to be acknowledged")
        deed.note(changes=count, notice=found.opportunity_hash)
        if not notice_changes.open_changes(deed, submission_id):
            deed.execute(
                "update submissions set notice_hash = %s, version = version + 1 where id = %s",
                [found.opportunity_hash, submission_id],
            )
