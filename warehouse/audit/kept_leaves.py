"""What is kept beside a checkpoint to find a changed record by, compared with the records as they are."""

from collections.abc import Iterator

from warehouse.audit.checkpoint import Checkpoint
from warehouse.audit.merkle import HASH_BYTES, Frontier


class LeafComparison:
    """Compares the leaf hashes and the frontier that are kept with each checkpoint with those of the records."""

    def __init__(self, checkpoints: Iterator[Checkpoint]) -> None:
        self.odd: list[tuple[int, int]] = []
        self._checkpoints = checkpoints
        self._open: Checkpoint | None = next(checkpoints, None)
        self._begin, self._leaves = 0, b""

    def hear(self, begin: int, leaves: bytes) -> None:
        """Take the leaf hashes of the next records."""
        if self._open is None:
            return
        if not self._leaves:
            self._begin = begin
        self._leaves += leaves
        end = self._begin + len(self._leaves) // HASH_BYTES - 1
        while self._open is not None and self._open.size <= end:
            kept, first = self._open, self._open.previous_size + 1 - self._begin
            mine = self._leaves[max(0, first) * HASH_BYTES : (kept.size + 1 - self._begin) * HASH_BYTES]
            # An incremental verification may begin within what a checkpoint added: only the end is compared then.
            if not kept.leaves.endswith(mine) or (first >= 0 and kept.leaves != mine) or not _fits(kept):
                self.odd.append((kept.previous_size + 1, kept.size))
            self._open = next(self._checkpoints, None)
        if self._open is not None and (done := self._open.previous_size + 1 - self._begin) > 0:
            self._leaves, self._begin = self._leaves[done * HASH_BYTES :], self._begin + done


def _fits(checkpoint: Checkpoint) -> bool:
    try:
        return Frontier.from_bytes(checkpoint.size, checkpoint.frontier).root() == checkpoint.root
    except ValueError:
        return False
