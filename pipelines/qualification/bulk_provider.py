"""What a vendor offers that takes many questions at once at a lower price, and reading its lines of results.

Here: the protocol beside provider.py's, and what a vendor tells of a batch. Not here: money and states (bulk.py and its chapters).
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, runtime_checkable

from pipelines.qualification.prompt import Prompt
from pipelines.qualification.provider import NoAnswer, Provider, Said

CLOCKS_DIFFER = timedelta(hours=1)
"""Between this machine and a vendor, at the most, when batches are looked for by their time."""


@dataclass(frozen=True)
class Seen:
    """A batch as its vendor shows it.

    Attributes:
        is_ended: Every question of it is answered or will not be.
        fault: Why it failed as a whole, so that nothing is owed; empty when it did not.
    """

    is_ended: bool
    fault: str = ""


@dataclass(frozen=True)
class Result:
    """What became of one question of a batch: an answer, or why there is none."""

    custom_id: str
    said: Said | NoAnswer


@runtime_checkable
class BulkProvider(Provider, Protocol):
    """A vendor of models that takes batches."""

    def send(self, batch_id: str, model: str, questions: Mapping[str, Prompt]) -> str:
        """Send a batch, never twice, and return the vendor's id of it.

        Args:
            batch_id: Ours.
            questions: Custom id -> question; each custom id begins with our batch's.

        Raises:
            NoAnswer: the vendor refused it; or, where it may be owed, it may have arrived.
        """

    def find(self, batch_id: str, count: int, since: datetime, known: Collection[str]) -> str | None:
        """Look for a batch of ours whose id at the vendor was never learned.

        Args:
            count: How many questions it holds.
            since: When it was written down, before it was sent.
            known: The vendor's ids of batches that are known already.

        Returns:
            The vendor's id; empty: it is not there; None: it cannot be told yet.

        Raises:
            NoAnswer: the vendor did not say.
        """

    def look(self, vendor_id: str) -> Seen:
        """Say how far a batch is.

        Raises:
            NoAnswer: the vendor did not say.
        """

    def results(self, vendor_id: str) -> Iterator[Result]:
        """Yield what became of each question of an ended batch, in any order; a line that cannot be read is left out.

        Raises:
            NoAnswer: the vendor did not give them, or they broke off.
        """

    def forget(self, vendor_id: str) -> None:
        """Remove what the vendor stores of a batch that has been read.

        Raises:
            NoAnswer: it could not be removed; the vendor removes it by itself later.
        """


def read_lines(chunks: Iterable[bytes], read: Callable[[dict[str, Any]], Said]) -> Iterator[Result]:
    """Read lines of JSON that each have a custom id.

    Args:
        chunks: The file's bytes in their order, however they are cut.
        read: Makes an answer of a line, or raises NoAnswer.
    """
    for line in _lines(chunks):
        try:
            entry = json.loads(line)
        except ValueError:
            continue  # cut off, or no line of results: its question stays open and is looked for again
        if not isinstance(entry, dict) or not isinstance(entry.get("custom_id"), str):
            continue
        try:
            yield Result(entry["custom_id"], read(entry))
        except NoAnswer as none:
            yield Result(entry["custom_id"], none)


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut at line feeds alone: answers may hold the other characters that Python takes for ends of lines."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
    yield rest
