"""One file packed by gzip, bzip2, xz or Zstandard."""

import io
from collections.abc import Iterator

from pipelines.submission.scanning.checks.names import why_misleading
from pipelines.submission.scanning.endings import PROGRAMS, ending_of
from pipelines.submission.scanning.paths import why_unsafe
from pipelines.submission.scanning.source import Source
from pipelines.submission.scanning.unpack import CHUNK, XZ_MEMORY, streams
from pipelines.submission.scanning.verdict import Finding, Findings, Stopped, refused

_KINDS = {
    "application/gzip": "gzip",
    "application/x-bzip2": "bzip2",
    "application/x-xz": "xz",
    "application/zstd": "zstd",
}


def looks(media_type: str) -> bool:
    """Look at the four."""
    return media_type in _KINDS


def look(source: Source, findings: Findings) -> Finding | None:
    """Judge the file in it."""
    findings["is_archive"] = True
    findings["entries"] = 1
    kind = _KINDS[source.media_type]
    stored = stored_name(source.data[:2048]) if kind == "gzip" else ""
    if stored and (why_misleading(stored) or why_unsafe(stored) or ending_of(stored) in PROGRAMS):
        return refused("unpacks to a file of another, misleading name")
    chunks = _zstandard(source) if kind == "zstd" else streams(source.data, kind, source.budget)
    return source.descend(inner_name(source.name), chunks)


def inner_name(name: str) -> str:
    """Return the name that remains without the ending of the packing."""
    last = name.replace("\\", "/").rpartition("/")[2]
    ending = ending_of(last)
    stem = last[: -len(ending) - 1] if ending else last
    return stem + ".tar" if ending in ("tgz", "tbz", "tbz2", "txz") else stem


def stored_name(head: bytes) -> str:
    """Return the name that a .gz keeps in its head; empty when it keeps none (RFC 1952, 2.3)."""
    flags, at = head[3], 10
    if flags & 4:
        at += 2 + int.from_bytes(head[10:12], "little")
    return head[at:].partition(b"\0")[0].decode("latin-1") if flags & 8 else ""


def _zstandard(source: Source) -> Iterator[bytes]:
    import zstandard

    reader = zstandard.ZstdDecompressor(max_window_size=XZ_MEMORY).stream_reader(
        io.BytesIO(source.data[:]), read_across_frames=True
    )
    given = 0
    try:
        while chunk := reader.read(CHUNK):
            given += len(chunk)
            source.budget.unpack(len(chunk))
            if given > (16 << 20) and given > 200 * len(source.data):
                raise Stopped(refused("unpacks to more than 200 times its size, as a decompression bomb does"))
            yield chunk
    except zstandard.ZstdError as error:
        raise Stopped(refused("has other data behind its packed content, or is damaged")) from error
