"""What happened in a workspace: the audit log's records about one offer, for whoever sees the offer.

Not here: the whole log, which needs the right audit:read (pipelines/administration/audit_log.py).
"""

from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.ledger.store import Ledger
from warehouse.ledger.submission_activity import Happening, list_happenings


def read_activity(ledger: Ledger, submission_id: str, *, by: Person, limit: int = 100) -> list[Happening]:
    """Return the newest records about an offer; none where `by` does not see the offer.

    Raises:
        NotPermitted: `by` may read no offers.
    """
    access.check(by, Action.READ_SUBMISSIONS)
    with ledger.read(by) as tx:
        return list_happenings(tx, submission_id, limit=limit)
