"""Looks for planted texts in every file of a home: as they are, base64 in its three alignments, url-encoded, hex, reversed;
gzip, zstd and Parquet files are opened. Not here: what is planted, and where a secret may lie (flows/test_silence.py).
"""

import base64
import functools
import io
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import quote, quote_plus

import pyarrow.parquet as parquet
import zstandard

GZIP, ZSTD, PARQUET, ZIP = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1", b"PK\x03\x04"
DEEPEST = 3


@dataclass(frozen=True)
class Canary:
    """A text, or some bytes, that must not be found, and what it is."""

    name: str
    secret: str | bytes = field(repr=False)

    def spellings(self) -> dict[str, set[bytes]]:
        """Return the bytes to look for, by how they are spelled."""
        raw = self.secret.encode() if isinstance(self.secret, str) else self.secret
        found = {
            "raw": {raw},
            "reversed": {raw[::-1]},
            "hex": {raw.hex().encode(), raw.hex().upper().encode()},
            "base64": set(_base64_cores(raw)),
        }
        if isinstance(self.secret, str):
            found["raw"].add(self.secret.encode("utf-16-le"))
            found["url"] = {made(self.secret).encode() for made in (partial(quote, safe=""), quote_plus, quote)} - {raw}
        return found


@dataclass(frozen=True)
class Find:
    """A planted text met in a place."""

    canary: str
    spelling: str
    path: Path


def _base64_cores(raw: bytes) -> Iterator[bytes]:
    """Yield the part of the base64 of anything that holds these bytes, for each place in a group of three they may begin."""
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(b"\0" * shift + raw).rstrip(b"=")
            whole = (8 * (shift + len(raw))) // 6  # the last sign may mix with what follows
            yield text[-(-8 * shift // 6) : whole]


@functools.cache
def _needles(canary: Canary) -> dict[str, set[bytes]]:
    return canary.spellings()


def scan_bytes(data: bytes, canaries: Collection[Canary], where: Path, depth: int = 0) -> list[Find]:
    """Look through some bytes, and through what they hold when they are a packed file."""
    found = [
        Find(canary.name, how, where)
        for canary in canaries
        for how, needles in _needles(canary).items()
        if any(needle in data for needle in needles)
    ]
    if depth < DEEPEST:
        for inner in unpacked(data):
            found += scan_bytes(inner, canaries, where, depth + 1)
    return found


def unpacked(data: bytes) -> Iterator[bytes]:
    """Yield what a packed file holds."""
    if data.startswith(GZIP):
        yield _gunzipped(data)
    elif data.startswith(ZSTD):
        yield _as_far_as_it_goes(zstandard.ZstdDecompressor().stream_reader(data))
    elif data.startswith(PARQUET):
        for column in parquet.read_table(io.BytesIO(data)).columns:
            yield str(column.to_pylist()).encode()
    elif data.startswith(ZIP):
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            yield from (packed.read(name) for name in packed.namelist())


def _gunzipped(data: bytes) -> bytes:
    """Unpack as far as it goes: what a kill cut off is looked through as well."""
    pieces = []
    try:
        while data.startswith(GZIP):
            member = zlib.decompressobj(31)
            pieces.append(member.decompress(data))
            data = member.unused_data
    except zlib.error:
        pass
    return b"".join(pieces)


def _as_far_as_it_goes(stream: zstandard.ZstdDecompressionReader) -> bytes:
    pieces = []
    try:
        while piece := stream.read(1 << 16):
            pieces.append(piece)
    except zstandard.ZstdError:
        pass
    return b"".join(pieces)


def scan_home(home: Path, canaries: list[Canary], *, without: Iterable[Path] = ()) -> list[Find]:
    """Look through every file under a folder, names of files too.

    Args:
        home: The folder.
        canaries: What to look for.
        without: Files and folders where the secret lives by design.
    """
    left_out = [path.resolve() for path in without]
    found: list[Find] = []
    is_left_out = partial(_is_under, left_out)
    for path in sorted(home.rglob("*")):
        if is_left_out(path.resolve()):
            continue
        found += scan_bytes(str(path.relative_to(home)).encode(), canaries, path, DEEPEST)
        if path.is_file() and not path.is_symlink():
            found += scan_bytes(path.read_bytes(), canaries, path)
    return found


def _is_under(folders: list[Path], path: Path) -> bool:
    return any(path == folder or folder in path.parents for folder in folders)
