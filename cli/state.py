"""What `up` writes down about itself in run/up.json, for `status` and `down`, and the lock that says it lives."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from io import TextIOWrapper
from pathlib import Path

from warehouse.errors import AlreadyRunning
from warehouse.settings import Settings


@dataclass
class ProcessState:
    """One child of `up`; `name` of pipelines/administration/processes.py tells it from a later one of the same id."""

    pid: int
    process: str
    started_at: str
    restarts: int = 0


@dataclass
class UpState:
    """What runs now, since when, where. Holds the way into Dagster, so the file is the owner's alone."""

    pid: int
    process: str
    started_at: str
    phase: str
    home: str
    app_url: str | None = None
    dagster_url: str | None = None
    as_of: str | None = None
    processes: dict[str, ProcessState] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def write_state(settings: Settings, state: UpState) -> None:
    """Write run/up.json whole or not at all."""
    fresh = settings.run / "up.json.new"
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        json.dump(asdict(state), handle, indent=1)
    fresh.replace(settings.run / "up.json")


def read_state(settings: Settings) -> UpState | None:
    """Return what the last `up` wrote, whether it lives or not; None when there is nothing readable."""
    try:
        told = json.loads((settings.run / "up.json").read_text())
        children = {name: ProcessState(**child) for name, child in told.pop("processes").items()}
        return UpState(**told, processes=children)
    except (OSError, ValueError, TypeError, KeyError):
        return None


@contextmanager
def hold_home(settings: Settings) -> Iterator[None]:
    """Be the only `up` of this home.

    Raises:
        AlreadyRunning: another one lives; the message names its process and where it serves.
    """
    with _lock_file(settings) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _already_running(settings) from None
        yield


def is_held(settings: Settings) -> bool:
    """Say whether an `up` of this home lives; the kernel knows, no file can be stale."""
    if not (settings.run / "up.lock").exists():
        return False
    with _lock_file(settings) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _lock_file(settings: Settings) -> TextIOWrapper:
    path: Path = settings.run / "up.lock"
    return path.open("a+")


def _already_running(settings: Settings) -> AlreadyRunning:
    state = read_state(settings)
    who = f"process {state.pid}" if state else "another process"
    where = f" It serves {state.app_url}." if state and state.app_url else ""
    return AlreadyRunning(
        f"`procura up` already runs for {settings.resolved_home} ({who}).{where}",
        kept="nothing was started or changed.",
        todo="use it, end it with `procura down`, or set PROCURA_HOME to another folder.",
    )
