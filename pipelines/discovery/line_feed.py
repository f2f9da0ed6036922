"""Physical lines of a stream, in blocks, with the way back to the beginning of a damaged record."""

from collections.abc import Iterator

from pipelines.discovery.blocks import Blocks
from pipelines.discovery.decode import decode_lines

BLOCK_BYTES = 8 * 1024 * 1024


class LineFeed:
    """Lines by number, counted from the first one given; read on demand, forgotten by `forget`."""

    def __init__(self, blocks: Blocks) -> None:
        self.index = 0
        """The line that comes next; may be set back to any line that is not forgotten."""
        self._blocks = blocks
        self._base = 0
        self._texts: list[str] = []
        self._raws: list[bytes] = []
        self._flags: dict[int, list[str]] = {}
        self._rest = b""
        self._ended = False

    def texts(self) -> Iterator[str]:
        """Yield the lines from `index` on as text, moving `index`."""
        while self.has(self.index):
            text = self._texts[self.index - self._base]
            self.index += 1
            yield text

    def texts_from(self, line: int) -> Iterator[str]:
        """Yield the lines from `line` on without moving `index`."""
        while self.has(line):
            yield self._texts[line - self._base]
            line += 1

    def text(self, line: int) -> str:
        """Return one line that `has` has found."""
        return self._texts[line - self._base]

    def has(self, line: int) -> bool:
        """Read as far as `line`; False when the stream ends before it."""
        while line - self._base >= len(self._texts):
            if self._ended:
                return False
            self._read_block()
        return True

    def raw(self, start: int, end: int) -> bytes:
        """Return the lines [start, end) as they came."""
        return b"".join(self._raws[start - self._base : end - self._base])

    def size(self, start: int, end: int) -> int:
        """Return how many bytes the lines [start, end) have."""
        return sum(map(len, self._raws[start - self._base : end - self._base]))

    def flags(self, start: int, end: int) -> list[str]:
        """Return what was odd about the decoding of the lines [start, end)."""
        if not self._flags:
            return []
        return sorted({flag for line in range(start, end) for flag in self._flags.get(line, ())})

    def forget(self, before: int) -> None:
        """Free the lines before `before`."""
        done = before - self._base
        del self._texts[:done], self._raws[:done]
        self._flags = {line: flags for line, flags in self._flags.items() if line >= before}
        self._base = before

    @property
    def is_damaged(self) -> bool:
        """Say whether the stream ended early and nobody has been told yet."""
        return self._blocks.damage is not None

    def take_damage(self) -> str | None:
        """Say once why the stream ended early."""
        return self._blocks.take_damage()

    def _read_block(self) -> None:
        block = self._blocks.read(BLOCK_BYTES)
        whole, self._rest = _cut(self._rest + block, is_last=not block)
        self._ended = not block
        texts, raws, flags = decode_lines(whole)
        first = self._base + len(self._texts)
        self._flags.update({first + line: odd for line, odd in flags.items()})
        self._texts += texts
        self._raws += raws


def _cut(block: bytes, *, is_last: bool) -> tuple[bytes, bytes]:
    if is_last:
        return block, b""
    end = block.rfind(b"\n") + 1
    return block[:end], block[end:]
