"""What people see of sources and runs: the right is asked here. Not here: what a run writes (discover.py)."""

from dataclasses import dataclass

from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.ledger.sources import Run, Source, list_runs, list_sources
from warehouse.ledger.store import Ledger


@dataclass(frozen=True)
class SourcesSeen:
    """All sources by name, and the latest runs, newest first."""

    sources: list[Source]
    runs: list[Run]


def look_at_sources(ledger: Ledger, *, by: Person) -> SourcesSeen:
    """Return every source with its latest runs.

    Raises:
        NotPermitted: `by` may not see sources.
        NotSignedIn: the session of `by` has ended.
    """
    access.check(by, Action.READ_SOURCES)
    with ledger.read(by) as tx:
        return SourcesSeen(list_sources(tx), list_runs(tx))
