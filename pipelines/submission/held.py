"""An offer held for a deed: its row is locked first, then read as it is, so that nobody moves it meanwhile.

Deeds that change the row and its parts all begin here, and therefore never wait for each other in a circle.
"""

from pipelines.submission.look_up import check_is_as_seen, find_for
from warehouse.domain.access import Action, Person
from warehouse.errors import WrongState
from warehouse.ledger.store import Deed
from warehouse.ledger.submissions import Submission


def held_for(deed: Deed, submission_id: str, action: Action, *, by: Person, version: int | None = None) -> Submission:
    """Lock an offer's row, return it as it is now, and refuse whoever may not do `action` to it.

    Args:
        version: What `by` has seen; None where the deed does not depend on it.

    Raises:
        NotFound: there is none of this id that `by` may see.
        NotPermitted: the table of rights has no row for it.
        WrongState: somebody changed it meanwhile.
    """
    deed.execute("select from submissions where id = as_uuid(%s) for update", [submission_id])
    found = find_for(deed, submission_id, action, by=by)
    if version is not None:
        check_is_as_seen(found, version)
    return found


def check_is_open(submission: Submission) -> None:
    """Refuse a change of a closed offer.

    Raises:
        WrongState: it is closed.
    """
    if submission.closed_at is not None:
        raise WrongState(
            "The offer is closed.",
            kept="everything as it was.",
            todo="open another workspace for the same opportunity.",
        )
