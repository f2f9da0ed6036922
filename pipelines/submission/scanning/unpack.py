"""Unpacking, chunk by chunk, within the budget and strictly to what was told."""

import bz2
import lzma
import zlib
from collections.abc import Iterator
from typing import Protocol

from pipelines.submission.scanning import limits
from pipelines.submission.scanning.budget import Budget
from pipelines.submission.scanning.buffers import Bytes
from pipelines.submission.scanning.verdict import Stopped, not_scanned, refused
from pipelines.submission.scanning.zip_layout import Entry

CHUNK = 1 << 18
XZ_MEMORY = 80 * limits.MEBIBYTE
"""A dictionary of 64 MiB, xz's largest preset, fits."""


class Unpacker(Protocol):
    """What bz2 and lzma offer."""

    @property
    def eof(self) -> bool:
        """Whether the end of the stream was seen."""

    @property
    def needs_input(self) -> bool:
        """Whether it wants more before it can give more."""

    @property
    def unused_data(self) -> bytes:
        """What lay behind the end."""

    def decompress(self, data: Bytes, max_length: int = -1) -> bytes:
        """Give what comes of some more."""


class Inflate:
    """zlib in the form of the others."""

    def __init__(self, bits: int = -15) -> None:
        self._inflate = zlib.decompressobj(bits)
        self._tail = b""

    @property
    def eof(self) -> bool:
        """Whether the end of the stream was seen."""
        return self._inflate.eof

    @property
    def needs_input(self) -> bool:
        """Whether it wants more before it can give more."""
        return not self._tail and not self._is_full

    @property
    def unused_data(self) -> bytes:
        """What lay behind the end."""
        return self._inflate.unused_data

    _is_full = False

    def decompress(self, data: Bytes, max_length: int = -1) -> bytes:
        """Give what comes of some more."""
        given = self._inflate.decompress(self._tail + data, max_length)
        self._tail = self._inflate.unconsumed_tail
        self._is_full = len(given) == max_length
        return given


def entry_chunks(data: Bytes, entry: Entry, budget: Budget) -> Iterator[bytes]:
    """Yield an entry's content.

    Raises:
        Stopped: it is encrypted, packed in a way that is not read here, or is not what the directory says.
    """
    if entry.is_encrypted:
        raise Stopped(refused("is locked by a password and cannot be looked into; packages may not hold passwords"))
    packed = _pieces(data, entry.data_at, entry.data_at + entry.packed)
    chunks = packed if entry.method == 0 else _unpacked_entry(packed, entry)
    size, crc = 0, 0
    for chunk in chunks:
        size += len(chunk)
        if size > entry.size:
            break
        crc = zlib.crc32(chunk, crc)
        budget.unpack(len(chunk))
        yield chunk
    if size != entry.size or crc != entry.crc:
        raise Stopped(refused("is an archive in which a file is not what the directory says: damaged or tampered with"))


def _unpacked_entry(packed: Iterator[bytes], entry: Entry) -> Iterator[bytes]:
    if entry.method == 8:
        unpacker: Unpacker = Inflate()
    elif entry.method == 12:
        unpacker = bz2.BZ2Decompressor()
    elif entry.method == 14:
        head = next(packed, b"")
        known = lzma._decode_filter_properties(lzma.FILTER_LZMA1, head[4:9])  # type: ignore[attr-defined]
        if known["dict_size"] > XZ_MEMORY // 2:
            raise Stopped(not_scanned("is packed with a dictionary larger than what is looked into"))
        unpacker = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[known])
        packed = _behind(head[9:], packed)
    else:
        raise Stopped(not_scanned("is packed in a way that cannot be looked into; pack it as an ordinary zip"))
    return run(unpacker, packed, is_whole=entry.method != 14)


def _behind(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest


def _pieces(data: Bytes, start: int, end: int) -> Iterator[bytes]:
    for at in range(start, end, CHUNK):
        yield data[at : min(at + CHUNK, end)]


def run(unpacker: Unpacker, packed: Iterator[bytes], *, is_whole: bool = True) -> Iterator[bytes]:
    """Feed an unpacker and yield what it gives, in chunks of bounded size.

    Raises:
        Stopped: it is cut off, or something lies behind its end.
    """
    for piece in packed:
        if unpacker.eof:
            raise Stopped(refused("has other data behind its packed content"))
        yield unpacker.decompress(piece, CHUNK)
        while not unpacker.needs_input and not unpacker.eof:
            given = unpacker.decompress(b"", CHUNK)
            if not given and not unpacker.eof:
                break
            yield given
    if is_whole and not unpacker.eof:
        raise Stopped(not_scanned("is packed and cut off: damaged"))
    if unpacker.unused_data:
        raise Stopped(refused("has other data behind its packed content"))


def streams(data: Bytes, kind: str, budget: Budget) -> Iterator[bytes]:
    """Yield the content of a .gz, .bz2 or .xz; several streams behind each other are one content.

    Raises:
        Stopped: a bomb, cut off, or something else lies behind it.
    """
    at, given = 0, 0
    while at < len(data):
        if at and kind == "xz" and not data[at : at + 4].strip(b"\0"):
            at += 4  # padding between streams
            continue
        if at and not data[at:].strip(b"\0"):
            return  # padding of tapes
        unpacker = _unpacker(kind)
        taken = 0
        for piece in _pieces(data, at, len(data)):
            taken += len(piece)
            for chunk in _whole(unpacker, piece, is_first=at == 0):
                given += len(chunk)
                budget.unpack(len(chunk))
                if given > limits.UNSUSPICIOUS_BYTES and given > limits.HIGHEST_RATIO * len(data):
                    raise Stopped(
                        refused(
                            f"unpacks to more than {limits.HIGHEST_RATIO} times its size, as a decompression bomb does"
                        )
                    )
                yield chunk
            if unpacker.eof:
                break
        if not unpacker.eof:
            raise Stopped(not_scanned("is packed and cut off: damaged"))
        at += taken - len(unpacker.unused_data)


def _unpacker(kind: str) -> Unpacker:
    if kind == "gzip":
        return Inflate(31)
    return bz2.BZ2Decompressor() if kind == "bzip2" else lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY)


def _whole(unpacker: Unpacker, piece: bytes, *, is_first: bool) -> Iterator[bytes]:
    try:
        yield unpacker.decompress(piece, CHUNK)
        while not unpacker.eof and not unpacker.needs_input:
            given = unpacker.decompress(b"", CHUNK)
            if not given:
                return
            yield given
    except (zlib.error, OSError, lzma.LZMAError) as error:
        raise Stopped(
            not_scanned("is packed and damaged") if is_first else refused("has other data behind its packed content")
        ) from error
