"""Whether the embedded PostgreSQL has room to go on. Not here: what else fills a disk, and who tells of it."""

import shutil
from pathlib import Path

from warehouse.settings import Settings

SEGMENT_BYTES = 16 * 1024 * 1024
"""One more piece of PostgreSQL's log of changes: where it does not fit, the server ends, and does not start again."""
TAIL_BYTES = 16 * 1024
STARTED = "ready to accept connections"
FULL = "No space left on device"


def lacks_room(settings: Settings) -> bool:
    """Say whether a server of ours that does not answer has met a full disk; False for a server elsewhere."""
    home = settings.resolved_home
    if settings.database_url is not None or not home.exists():
        return False
    # A server that ends gives room back, so how much is free now does not say it all: it may have said why it ended.
    return shutil.disk_usage(home).free < SEGMENT_BYTES or FULL in _last_words(settings.logs / "postgres.log")


def _last_words(log: Path) -> str:
    """Return what a server has written since it last was ready; "" where there is no log."""
    try:
        with log.open("rb") as handle:
            handle.seek(max(0, log.stat().st_size - TAIL_BYTES))
            return handle.read().decode(errors="replace").rpartition(STARTED)[2]
    except OSError:
        return ""
