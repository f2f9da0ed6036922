"""Files that only the owner may read, written so that nobody ever meets half a one."""

import os
from pathlib import Path

from warehouse.errors import NotPermitted


def write_private(path: Path, text: str | bytes, *, only_if_absent: bool = False) -> None:
    """Write a file of mode 0600 as a whole: beside its place, onto the disk, then into its place.

    Args:
        only_if_absent: Leave a file that is there already; the first of two processes wins.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    fresh.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
            handle.write(text.encode() if isinstance(text, str) else text)
            handle.flush()
            os.fsync(handle.fileno())
        if only_if_absent:
            try:
                os.link(fresh, path)
            except FileExistsError:
                return
        else:
            fresh.rename(path)
        _sync_folder(path.parent)
    finally:
        fresh.unlink(missing_ok=True)


def read_private(path: Path) -> str:
    """Return a private file's text.

    Raises:
        NotPermitted: others may read it as well.
        FileNotFoundError: it is not there.
    """
    if path.stat().st_mode & 0o077:
        raise NotPermitted(f"{path} can be read by others.", kept="nothing was written.", todo=f"chmod 600 {path}")
    return path.read_text(encoding="utf-8")


def _sync_folder(folder: Path) -> None:
    """Let the name itself survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
