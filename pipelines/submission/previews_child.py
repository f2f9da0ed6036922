"""The child process in which a file is drawn: takes what to do on standard input, answers on standard output.

python -m pipelines.submission.previews_child, started by previews.py. It limits itself before it opens the file. Not here: the
kinds of files (previews_readers.py).
"""

import json
import os
import resource
import signal
import sys
from pathlib import Path

from pipelines.submission.previews_readers import Unshowable, load_reader
from pipelines.submission.receipt_readers import load_text_reader

SECONDS = 9
MEMORY_BYTES = 256 * 1024 * 1024
"""Address space above the interpreter with its readers."""
MOST_WRITTEN_BYTES = 40 * 1024 * 1024
TOO_MUCH = "This file takes too much memory to be shown. Download it to open it."
BROKEN = "This file could not be read; it may be damaged. Download it to open it."


def limit_itself() -> None:
    """Bound memory, processor time and what is written, and give no dump of what was read."""
    signal.alarm(SECONDS + 1)  # ends an orphan whose parent was killed
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        pages = 2**30 // resource.getpagesize()
    wanted = {
        resource.RLIMIT_CPU: SECONDS,
        resource.RLIMIT_FSIZE: MOST_WRITTEN_BYTES,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_AS: pages * resource.getpagesize() + MEMORY_BYTES,
    }
    for name, value in wanted.items():
        try:
            resource.setrlimit(name, (value, value))
        except (ValueError, OSError):
            continue  # macOS does not bound the address space; the clock and the readers' own limits still hold


def main() -> None:
    """Draw the file that was asked for."""
    wanted = json.load(sys.stdin.buffer)
    try:
        load = load_text_reader if wanted.get("as_text") else load_reader
        read = load(wanted["media_type"], wanted["name"])
        limit_itself()
        blocks, note = read(Path(wanted["path"]))
    except Unshowable as reason:
        blocks, note = [], str(reason)
    except MemoryError:
        blocks, note = [], TOO_MUCH
    except Exception:  # noqa: BLE001 - the child's outermost edge: whatever breaks, nothing is shown
        blocks, note = [], BROKEN
    json.dump({"blocks": blocks, "note": note}, sys.stdout)
    sys.stdout.flush()
    os._exit(0)  # no finalisers over what may be half read


if __name__ == "__main__":
    main()
