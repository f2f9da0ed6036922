"""The first file within a ZIP, read as a stream: nothing is unpacked to disk, and a cut archive gives what came before the cut.

The archive's directory lies at its end, which a stream reaches last and a cut file never has; compressed data says itself
where it ends, so the sizes that Grants.gov's local headers leave at zero are not needed. Not here: what the file holds.
"""

import struct
import zlib
from typing import BinaryIO, cast

MAGIC = b"PK\x03\x04"
DESCRIPTOR = b"PK\x07\x08"
PIECE_BYTES = 256 * 1024
MAX_BYTES = 16 * 1024**3
"""Plain bytes of the file: fifty times the largest known. A small archive must not unpack for ever."""
_HEADER = struct.Struct("<4s5H3I2H")
_ENCRYPTED, _SIZES_FOLLOW = 0x0001, 0x0008
_STORED, _DEFLATED = 0, 8


def plain_of(stream: BinaryIO) -> BinaryIO:
    """Return the first file of a ZIP, or the stream itself where it is none; both to be read forward only.

    Reading raises ValueError or EOFError where the archive is cut, damaged or of a kind that is not read (Blocks says it
    in words).
    """
    begin = _read_fully(stream, len(MAGIC))
    if begin != MAGIC:
        return cast(BinaryIO, _Behind(begin, stream))
    return cast(BinaryIO, _Member(begin, stream))


class _Behind:
    """A stream whose first bytes were read already."""

    def __init__(self, begin: bytes, stream: BinaryIO) -> None:
        self._begin, self._stream = begin, stream

    def read(self, size: int) -> bytes:
        if self._begin:
            piece, self._begin = self._begin[:size], self._begin[size:]
            return piece
        read1 = getattr(self._stream, "read1", self._stream.read)
        return bytes(read1(size))


class _Member:
    """The plain bytes of an archive's first file; its checksum is compared at the end."""

    def __init__(self, begin: bytes, stream: BinaryIO) -> None:
        self._stream, self._begin = stream, begin
        self._inflate: zlib._Decompress | None = None
        self._left: int | None = None
        self._is_begun = self._is_over = False
        self._held = b""
        self._crc, self._stated_crc, self._size = 0, 0, 0

    def read(self, size: int) -> bytes:
        if not self._is_begun:
            self._begin_file()
        while not self._is_over:
            piece = self._stored(size) if self._inflate is None else self._inflated(self._inflate, size)
            if piece:
                self._crc = zlib.crc32(piece, self._crc)
                self._size += len(piece)
                if self._size > MAX_BYTES:
                    raise ValueError(f"it unpacks to more than {MAX_BYTES:,} bytes")
                return piece
        return b""

    def _begin_file(self) -> None:
        self._is_begun = True
        head = self._begin + _read_fully(self._stream, _HEADER.size - len(self._begin))
        if len(head) < _HEADER.size:
            raise EOFError("the ZIP ends within its first header")
        _, _, flags, method, _, _, crc, packed, _, name_bytes, extra_bytes = _HEADER.unpack(head)
        _read_fully(self._stream, name_bytes + extra_bytes)
        if flags & _ENCRYPTED:
            raise ValueError("the ZIP is encrypted")
        if method == _DEFLATED:
            self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        elif method == _STORED and not flags & _SIZES_FOLLOW:
            self._left = packed
        else:
            raise ValueError(f"the ZIP is packed by a method that is not read ({method})")
        self._has_descriptor, self._stated_crc = bool(flags & _SIZES_FOLLOW), crc

    def _stored(self, size: int) -> bytes:
        piece = self._stream.read(min(size, self._left or 0))
        self._left = (self._left or 0) - len(piece)
        if not piece:
            if self._left:
                raise EOFError("the ZIP ends within its file")
            self._finish(b"")
        return piece

    def _inflated(self, inflate: "zlib._Decompress", size: int) -> bytes:
        packed = inflate.unconsumed_tail or self._stream.read(PIECE_BYTES)
        piece = inflate.decompress(packed, size)
        if inflate.eof:
            self._held = piece
            self._finish(inflate.unused_data, piece)
        elif not packed and not piece:
            raise EOFError("the ZIP ends within its file")
        return piece

    def _finish(self, behind: bytes, last: bytes = b"") -> None:
        """Compare the checksum; where sizes follow, it stands in a descriptor behind the data."""
        self._is_over = True
        stated = self._stated_crc
        if self._has_descriptor:
            behind += _read_fully(self._stream, max(0, 8 - len(behind)))
            if not behind.startswith(DESCRIPTOR):
                return  # one without signature cannot be told from what may follow
            stated = struct.unpack_from("<I", behind, 4)[0]
        if stated != zlib.crc32(last, self._crc):
            raise ValueError("the checksum of the ZIP's file is another")


def _read_fully(stream: BinaryIO, size: int) -> bytes:
    found = b""
    while len(found) < size and (piece := stream.read(size - len(found))):
        found += piece
    return found
