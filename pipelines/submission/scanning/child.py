"""The child process in which a file is looked into: takes what to do on standard input, answers on standard output.

python -m pipelines.submission.scanning.child, started by process.py. It limits itself before it opens the file, so that a
bomb or a broken reader ends this process and nothing else.
"""

import json
import mmap
import os
import resource
import signal
import sys
from pathlib import Path

from pipelines.submission.scanning import limits
from pipelines.submission.scanning.buffers import Bytes
from pipelines.submission.scanning.judge import find_checks, judge_file
from pipelines.submission.scanning.verdict import Fact, Finding, not_scanned
from warehouse.domain.submission_file import ScanStatus


def limit_itself() -> None:
    """Bound memory, processor time, files written and open, and give no dump of what was read."""
    signal.alarm(limits.PATIENCE_SECONDS + 1)  # ends an orphan whose parent was killed
    wanted = {
        resource.RLIMIT_CPU: limits.SECONDS,
        resource.RLIMIT_FSIZE: limits.MOST_UNPACKED,
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_AS: _address_space() + limits.MEMORY_BYTES,
    }
    for name, value in wanted.items():
        try:
            resource.setrlimit(name, (value, value))
        except (ValueError, OSError):
            continue  # macOS does not bound the address space; the parent's clock and the budgets still hold


def _address_space() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return 1024 * limits.MEBIBYTE
    return pages * resource.getpagesize()


def examine(path: str, name: str) -> dict[str, object]:
    """Return status, reason and findings of one file."""
    findings: dict[str, Fact] = {}
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            data: Bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
            finding = judge_file(name, data, findings)
    except MemoryError:
        finding = not_scanned("needs more memory to be looked into than a file may take")
    except Exception as error:  # noqa: BLE001 - the child's outermost edge: whatever breaks, the file is not clean
        finding = not_scanned(f"could not be looked into ({type(error).__name__})")
    return _answer(finding, findings)


def _answer(finding: Finding | None, findings: dict[str, Fact]) -> dict[str, object]:
    status = finding.status if finding else ScanStatus.CLEAN
    return {"status": str(status), "reason": finding.sentence() if finding else "", "findings": findings}


def main() -> None:
    """Look into the file that was asked for."""
    work = json.load(sys.stdin.buffer)
    find_checks()
    limit_itself()
    json.dump(examine(work["path"], work["name"]), sys.stdout)
    sys.stdout.flush()
    os._exit(0)  # no finalisers over what may be a half-read bomb


if __name__ == "__main__":
    main()
