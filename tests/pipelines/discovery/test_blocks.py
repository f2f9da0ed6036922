"""Damaged streams: what comes before the damage is read whole, and the damage is said once."""

import gzip
import io

import pytest
import zstandard

from pipelines.discovery.blocks import PIECE_BYTES, Blocks

PLAIN = bytes(range(256)) * 4_000


@pytest.mark.parametrize("size", [1_000, PIECE_BYTES, PIECE_BYTES + 1, len(PLAIN), len(PLAIN) + 5])
def test_blocks_have_the_size_asked_for_until_the_end(size: int) -> None:
    blocks = Blocks(io.BytesIO(PLAIN))
    read = []
    while block := blocks.read(size):
        read.append(block)
    assert b"".join(read) == PLAIN
    assert all(len(block) == size for block in read[:-1])
    assert blocks.damage is None


@pytest.mark.parametrize("form", ["gzip", "zstandard"])
def test_a_cut_file_gives_what_is_before_the_cut_and_says_so_once(form: str) -> None:
    noise = b"".join(str(n * 7919 % 104729).encode() for n in range(200_000))
    packed = gzip.compress(noise) if form == "gzip" else zstandard.ZstdCompressor().compress(noise)
    cut = io.BytesIO(packed[: len(packed) // 2])
    stream = gzip.GzipFile(fileobj=cut) if form == "gzip" else zstandard.ZstdDecompressor().stream_reader(cut)
    blocks = Blocks(stream)  # type: ignore[arg-type]
    read = b""
    while block := blocks.read(10_000):
        read += block
    assert noise.startswith(read)
    assert len(read) > len(noise) // 10
    if form == "gzip":  # a zstandard reader takes a cut for the end; the records say what is missing
        assert "damaged or cut off" in (blocks.take_damage() or "")
    assert blocks.take_damage() is None
    assert blocks.read(10) == b""


def test_a_stream_that_cannot_seek_is_skipped_by_reading() -> None:
    blocks = Blocks(gzip.GzipFile(fileobj=io.BytesIO(gzip.compress(PLAIN))))  # type: ignore[arg-type]
    blocks.skip(PIECE_BYTES + 3)
    assert blocks.read(5) == PLAIN[PIECE_BYTES + 3 : PIECE_BYTES + 8]
    blocks.skip(10**9)
    assert blocks.read(1) == b""
