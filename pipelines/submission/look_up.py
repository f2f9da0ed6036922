"""Finding an offer for a deed or a page: not there and not to be seen are the same answer."""

from warehouse.domain import access
from warehouse.domain.access import Action, Person, State
from warehouse.domain.submission import standing
from warehouse.errors import NotFound, WrongState
from warehouse.ledger import submissions
from warehouse.ledger.store import Deed, Ledger, Transaction
from warehouse.ledger.submissions import Submission


def find_submission(ledger: Ledger, submission_id: str, *, by: Person) -> Submission:
    """Return an offer for a page.

    Raises:
        NotPermitted: `by` may read no offers.
        NotFound: there is none of this id that `by` may see.
    """
    access.check(by, Action.READ_SUBMISSIONS)
    with ledger.read(by) as tx:
        return _found(tx, submission_id)


def stands(submission: Submission, by: Person) -> State:
    """Say how a person stands to an offer: own, shared or somebody else's."""
    return standing(by, owner_id=submission.owner_id, members=submission.members)


def may_on(submission: Submission, by: Person, action: Action) -> bool:
    """Say whether to show the button of a deed on this offer."""
    return access.may(by, action, stands(submission, by))


def find_for(deed: Deed, submission_id: str, action: Action, *, by: Person) -> Submission:
    """Return an offer inside a deed and refuse whoever may not do `action` to it.

    Raises:
        NotFound: there is none of this id that `by` may see.
        NotPermitted: the table of rights has no row for it.
    """
    found = _found(deed, submission_id)
    access.check(by, action, stands(found, by))
    return found


def check_is_as_seen(submission: Submission, version: int) -> None:
    """Refuse a change that was made upon an earlier version of the offer.

    Raises:
        WrongState: somebody changed it meanwhile.
    """
    if submission.version != version:
        raise WrongState(
            "Somebody changed this offer since you opened it.",
            kept="their change; yours was not saved.",
            todo="look at it again, then repeat yours.",
        )


def _found(tx: Transaction, submission_id: str) -> Submission:
    found = submissions.read_submission(tx, submission_id)
    if found is None:
        raise NotFound("There is no such offer, or it is not yours to see.", todo="ask its owner to share it.")
    return found
