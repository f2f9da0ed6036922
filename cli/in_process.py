"""What a command needs that runs jobs of the graph in its own process: the stores, Dagster's store, a progress line.

Meanwhile whatever libraries write on standard error goes into logs/: a store that ends in mid-sentence (a full disk, a
kill) makes Dagster and the pools complain at length, and the person needs one message. Not here: that message
(failure.py), the logs (warehouse/logs.py).
"""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cli.output import ProgressLine, progress_line
from cli.state import is_held
from warehouse.logs import open_output
from warehouse.redaction import redact_text
from warehouse.settings import Settings

if TYPE_CHECKING:
    import dagster as dg

LOG = "libraries.log"


class Aside(io.TextIOBase):
    """A text stream into a log, without secrets; what a full disk does not take is dropped without a fault."""

    def __init__(self, log: Path) -> None:
        self._log = log

    def writable(self) -> bool:
        """Say that it may be written."""
        return True

    def write(self, text: str) -> int:
        """Append a text; returns its length."""
        with suppress(OSError), open_output(self._log) as log:
            log.write(redact_text(text).encode("utf-8", "backslashreplace"))
        return len(text)


@contextmanager
def libraries_aside(settings: Settings) -> Iterator[None]:
    """Keep standard error for the person while libraries work; the logs have all that they say."""
    words = [handler for handler in logging.root.handlers if type(handler) is logging.StreamHandler]
    levels = [handler.level for handler in words]
    for handler in words:
        handler.setLevel(logging.CRITICAL + 1)
    try:
        with redirect_stderr(Aside(settings.logs / LOG)):
            yield
    finally:
        for handler, level in zip(words, levels, strict=True):
            handler.setLevel(level)


@contextmanager
def open_jobs(settings: Settings) -> Iterator[tuple["dg.DagsterInstance", ProgressLine]]:
    """Open all that jobs in this process need, settle what earlier ones left half done, and close it in order.

    Raises:
        ProcuraError: a store cannot be opened.
    """
    from assets.instance import open_instance
    from assets.orphans import settle_orphans
    from warehouse.stores import open_stores

    with (
        progress_line() as line,
        libraries_aside(settings),
        open_stores(settings),
        open_instance(settings) as instance,
    ):
        settle_orphans(instance, nobody_serves=not is_held(settings))
        yield instance, line
