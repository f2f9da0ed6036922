"""What people see of sources and runs: the right is asked here. Not here: what a run writes (discover.py)."""

from dataclasses import dataclass

from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.ledger.source_budgets import Budget, list_budgets
from warehouse.ledger.sources import Run, Source, list_runs, list_sources
from warehouse.ledger.store import Ledger


@dataclass(frozen=True)
class SourcesSeen:
    """All sources by name, the latest runs, newest first, and what sources that count requests still allow."""

    sources: list[Source]
    runs: list[Run]
    budgets: dict[str, Budget]


def look_at_sources(ledger: Ledger, *, by: Person) -> SourcesSeen:
    """Return every source with its latest runs.

    Raises:
        NotPermitted: `by` may not see sources.
        NotSignedIn: the session of `by` has ended.
    """
    access.check(by, Action.READ_SOURCES)
    with ledger.read(by) as tx:
        budgets = {budget.source: budget for budget in list_budgets(tx)}
        return SourcesSeen(list_sources(tx), list_runs(tx), budgets)
