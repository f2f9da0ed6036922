"""What asset bodies are given: the two stores, and how a run looks at the world.

A run started by schedule or request takes everything there is and the world of the settings; `procura run` states its own
inbox, instant and bound through the same configuration, so that Dagster's pages show what a run was asked to do.
"""

from datetime import datetime
from pathlib import Path

import dagster as dg
from pydantic import PrivateAttr

from assets.orphans import PROCESS_TAG
from pipelines.administration.processes import process_name
from warehouse.clock import world_instant
from warehouse.lake.connection import Lake, open_lake
from warehouse.ledger.store import Ledger, open_ledger
from warehouse.settings import Settings, current, parse_as_of


def quiet_report(what: str, done: int, total: int | None = None) -> None:
    """Hear of progress and say nothing: nobody sits before a scheduled run."""


class Stores(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Lake and ledger as the pipeline; one attached lake and one pool a process."""

    @property
    def lake(self) -> Lake:
        """The lake, writable."""
        return open_lake()

    @property
    def ledger(self) -> Ledger:
        """The ledger, with the rights to publish and score."""
        return open_ledger("procura_pipeline")

    @property
    def settings(self) -> Settings:
        """Where things are."""
        return current()


class World(dg.ConfigurableResource):  # type: ignore[type-arg]
    """From when and from where a run looks; one instant for the whole run."""

    as_of: str = ""
    """A date or an instant; empty: PROCURA_AS_OF, else now."""
    inbox: str = ""
    """A folder to read instead of the home's inbox and the network; empty: the usual ways."""
    since: str = ""
    """A date or an instant before which nothing need be sent again; empty: everything."""
    _at: datetime | None = PrivateAttr(default=None)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Fix the run's instant, and name the run's process so that a later start knows whether it lives."""
        stated = parse_as_of(self.as_of)
        self._at = stated if isinstance(stated, datetime) else world_instant()
        run = context.run
        if run is not None and context.instance is not None and PROCESS_TAG not in run.tags:
            context.instance.add_run_tags(run.run_id, {PROCESS_TAG: process_name()})

    @property
    def at(self) -> datetime:
        """The instant at which discovery, publishing, scoring and marts look at the world."""
        return self._at or world_instant()

    @property
    def stated_as_of(self) -> datetime | None:
        """The instant when one was stated, so that today's network has no say; None: the world is looked at now."""
        return self._at if self.as_of else current().as_of

    @property
    def since_instant(self) -> datetime | None:
        """The instant from which on a source is asked; None: no bound."""
        stated = parse_as_of(self.since)
        return stated if isinstance(stated, datetime) else None

    @property
    def inbox_folder(self) -> Path | None:
        """The folder to read instead of the usual ways."""
        return Path(self.inbox) if self.inbox else None
