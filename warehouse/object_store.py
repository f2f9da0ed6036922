"""Bytes of offers' files: one interface over a folder or a bucket. A name is made of the bytes' own SHA-256.

The same bytes lie once, nothing is ever overwritten by others, and half a file is never seen under a name. Which names are
in use is the ledger's to say (warehouse/ledger/submission_files.py): `delete` is for who has asked it. Not here: rows,
rights, what a file holds.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Protocol

from warehouse.errors import BadInput, NotFound
from warehouse.settings import Settings, current

PIECE_BYTES = 1024 * 1024
"""What is held of a file at once while it is written or read."""
_PATH = re.compile(r"([0-9a-f]{2})/([0-9a-f]{64})")


@dataclass(frozen=True)
class Stored:
    """What was put: where its bytes lie, their SHA-256 in hex, their number."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True)
class StoredObject:
    """One object that lies there; `modified_at` is when its bytes were put last, UTC."""

    path: str
    size: int
    modified_at: datetime


class ObjectStore(Protocol):
    """A place for bytes; safe from several threads and processes.

    All of it may raise StoreUnavailable (it does not answer) and NotPermitted (it refuses us).
    """

    where: str
    """Its place in words, without any secret."""

    def put(self, stream: BinaryIO, *, limit: int) -> Stored:
        """Keep a stream to its end; when this returns, the bytes survive a power cut.

        Args:
            stream: Read once, in pieces.
            limit: The most bytes that are taken.

        Raises:
            BadInput: there are more bytes than `limit`, or none at all; nothing of them is left.
            DiskFull: there is no room; nothing of them is left.
        """

    def open(self, path: str) -> BinaryIO:
        """Open an object for reading once from its beginning; the caller closes it.

        Raises:
            NotFound: there is none at this path.
        """

    def local(self, path: str) -> AbstractContextManager[Path]:
        """Give an object as a file of this machine for the time of the `with`; it is only to be read.

        Raises:
            NotFound: there is none at this path.
        """

    def has(self, path: str) -> bool:
        """Say whether there is an object at this path."""

    def delete(self, path: str) -> None:
        """Remove an object; nothing happens where there is none."""

    def walk(self) -> Iterator[StoredObject]:
        """Yield every object, in no order that means anything."""

    def drafts(self, *, before: datetime) -> Iterator[tuple[str, Callable[[], None]]]:
        """Yield what writers that were killed left half-written before an instant: its name, and what removes it."""


def open_object_store(settings: Settings | None = None) -> ObjectStore:
    """Return the place that PROCURA_FILES_URL names: a folder (by default in the home), or s3://bucket/prefix.

    Raises:
        BadInput: the address is neither.
    """
    settings = settings or current()
    address = settings.files_url.strip()
    if address.startswith("s3://"):
        from warehouse.object_store_s3 import BucketStore

        return BucketStore(address, endpoint=settings.files_s3_endpoint or None, scratch=settings.temporary)
    from warehouse.object_store_folder import FolderStore

    folder = address.removeprefix("file://")
    if "://" in folder:
        raise BadInput("PROCURA_FILES_URL is no place for files.", todo="give a folder, or s3://bucket/prefix.")
    return FolderStore(Path(folder).expanduser().resolve() if folder else settings.files)


def path_of(digest: str) -> str:
    """Return where bytes of this SHA-256 lie."""
    return f"{digest[:2]}/{digest}"


def is_path(path: str) -> bool:
    """Say whether a text is a path that `put` gives; nothing else is ever opened or removed."""
    found = _PATH.fullmatch(path)
    return found is not None and found[2].startswith(found[1])


def absent(path: str, where: str) -> NotFound:
    """Return the refusal of an object that is not there."""
    return NotFound(
        f"the bytes {path[:67]} are not in {where}.",
        kept="the row that names them.",
        todo="restore the files from your backup; `procura doctor` lists what is missing.",
    )


def write_pieces(stream: BinaryIO, target: BinaryIO, *, limit: int) -> Stored:
    """Copy a stream in pieces into an open file and say what it was.

    Raises:
        BadInput: there are more bytes than `limit`, or none.
    """
    digest, size = sha256(), 0
    while piece := stream.read(PIECE_BYTES):
        size += len(piece)
        if size > limit:
            raise BadInput(
                f"The file is larger than {limit / 1024**2:,.0f} MB.",
                kept="nothing of it.",
                todo="make it smaller, or split it; an admin sets the limit with PROCURA_FILES_MOST_MB.",
            )
        digest.update(piece)
        target.write(piece)
    if size == 0:
        raise BadInput(
            "The file is empty.", kept="nothing of it.", todo="look whether it was saved, then upload it again."
        )
    return Stored(path_of(digest.hexdigest()), digest.hexdigest(), size)


def is_whole(store: ObjectStore, path: str) -> bool:
    """Read an object to its end and compare with its name; memory stays at some MB.

    Raises:
        NotFound: there is none at this path.
    """
    digest = sha256()
    with store.open(path) as stream:
        while piece := stream.read(PIECE_BYTES):
            digest.update(piece)
    return path_of(digest.hexdigest()) == path
