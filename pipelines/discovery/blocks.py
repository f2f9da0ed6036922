"""Blocks of a stream that may be damaged: what comes before the damage is kept, and the damage is said."""

import zlib
from typing import BinaryIO

import zstandard

PIECE_BYTES = 256 * 1024


class Blocks:
    """A stream read in blocks; `damage` says why it ended early, if it did (a cut or damaged compressed file)."""

    def __init__(self, stream: BinaryIO) -> None:
        """Read on from where the stream stands."""
        self.damage: str | None = None
        self._stream = stream
        self._is_over = False

    def read(self, size: int) -> bytes:
        """Return `size` bytes, fewer at the end, none behind it."""
        pieces: list[bytes] = []
        left = size
        try:
            # One piece at a time: a longer read of a damaged file would throw away the good bytes before the damage.
            while left > 0 and not self._is_over and (piece := self._piece(left)):
                pieces.append(piece)
                left -= len(piece)
        except (OSError, EOFError, ValueError, zlib.error, zstandard.ZstdError) as error:
            self._is_over = True
            self.damage = f"the compressed file is damaged or cut off here ({error})"
        return b"".join(pieces)

    def take_damage(self) -> str | None:
        """Say once why the stream ended early."""
        damage, self.damage = self.damage, None
        return damage

    def skip(self, size: int) -> None:
        """Move forward by reading: compressed streams cannot seek without it."""
        while size > 0 and (block := self.read(min(size, PIECE_BYTES))):
            size -= len(block)

    def _piece(self, most: int) -> bytes:
        read1 = getattr(self._stream, "read1", self._stream.read)
        return bytes(read1(min(most, PIECE_BYTES)))
