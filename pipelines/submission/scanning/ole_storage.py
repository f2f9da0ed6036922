"""Compound files (the old Office): their streams, read within limits."""

import io
from functools import cached_property

import olefile

from pipelines.submission.scanning import limits
from pipelines.submission.scanning.buffers import Bytes
from pipelines.submission.scanning.verdict import Stopped, not_scanned, refused


class OleStorage:
    """The storages and streams of one compound file."""

    def __init__(self, data: Bytes) -> None:
        if len(data) > limits.LARGEST_INNER:
            raise Stopped(not_scanned("is an old Office document of more than 64 MiB"))
        try:
            self._file = olefile.OleFileIO(io.BytesIO(data[:]), raise_defects=olefile.DEFECT_FATAL)
            self.paths: list[list[str]] = self._file.listdir(streams=True, storages=True)
            self.streams: list[list[str]] = self._file.listdir()
        except (OSError, IndexError, ValueError, RecursionError) as error:
            raise Stopped(
                refused("is a damaged document of the old Office, which readers take in different ways")
            ) from error
        if len(self.paths) > limits.MOST_FILES:
            raise Stopped(refused(f"holds more than {limits.MOST_FILES:,} files"))

    @cached_property
    def names(self) -> set[str]:
        """Every storage's and stream's own name, in small letters."""
        return {path[-1].lower() for path in self.paths}

    @cached_property
    def top(self) -> set[str]:
        """The names at the top, in small letters."""
        return {path[0].lower() for path in self.paths}

    def read(self, *path: str) -> bytes:
        """Return a stream's content; empty when there is none.

        Raises:
            Stopped: it cannot be read.
        """
        wanted = [step.lower() for step in path]
        real = next((one for one in self.streams if [step.lower() for step in one] == wanted), None)
        if real is None:
            return b""
        try:
            content: bytes = self._file.openstream(real).read()
        except (OSError, IndexError, ValueError) as error:
            raise Stopped(not_scanned("is a damaged document of the old Office")) from error
        return content

    def classes(self) -> set[str]:
        """Return the class ids of all storages, in capital letters."""
        found = {str(getattr(self._file.root, "clsid", "")).upper()}
        for path in self.paths:
            found.add(str(self._file.getclsid(path)).upper())
        return found - {""}
