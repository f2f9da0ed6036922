"""What a source must offer, and the walk that finds every source: one file in `connectors/` adds one.

Not here: what to do with what a source sends (discover.py).
"""

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Protocol, runtime_checkable

from pipelines.discovery import connectors
from pipelines.discovery.shapes import Shape, Skip
from pipelines.discovery.slices import ReadSlice, Slice
from warehouse.errors import BadInput, SourceUnavailable
from warehouse.lake.landings import Bookmark
from warehouse.settings import Settings


class Progress(Protocol):
    """Told how far a step has come: `what`, how much is done, of how much (None: nobody knows yet)."""

    def __call__(self, what: str, done: int, total: int | None = None) -> None:
        """Hear of some progress."""


@dataclass(frozen=True)
class Fetched:
    """A file that a source sent: where its bytes lie for now, and where they are from (an address without any key)."""

    path: Path
    origin: str


@dataclass(frozen=True)
class Trouble:
    """One way to a source failed while another one worked: told with the run, which does not fail for it."""

    fault: SourceUnavailable


@dataclass(frozen=True)
class NoKey:
    """The source takes a key and none is set: it is left out, calmly."""


class RecordKind(StrEnum):
    """What the records of a source are: how they are kept and what becomes of them follows from it (reading.py)."""

    NOTICES = "notices"
    """What may be answered: versions, grouped into opportunities and published."""
    AWARDS = "awards"
    """What was bought, from whom, until when: facts of the market, never something to answer."""
    ARTICLES = "articles"
    """What the press says: neither to answer nor an award."""


@runtime_checkable
class Connector(Protocol):
    """One source of notices or of awards.

    One that takes a secret also offers `credentials`, a tuple of TakenCredential (credential_question.py).
    """

    @property
    def name(self) -> str:
        """The source's name in every store; also the inbox's folder."""

    @property
    def documentation_url(self) -> str:
        """Where the source describes itself."""

    @property
    def auth_type(self) -> str:
        """What it takes: `none`, `api_key` (`credentials` says whether it can do without)."""

    @property
    def kind(self) -> RecordKind:
        """What its records are."""

    @property
    def feeds(self) -> tuple[str, ...]:
        """The ways in which it tells of the same records."""

    @property
    def is_demo(self) -> bool:
        """Whether its notices are made by the product, for as long as there are no real ones."""

    def fetch(
        self, settings: Settings, *, since: datetime | None, at: datetime, progress: Progress
    ) -> Iterator[Fetched | Trouble | NoKey]:
        """Yield what the source has now; nothing when it has nothing new since the last call.

        A file that was yielded has landed when the next one is asked for.

        Args:
            settings: Of this home.
            since: What was posted before it need not be sent; a source that can only send everything sends everything.
            at: This instant, or the one at which the world is looked at.
            progress: Told bytes fetched.

        Raises:
            SourceUnavailable: it does not answer or refuses.
            DiskFull: there is no room for the answer.
        """

    def detect(self, stream: BinaryIO) -> Shape | Skip:
        """Tell from its first bytes whether a file is one of this source, and how it is read."""

    def slices(self, stream: BinaryIO, shape: Shape, start: Bookmark, max_records: int) -> Iterator[Slice]:
        """Yield the records of a file behind a bookmark."""

    def to_rows(self, part: Slice) -> ReadSlice:
        """Read the fields of a slice, as the table of its kind takes them."""


@dataclass(frozen=True)
class Broken:
    """A connector's file that cannot be used, and why."""

    name: str
    reason: str


def find_connectors() -> tuple[dict[str, Connector], list[Broken]]:
    """Import every file of `connectors/`; one that fails is reported by name and hides no other."""
    found: dict[str, Connector] = {}
    broken: list[Broken] = []
    for module in pkgutil.iter_modules(connectors.__path__):
        try:
            connector = importlib.import_module(f"{connectors.__name__}.{module.name}").CONNECTOR
        except Exception as error:  # noqa: BLE001 - whatever a connector's file raises must not hide the others
            broken.append(Broken(module.name, f"{type(error).__name__}: {error}"))
            continue
        if isinstance(connector, Connector):
            found[connector.name] = connector
        else:
            broken.append(Broken(module.name, "its CONNECTOR does not offer all of pipelines/discovery/connector.py"))
    return found, broken


def load_connectors() -> dict[str, Connector]:
    """Return the connectors of real sources by name, sorted."""
    found, _ = find_connectors()
    return {name: found[name] for name in sorted(found) if not found[name].is_demo}


def connector_of(source: str) -> Connector:
    """Return one connector, a demo one too.

    Raises:
        BadInput: there is none of this name, or its file does not import.
    """
    found, broken = find_connectors()
    if source in found:
        return found[source]
    for fault in broken:
        if fault.name == source:
            raise BadInput(f"the connector {source} cannot be used: {fault.reason}.", todo="mend its file.")
    raise BadInput(f"no source is named {source}.", todo=f"name one of {', '.join(sorted(found))}.")
