"""A folder as the object store: a draft is written, synced, and only then gets its name. For the owner only.

Not here: the interface and what a name is (object_store.py).
"""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

from warehouse.errors import DiskFull, NotPermitted, StoreUnavailable
from warehouse.object_store import Stored, StoredObject, absent, is_path, write_pieces

DRAFTS = ".drafts"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class FolderStore:
    """`<folder>/<2 hex>/<sha256>`; drafts lie in `<folder>/.drafts`, on the same disk."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`; it is made with the first object."""
        self._folder = folder
        self.where = str(folder)

    def put(self, stream: BinaryIO, *, limit: int) -> Stored:
        """Keep a stream to its end, as the interface says."""
        with _room(self.where):
            for folder in (self._folder, self._folder / DRAFTS):
                _make_folder(folder)
            draft = self._folder / DRAFTS / f"{os.getpid()}-{os.urandom(8).hex()}"
            try:
                with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
                    stored = write_pieces(stream, target, limit=limit)
                    target.flush()
                    os.fsync(target.fileno())
                self._enter(draft, stored)
            finally:
                draft.unlink(missing_ok=True)
        return stored

    def open(self, path: str) -> BinaryIO:
        """Open an object."""
        try:
            return self._place(path).open("rb")
        except FileNotFoundError:
            raise absent(path, self.where) from None
        except OSError as error:
            raise _away(self.where, error) from error

    def local(self, path: str) -> AbstractContextManager[Path]:
        """Give the file itself."""
        if not self.has(path):
            raise absent(path, self.where)
        return nullcontext(self._place(path))

    def has(self, path: str) -> bool:
        """Say whether there is an object at this path."""
        return is_path(path) and self._place(path).is_file()

    def delete(self, path: str) -> None:
        """Remove an object and let that survive a power cut."""
        if self.has(path):
            place = self._place(path)
            place.unlink(missing_ok=True)
            _sync_folder(place.parent)

    def walk(self) -> Iterator[StoredObject]:
        """Yield every object."""
        for place in self._folder.glob("??/*"):
            path = f"{place.parent.name}/{place.name}"
            with suppress(FileNotFoundError):  # removed meanwhile
                if is_path(path) and place.is_file():
                    seen = place.stat()
                    yield StoredObject(path, seen.st_size, datetime.fromtimestamp(seen.st_mtime, UTC))

    def drafts(self, *, before: datetime) -> Iterator[tuple[str, Callable[[], None]]]:
        """Yield drafts that nobody has written to since an instant."""
        for draft in (self._folder / DRAFTS).glob("*"):
            with suppress(FileNotFoundError):  # its writer has just ended
                if draft.stat().st_mtime < before.timestamp():
                    yield draft.name, partial(draft.unlink, missing_ok=True)

    def _place(self, path: str) -> Path:
        if not is_path(path):
            raise absent(path, self.where)
        return self._folder / path

    def _enter(self, draft: Path, stored: Stored) -> None:
        """Give a draft its name. Bytes that lie there already are replaced by the same: a damaged copy heals, and the
        newer time keeps `doctor --fix` away from them until their row is written.
        """
        place = self._folder / stored.path
        _make_folder(place.parent)
        draft.rename(place)
        _sync_folder(place.parent)


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    """Let the name itself survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _room(where: str) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise NotPermitted(
            f"the folder of files {where} may not be written.", kept="what lies there.", todo="mend its rights."
        ) from error
    except OSError as error:
        if error.errno not in _FULL:
            raise _away(where, error) from error
        raise DiskFull(
            f"there is no room for this file in {where}.",
            kept="every file that was uploaded before; nothing of this one.",
            todo="free some space, then upload it again.",
        ) from error


def _away(where: str, error: OSError) -> StoreUnavailable:
    return StoreUnavailable(
        f"the folder of files {where} does not answer ({error.strerror}).",
        kept="every file that was uploaded before.",
        todo="look at the disk, then try again.",
    )
