"""A running `procura up` to look at and to hurt: the real command in its own process, with a home of its own."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from warehouse.ledger.store import close_ledgers
from warehouse.settings import ROOT, Settings

PATIENCE_SECONDS = 90
FORGOTTEN = ("PROCURA_AS_OF", "PROCURA_DATABASE_URL", "PROCURA_LAKE_PATH", "PROCURA_ADMIN_PASSWORD")


def wait_for(what: str, holds: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> Any:
    """Return the first true answer of `holds`."""
    end = time.monotonic() + seconds
    while True:
        answer = holds()
        if answer:
            return answer
        assert time.monotonic() < end, f"{what}: did not come about within {seconds:g} s"
        time.sleep(0.1)


class Product:
    """The command line on one home."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.process: subprocess.Popen[str] | None = None
        self.environment = {name: value for name, value in os.environ.items() if name not in FORGOTTEN} | {
            "PROCURA_HOME": str(home),
            "PROCURA_OFFLINE": "1",
            "PROCURA_APP_PORT": "0",
            "PROCURA_DAGSTER_PORT": "0",
        }

    def run(self, *arguments: str, seconds: float = 300) -> subprocess.CompletedProcess[str]:
        """Run one command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "cli.main", *arguments], env=self.environment, cwd=ROOT, capture_output=True,
            text=True, check=False, timeout=seconds,
        )  # fmt: skip

    def json(self, *arguments: str) -> Any:
        """Run one command that succeeds and return its JSON, which is all of its standard output."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def rows(self, statement: str) -> Any:
        """Ask by `procura sql`."""
        return self.json("sql", statement, "--format", "json")

    def up(self, *arguments: str) -> None:
        """Start everything in the background, its words in a file."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.home.parent / "up.out").open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cli.main", "up", *arguments], env=self.environment, cwd=ROOT,
                stdout=out, stderr=out, text=True, start_new_session=True,
            )  # fmt: skip

    @property
    def words(self) -> str:
        """What `up` has said so far."""
        return (self.home.parent / "up.out").read_text()

    @property
    def state(self) -> dict[str, Any]:
        """What `up` wrote about itself."""
        told: dict[str, Any] = json.loads((self.home / "run" / "up.json").read_text())
        return told

    def wait_until_serving(self) -> dict[str, Any]:
        """Wait until app and Dagster answer."""

        def serves() -> bool:
            assert self.process is not None
            assert self.process.poll() is None, self.words
            state = self.state if (self.home / "run" / "up.json").exists() else {}
            is_this_life = state.get("pid") == self.process.pid
            return is_this_life and bool(state.get("dagster_url")) and self.is_healthy() and self.dagster_answers()

        wait_for("up is serving", serves)
        return self.state

    def is_healthy(self) -> bool:
        """Say whether the app answers."""
        try:
            return httpx.get(f"{self.state['app_url']}/healthz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def dagster_answers(self) -> bool:
        """Say whether Dagster's pages have loaded our definitions."""
        question = "{workspaceOrError{... on Workspace{locationEntries{locationOrLoadError{__typename}}}}}"
        try:
            told = self.ask_dagster(question)
        except (httpx.HTTPError, ValueError):
            return False
        entries = told.get("data", {}).get("workspaceOrError", {}).get("locationEntries", [])
        return [entry["locationOrLoadError"]["__typename"] for entry in entries if entry["locationOrLoadError"]] == [
            "RepositoryLocation"
        ]

    def ask_dagster(self, question: str) -> dict[str, Any]:
        """Ask Dagster's GraphQL as a stranger on this machine would."""
        address = self.state["dagster_url"].split("/?")[0]
        told: dict[str, Any] = httpx.post(f"{address}/graphql", json={"query": question}, timeout=10).json()
        return told

    def tree(self) -> list[psutil.Process]:
        """Return every living process that works for this home."""
        found = []
        for process in psutil.process_iter():
            try:
                mine = process.environ().get("PROCURA_HOME") == str(self.home)
                if process.pid != os.getpid() and mine and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return found

    def stop(self, with_signal: int = signal.SIGINT) -> int:
        """Ask `up` to end, as Ctrl-C does, and return its exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        return self.process.wait(PATIENCE_SECONDS)

    def end_all(self) -> None:
        """Leave nothing behind, whatever the test did."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
        for process in self.tree():
            process.kill()


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    """A product on a fresh home whose name holds what paths may hold."""
    made = Product(tmp_path / "a home & Büro")
    yield made
    made.end_all()
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.fixture
def product_here(settings: Settings) -> Iterator[Product]:
    """A product on the home that this process names too: its stores can be asked directly."""
    made = Product(settings.resolved_home)
    yield made
    close_ledgers()
    made.end_all()


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """An inbox folder with a small bulk file of invented notices."""
    from tests.flows.notices_csv import write_bulk_csv

    folder = tmp_path / "drop" / "sam_gov"
    folder.mkdir(parents=True)
    write_bulk_csv(folder / "ContractOpportunities.csv", records=40)
    return folder.parent
