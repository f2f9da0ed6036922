"""Processes of this machine, told apart for sure: a process id alone is used again.

A process is named `pid:start`, start being the kernel's own start mark. Not here: starting and stopping them.
"""

import os
import subprocess
from pathlib import Path

PROC = Path("/proc")


def process_name(pid: int | None = None) -> str:
    """Return the name of a living process (this one by default), or '' when there is none of that id."""
    pid = pid or os.getpid()
    started = _start_mark(pid)
    return f"{pid}:{started}" if started else ""


def is_alive(name: str) -> bool:
    """Say whether the process with this name still runs; a zombie does not."""
    pid = name.partition(":")[0]
    return bool(name) and pid.isdigit() and process_name(int(pid)) == name


def processes_of_session(session: int, home: Path) -> list[int]:
    """Return the living processes of a session that work for this home; the session's first process may be gone.

    Only Linux tells; elsewhere the list is empty.
    """
    found = []
    for entry in PROC.iterdir() if PROC.is_dir() else []:
        if entry.name.isdigit() and _session(entry) == session and _works_for(entry, home):
            found.append(int(entry.name))
    return found


def _fields(pid: int | str) -> list[str]:
    try:
        # The name in brackets may hold blanks and brackets itself: cut after the last one.
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _start_mark(pid: int) -> str:
    if PROC.joinpath("self").exists():
        fields = _fields(pid)
        return "" if not fields or fields[0] in "ZX" else fields[19]
    # macOS has no /proc; `ps` is part of the system there.
    told = subprocess.run(["/bin/ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return told.stdout.strip().replace(" ", "-")


def _session(entry: Path) -> int:
    fields = _fields(entry.name)
    return int(fields[3]) if fields and fields[0] not in "ZX" else -1


def _works_for(entry: Path, home: Path) -> bool:
    try:
        return f"PROCURA_HOME={home}".encode() in (entry / "environ").read_bytes().split(b"\0")
    except OSError:
        return False
