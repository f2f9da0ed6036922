"""One process of a home reads the landing, or removes from it, at a time."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from warehouse.settings import Settings


@contextmanager
def one_reader(settings: Settings, progress: Callable[[str, int], object]) -> Iterator[None]:
    """Wait until no other process of this home reads: what is new depends on what is known, and both are asked first."""
    with (settings.run / "reading.lock").open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("waiting for another run that reads", 0)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
