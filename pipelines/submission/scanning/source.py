"""A file as checks meet it: its name, its bytes, what it is, and a way to look into what it holds."""

import mmap
import tempfile
import unicodedata
from collections.abc import Callable, Iterable
from functools import cached_property

from pipelines.submission.scanning import limits
from pipelines.submission.scanning.budget import Budget
from pipelines.submission.scanning.buffers import Bytes
from pipelines.submission.scanning.media_types import recognise
from pipelines.submission.scanning.text import decode
from pipelines.submission.scanning.verdict import Finding, Findings, Stopped, not_scanned, refused
from pipelines.submission.scanning.zip_layout import ZipLayout, read_layout

Judge = Callable[["Source", Findings], Finding | None]


class Source:
    """One file, or one file within a file.

    Args:
        name: As given; may hold anything.
        data: All of it; a memory map when it is large.
        level: 0 for the file itself.
        is_part: A part of a document (a font, printer settings): of no name of its own, and unknown kinds may be.
    """

    def __init__(
        self, name: str, data: Bytes, budget: Budget, judge: Judge, *, level: int = 0, is_part: bool = False
    ) -> None:
        self.name, self.data, self.budget, self.level, self.is_part = name, data, budget, level, is_part
        self._judge = judge

    @cached_property
    def media_type(self) -> str:
        """What it is by its content."""
        return recognise(self.data, self.name)

    @cached_property
    def zip(self) -> ZipLayout:
        """Its directory, when it is a zip of any kind.

        Raises:
            Stopped: the directory contradicts the file.
        """
        return read_layout(self.data)

    @cached_property
    def text(self) -> str:
        """It as text.

        Raises:
            Stopped: it is too large, or no text.
        """
        if len(self.data) > limits.LARGEST_TEXT:
            raise Stopped(not_scanned(f"is a text of more than {limits.LARGEST_TEXT >> 20} MiB"))
        text = decode(self.data[:])
        if text is None:
            raise Stopped(not_scanned("is not readable as text"))
        return text

    def descend(self, name: str, chunks: Iterable[bytes], *, is_part: bool = False) -> Finding | None:
        """Judge a file within this one.

        Raises:
            Stopped: the budget is spent.
        """
        self.budget.take_file()
        if self.level + 1 > limits.MOST_LEVELS:
            raise Stopped(refused(f"holds files within files more than {limits.MOST_LEVELS} levels deep"))
        inner = Source(name, collect(chunks), self.budget, self._judge, level=self.level + 1, is_part=is_part)
        finding = self._judge(inner, {})
        if finding is None or finding.about:
            return finding
        return Finding(finding.status, finding.reason, f"“{shown(name)}” inside the file")


def collect(chunks: Iterable[bytes]) -> Bytes:
    """Gather what is unpacked, in a temporary file when it is large.

    Raises:
        Stopped: it is larger than what is looked into.
    """
    held, size = bytearray(), 0
    with tempfile.TemporaryFile() as spool:
        for chunk in chunks:
            size += len(chunk)
            if size > limits.LARGEST_INNER:
                raise Stopped(not_scanned(f"holds a file of more than {limits.LARGEST_INNER >> 20} MiB"))
            held += chunk
            if len(held) > limits.KEPT_IN_MEMORY:
                spool.write(held)
                held.clear()
        if size <= limits.KEPT_IN_MEMORY:
            return bytes(held)
        spool.write(held)
        spool.flush()
        return mmap.mmap(spool.fileno(), 0, access=mmap.ACCESS_READ)


def shown(name: str) -> str:
    """Return a name fit for a sentence: invisible and turning signs as `?`, at most 80 characters."""
    clean = "".join("?" if unicodedata.category(sign)[0] in "CZ" and sign != " " else sign for sign in name)
    return clean if len(clean) <= 80 else f"{clean[:40]}…{clean[-35:]}"
