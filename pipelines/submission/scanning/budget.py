"""What one scan may spend, over all levels of files within files."""

import time
from collections.abc import Callable

from pipelines.submission.scanning import limits
from pipelines.submission.scanning.verdict import Stopped, not_scanned, refused


class Budget:
    """Bytes, files and seconds that are left.

    Args:
        clock: Seconds of the processor: a busy machine takes nothing of it.
    """

    def __init__(self, clock: Callable[[], float] = time.process_time) -> None:
        self._clock = clock
        self._ends = clock() + limits.SECONDS_OF_ITS_OWN
        self.bytes_left = limits.MOST_UNPACKED
        self.files_left = limits.MOST_FILES

    def unpack(self, count: int) -> None:
        """Spend bytes that were unpacked.

        Raises:
            Stopped: more than may be, or too late.
        """
        self.bytes_left -= count
        if self.bytes_left < 0:
            raise Stopped(
                refused(f"unpacks to more than {limits.MOST_UNPACKED >> 20} MiB, as a decompression bomb does")
            )
        self.check_time()

    def take_file(self) -> None:
        """Spend one file within a file."""
        self.files_left -= 1
        if self.files_left < 0:
            raise Stopped(refused(f"holds more than {limits.MOST_FILES:,} files within files"))
        self.check_time()

    def check_time(self) -> None:
        """Stop when the time is up."""
        if self._clock() > self._ends:
            raise Stopped(not_scanned(f"is too intricate to be looked into within {limits.SECONDS} seconds"))
