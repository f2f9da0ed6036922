"""The portal as tests run it: a process of its own, whose file they read."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.portal.faults import Faults
from tests.fakes.portal.store import PortalStore
from warehouse.settings import ROOT


@dataclass(frozen=True)
class RunningPortal:
    """Its address, and what it took."""

    address: str
    store: PortalStore
    process: "subprocess.Popen[str]"


@contextmanager
def running_portal(folder: Path, faults: Faults | None = None, *, port: int = 0) -> Iterator[RunningPortal]:
    """Serve a portal whose state is in a folder, which outlives it."""
    store = PortalStore(folder)
    if faults is not None:
        store.set_faults(faults)
    command = [sys.executable, "-m", "tests.fakes.portal", "--port", str(port), "--state", str(folder)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        address = process.stdout.readline().strip() if process.stdout else ""
        assert address.startswith("http://"), f"the rehearsal portal did not start: {address!r}"
        yield RunningPortal(address, store, process)
    finally:
        process.terminate()
        process.wait(20)
        if process.stdout:
            process.stdout.close()
        store.close()
