"""Tar archives: files and folders only."""

import io
import tarfile
from collections.abc import Iterator

from pipelines.submission.scanning import limits
from pipelines.submission.scanning.paths import why_unsafe
from pipelines.submission.scanning.source import Source
from pipelines.submission.scanning.verdict import Finding, Findings, Stopped, not_scanned, refused, worse
from pipelines.submission.scanning.zip_layout import folded
from warehouse.domain.submission_file import ScanStatus

_CHUNK = 1 << 18


class _View(io.RawIOBase):
    """A file's bytes as a file: nothing is copied."""

    def __init__(self, source: Source) -> None:
        self._data, self._at = source.data, 0

    def readable(self) -> bool:
        """It is read."""
        return True

    def seekable(self) -> bool:
        """It is sought in."""
        return True

    def tell(self) -> int:
        """Return the place."""
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place."""
        self._at = max(0, offset + (0, self._at, len(self._data))[whence])
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Return bytes from here."""
        end = len(self._data) if size < 0 else min(len(self._data), self._at + size)
        given = self._data[self._at : end] if end > self._at else b""
        self._at += len(given)
        return given


def looks(media_type: str) -> bool:
    """Look at tars."""
    return media_type == "application/x-tar"


def look(source: Source, findings: Findings) -> Finding | None:
    """Judge each member."""
    findings["is_archive"] = True
    found: Finding | None = None
    seen: set[str] = set()
    try:
        with tarfile.open(fileobj=_View(source), mode="r:", errorlevel=2) as tar:
            for member in tar:
                findings["entries"] = len(seen) + 1
                found = worse(found, _member(source, tar, member, seen))
                if found is not None and found.status is ScanStatus.REFUSED:
                    return found
            end = tar.offset
    except tarfile.TarError:
        return refused("is an archive with a damaged directory")
    if source.data[end : end + (64 << 20)].strip(b"\0"):
        return refused("is an archive with other data behind it")
    return found


def _member(source: Source, tar: tarfile.TarFile, member: tarfile.TarInfo, seen: set[str]) -> Finding | None:
    fault = why_unsafe(member.name)
    if fault:
        return refused(fault)
    if folded(member.name) in seen and not member.isdir():
        return refused("holds two files of the same name")
    seen.add(folded(member.name))
    if member.isdir():
        source.budget.take_file()
        return None
    if not member.isreg() or member.issparse() or member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
        return refused("holds a link, a device or a file with holes in place of a file")
    if member.size > limits.LARGEST_INNER:
        return not_scanned(f"holds a file of more than {limits.LARGEST_INNER >> 20} MiB")
    return source.descend(member.name, _content(source, tar, member))


def _content(source: Source, tar: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[bytes]:
    file = tar.extractfile(member)
    if file is None:
        raise Stopped(refused("holds a link, a device or a file with holes in place of a file"))
    given = 0
    while chunk := file.read(_CHUNK):
        given += len(chunk)
        source.budget.unpack(len(chunk))
        yield chunk
    if given != member.size:
        raise Stopped(not_scanned("is an archive that was cut off"))
