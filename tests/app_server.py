"""The app in a process of its own, called as `procura up` calls it, for tests that need a real server."""

import contextlib
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from cli.children import app_program, child_environment
from warehouse.settings import ROOT, Settings

START_SECONDS = 60


@dataclass(frozen=True)
class Served:
    """A running app: where it is, its process, what it says."""

    address: str
    pid: int
    log: Path


@contextlib.contextmanager
def serve(settings: Settings, trusted: ssl.SSLContext | bool = True) -> Iterator[Served]:
    """Run the app on a free port of a home whose stores run; ended afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = settings.logs / f"app-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            app_program(settings, port).arguments, cwd=ROOT, env=child_environment(settings), stdout=output,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
    address = f"{'https' if settings.tls_cert else 'http'}://127.0.0.1:{port}"
    try:
        _wait_until_healthy(address, process, log, trusted)
        yield Served(address, process.pid, log)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_healthy(
    address: str, process: "subprocess.Popen[bytes]", log: Path, trusted: ssl.SSLContext | bool
) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{address}/healthz", timeout=2, verify=trusted).status_code == 200:
                return
        assert process.poll() is None, log.read_text()
        time.sleep(0.1)
    raise AssertionError(f"{address} does not answer:\n{log.read_text()}")
