"""The wish to end: Ctrl-C, `procura down`, a closed terminal."""

import signal
from types import FrameType


class StopSignal:
    """Remembers that the end was asked for, so that each step ends cleanly; asked three times, it waits for none."""

    def __init__(self) -> None:
        self._count = 0
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)

    def is_set(self) -> bool:
        """Say whether everything is to end."""
        return self._count > 0

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._count += 1
        if self._count == 3:
            raise KeyboardInterrupt
