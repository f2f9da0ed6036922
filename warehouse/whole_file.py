"""A small file that is there whole or not at all, also after a kill or with a full disk."""

import errno
import os
from pathlib import Path

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""How a system says that a disk, a share of it, or a limit on size is used up."""


def write_whole(path: Path, body: bytes) -> None:
    """Write beside `path`, sync, and rename; several processes may do so at once.

    Raises:
        OSError: it cannot be written; what stood there before stands.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with draft.open("wb") as handle:
            handle.write(body)
            handle.flush()
            os.fsync(handle.fileno())
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)
