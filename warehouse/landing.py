"""The raw landing: every answer and file exactly as it came, so that the lake can be made again from it alone.

One entry: `landing/<source>/<2 hex>/<sha256>.gz|.zst` (bytes that came as gzip stay so, others are compressed here) with
a sidecar `.json` beside it. Entries are never rewritten; the same bytes again are the same entry, also when they have been
purged: then the sidecar stays as their tombstone. Not here: what a file holds (pipelines/discovery), how far it is read
(warehouse/lake/landings.py).
"""

import fcntl
import gzip
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

from warehouse.errors import DiskFull, NotPermitted
from warehouse.whole_file import FULL, write_whole

GZIP_MAGIC = b"\x1f\x8b"
PIECE_BYTES = 1024 * 1024
SUFFIXES = {"gzip": ".gz", "zstd": ".zst"}

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Entry:
    """One landed answer or file.

    `order` counts arrivals in a home over all sources; `origin` is a file's name or an address without any key; `size`
    is that of the bytes as they came; `encoding` says how they lie: gzip (as they came) or zstd; `purged_at` is set when the
    bytes are gone for good.
    """

    source: str
    order: int
    sha256: str
    feed: str
    origin: str
    fetched_at: datetime
    size: int
    encoding: str
    purged_at: datetime | None = None


class Landing:
    """The landing of one home; safe from several processes."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`, which exists; nothing is written yet."""
        self._folder = folder

    def add(self, source: str, stream: BinaryIO, *, feed: str, origin: str, fetched_at: datetime) -> tuple[Entry, bool]:
        """Store a stream to its end and say whether it is new; the same bytes again give the old entry.

        Memory stays at some MB however long the stream is.

        Raises:
            DiskFull: there is no room; nothing of the file is left.
        """
        with self._room(origin):
            (self._folder / source).mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = self._folder / source / f".{os.getpid()}-{os.urandom(6).hex()}.part"
            try:
                digest, size, encoding = _write_draft(stream, draft)
                return self._enter(draft, Entry(source, 0, digest, feed, origin, fetched_at, size, encoding))
            finally:
                draft.unlink(missing_ok=True)

    def entries(self, source: str | None = None) -> list[Entry]:
        """Return the entries of a source, or of all, in their order of arrival."""
        return [entry for entry in self._all(source) if entry.purged_at is None]

    def purged(self) -> list[Entry]:
        """Return the tombstones: entries whose bytes are gone, in their order of arrival."""
        return [entry for entry in self._all() if entry.purged_at is not None]

    def purge(self, entry: Entry, *, at: datetime) -> int:
        """Remove an entry's bytes and leave its sidecar as a tombstone; return how many bytes that freed.

        Doing it again finishes what a kill left half done. The same bytes offered again are known and stay away.
        """
        with self._lock():
            sidecar = self._path(entry).with_suffix(".json")
            if _read_sidecar(sidecar).purged_at is None:
                _write_sidecar(sidecar, replace(entry, purged_at=at))
            try:
                freed = self._path(entry).stat().st_size
                self._path(entry).unlink()
            except FileNotFoundError:
                freed = 0
            _sync_folder(sidecar.parent)
        return freed

    def _all(self, source: str | None = None) -> list[Entry]:
        pattern = f"{source or '*'}/??/*.json"
        return sorted((_read_sidecar(path) for path in self._folder.glob(pattern)), key=lambda entry: entry.order)

    def sources(self) -> set[str]:
        """Return the sources that ever landed something."""
        return {path.parts[-3] for path in self._folder.glob("*/??/*.json")}

    @contextmanager
    def open(self, entry: Entry) -> Iterator[BinaryIO]:
        """Open the plain bytes (without any compression, also where they came compressed) for reading once."""
        with self._path(entry).open("rb") as stored:
            if entry.encoding == "gzip":
                with gzip.GzipFile(fileobj=stored) as plain:
                    yield cast(BinaryIO, plain)
            else:
                with zstandard.ZstdDecompressor().stream_reader(stored) as plain:
                    yield cast(BinaryIO, plain)

    def is_whole(self, entry: Entry) -> bool:
        """Read an entry to its end and compare with its name."""
        digest = sha256()
        with self._path(entry).open("rb") as stored:
            bytes_as_they_came = (
                stored if entry.encoding == "gzip" else zstandard.ZstdDecompressor().stream_reader(stored)
            )
            try:
                while piece := bytes_as_they_came.read(PIECE_BYTES):
                    digest.update(piece)
            except zstandard.ZstdError:
                return False
        return digest.hexdigest() == entry.sha256

    def _path(self, entry: Entry) -> Path:
        return self._folder / entry.source / entry.sha256[:2] / f"{entry.sha256}{SUFFIXES[entry.encoding]}"

    def _enter(self, draft: Path, entry: Entry) -> tuple[Entry, bool]:
        """Give the draft its name and its order, one process at a time. The sidecar comes last: it makes the entry."""
        with self._lock():
            sidecar = self._path(entry).with_suffix(".json")
            if sidecar.exists():
                return _read_sidecar(sidecar), False
            entry = Entry(**{**asdict(entry), "order": self._next_order()})
            sidecar.parent.mkdir(mode=0o700, exist_ok=True)
            draft.rename(self._path(entry))
            _write_sidecar(sidecar, entry)
            _sync_folder(sidecar.parent)
        return entry, True

    def _next_order(self) -> int:
        """Count on. The counter is written before it is used: an order is never given twice, at worst left out."""
        counter = self._folder / ".order"
        order = int(counter.read_text()) + 1 if counter.exists() else max((e.order for e in self._all()), default=0) + 1
        write_whole(counter, str(order).encode())
        return order

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with (self._folder / ".lock").open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    @contextmanager
    def _room(self, origin: str) -> Iterator[None]:
        try:
            yield
        except PermissionError as error:
            raise NotPermitted(
                f"the landing {self._folder} may not be written.",
                kept="what had landed before.",
                todo="mend its rights.",
            ) from error
        except OSError as error:
            if error.errno not in FULL:
                raise
            raise DiskFull(
                f"there is no room for {origin} in the landing {self._folder} ({error.strerror}).",
                kept="what had landed before; nothing of this file was left half-written.",
                todo="free some space, then run again.",
            ) from error


def open_plain(stored: BinaryIO) -> BinaryIO:
    """Return the plain bytes of a file that may be gzip, told by its first two bytes; the file must be seekable."""
    is_gzip = stored.read(2) == GZIP_MAGIC
    stored.seek(0)
    return cast(BinaryIO, gzip.GzipFile(fileobj=stored)) if is_gzip else stored


def _write_draft(stream: BinaryIO, draft: Path) -> tuple[str, int, str]:
    """Write a stream, compressed if it is not gzip already; return its SHA-256, size and encoding."""
    digest, size = sha256(), 0
    piece = stream.read(PIECE_BYTES)
    encoding = "gzip" if piece.startswith(GZIP_MAGIC) else "zstd"
    with draft.open("xb") as stored:
        # Level 1 makes notices seven times smaller at 700 MB/s; in threads of its own, beside the hashing here.
        writer = zstandard.ZstdCompressor(level=1, threads=2, write_checksum=True).stream_writer(stored, closefd=False)
        while piece:
            digest.update(piece)
            size += len(piece)
            if encoding == "gzip":
                stored.write(piece)
            else:
                writer.write(piece)
            piece = stream.read(PIECE_BYTES)
        if encoding == "zstd":
            writer.flush(zstandard.FLUSH_FRAME)
        stored.flush()
        os.fsync(stored.fileno())
    return digest.hexdigest(), size, encoding


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some file systems cannot
            os.fsync(handle)
    finally:
        os.close(handle)


def _write_sidecar(path: Path, entry: Entry) -> None:
    facts = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(entry).items()}
    stated = {name: value for name, value in facts.items() if value is not None}
    write_whole(path, json.dumps(stated, indent=1).encode())


def _read_sidecar(path: Path) -> Entry:
    facts = json.loads(path.read_text(encoding="utf-8"))
    instants = {name: datetime.fromisoformat(facts[name]) for name in ("fetched_at", "purged_at") if name in facts}
    return Entry(**{**facts, **instants})
