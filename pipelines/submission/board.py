"""Lists of offers for pages: all that a person may see, or those to one opportunity; and how far their deliveries are."""

from collections.abc import Mapping, Sequence

from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.ledger.deliveries import Delivery, newest_of_each
from warehouse.ledger.store import Ledger
from warehouse.ledger.submissions import Submission, list_submissions


def find_submissions(ledger: Ledger, *, by: Person) -> Sequence[Submission]:
    """Return every offer that `by` may see, what is due first, first.

    Raises:
        NotPermitted: `by` may read no offers.
    """
    access.check(by, Action.READ_SUBMISSIONS)
    with ledger.read(by) as tx:
        return list_submissions(tx)


def offers_to(ledger: Ledger, opportunity_id: str, *, by: Person) -> Sequence[Submission]:
    """Return the open offers to one opportunity that `by` may see.

    Raises:
        NotPermitted: `by` may read no offers.
    """
    access.check(by, Action.READ_SUBMISSIONS)
    with ledger.read(by) as tx:
        return list_submissions(tx, "s.opportunity_id = %s and s.closed_at is null", [opportunity_id])


def newest_runs(ledger: Ledger, submission_ids: Sequence[str], *, by: Person) -> Mapping[str, Delivery]:
    """Return the newest delivery of each of these offers that `by` may see and that has one; dry runs aside.

    Raises:
        NotPermitted: `by` may read no offers.
    """
    access.check(by, Action.READ_SUBMISSIONS)
    with ledger.read(by) as tx:
        return {run.submission_id: run for run in newest_of_each(tx, submission_ids)}
