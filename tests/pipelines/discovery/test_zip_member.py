"""A ZIP read as a stream: what was packed comes out, and what is cut or damaged says so behind what came before."""

import io
import random
import zipfile

import pytest

from pipelines.discovery.blocks import Blocks
from pipelines.discovery.zip_member import plain_of
from tests.fakes.grants_gov import zipped

TEXT = b"".join(b"line %d of a file\n" % n for n in range(60_000)) + random.Random(4711).randbytes(100_000)


def read(body: bytes) -> tuple[bytes, str | None]:
    """Read it in pieces, as everything is read."""
    blocks = Blocks(plain_of(io.BytesIO(body)))
    found = b""
    while piece := blocks.read(70_000):
        found += piece
    return found, blocks.damage


def packed(text: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", method) as archive:
        archive.writestr("a.xml", text)
        archive.writestr("b.txt", "another file")
    return body.getvalue()


@pytest.mark.parametrize("body", [zipped(TEXT), packed(TEXT), packed(TEXT, zipfile.ZIP_STORED), TEXT])
def test_the_first_file_comes_out_whole_whatever_the_local_header_says(body: bytes) -> None:
    assert read(body) == (TEXT, None)


@pytest.mark.parametrize("share", [0.0001, 0.3, 0.9])
def test_a_cut_archive_gives_what_came_before_the_cut(share: float) -> None:
    body = zipped(TEXT)
    found, damage = read(body[: int(len(body) * share)])
    assert TEXT.startswith(found)
    assert len(found) > len(TEXT) * share / 2 - 1_000
    assert damage is not None
    assert "ends within" in damage


def test_another_checksum_is_damage() -> None:
    body = packed(TEXT, zipfile.ZIP_STORED)
    at = body.index(b"line 59999")
    found, damage = read(body[:at] + b"LINE" + body[at + 4 :])
    assert found.startswith(TEXT[:1000])
    assert damage is not None
    assert "checksum" in damage
    assert read(zipped(TEXT).replace(b"PK\x07\x08", b"PK\x07\x08\0\0", 1))[1], "in the descriptor behind the data too"


def test_what_is_packed_in_another_way_says_so() -> None:
    assert "not read (12)" in str(read(packed(TEXT, zipfile.ZIP_BZIP2))[1])
    encrypted = bytearray(packed(TEXT))
    encrypted[6] |= 1
    assert "encrypted" in str(read(bytes(encrypted))[1])
