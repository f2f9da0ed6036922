"""pretalx as a portal of its own: where it is installed, served from a folder, and what its database and files say arrived."""

import os
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from warehouse.settings import ROOT

HERE = Path(__file__).parent
PYTHON = ROOT / ".pretalx" / "bin" / "python"
"""`make soak` installs it there, apart from the product: its libraries and its licence (AGPL) are its own."""
EMAIL, PASSWORD = "bidder@firm.example", "a quiet green lamp"
OPEN, CLOSED = "grants", "closed"
SECONDS = 120


@dataclass(frozen=True)
class Arrived:
    """One proposal as pretalx keeps it."""

    code: str
    title: str
    state: str
    files: tuple[bytes, ...]


@dataclass(frozen=True)
class Pretalx:
    """A served pretalx."""

    address: str
    folder: Path

    def profile(self, event: str = OPEN) -> str:
        """Return the portal profile for a call of this one."""
        text = (HERE / "profile.toml").read_text(encoding="utf-8")
        return text.replace("ADDRESS", self.address).replace("EVENT", event)

    def arrived(self) -> list[Arrived]:
        """Return every proposal that pretalx holds, drafts too, the oldest first, with its files in the order of the form."""
        with closing(sqlite3.connect(self.folder / "db.sqlite3", timeout=30)) as database:
            found = database.execute("select id, code, title, state from submission_submission order by id").fetchall()
            return [Arrived(code, title, state, self._files(database, key)) for key, code, title, state in found]

    def _files(self, database: sqlite3.Connection, key: int) -> tuple[bytes, ...]:
        rows = database.execute(
            "select a.answer_file from submission_answer a join submission_question q on q.id = a.question_id"
            " where a.submission_id = ? order by q.position",
            [key],
        )
        return tuple((self.folder / "media" / name).read_bytes() for (name,) in rows)


@contextmanager
def running_pretalx(folder: Path) -> Iterator[Pretalx]:
    """Set a fresh one up in a folder and serve it until the end of the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "DJANGO_SETTINGS_MODULE": "pretalx.settings", "PRETALX_DEBUG": "False",
        "PRETALX_DB_TYPE": "sqlite3", "PRETALX_DB_NAME": str(folder / "db.sqlite3"), "PRETALX_SITE_URL": address,
        "PRETALX_FILESYSTEM_MEDIA": str(folder / "media"), "PRETALX_FILESYSTEM_LOGS": str(folder / "logs"),
        "PRETALX_FILESYSTEM_STATIC": str(folder / "static"), "PRETALX_MAIL_FROM": "office@grants.example",
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "pretalx.log").open("wb") as log:
        for words in (
            ["-m", "pretalx", "migrate"],
            ["-m", "pretalx", "collectstatic", "--noinput"],
            [str(HERE / "set_up.py"), EMAIL, PASSWORD],
        ):
            subprocess.run([PYTHON, *words], env=environment, cwd=folder, stdout=log, stderr=log, check=True)
        serve = [PYTHON, "-m", "pretalx", "runserver", "--noreload", address.removeprefix("http://")]
        process = subprocess.Popen(serve, env=environment, cwd=folder, stdout=log, stderr=log)
        try:
            _wait_until_served(address, process)
            yield Pretalx(address, folder)
        finally:
            process.terminate()
            process.wait(20)


def _wait_until_served(address: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, "pretalx ended while it started"
        try:
            if httpx.get(f"{address}/{OPEN}/cfp").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError(f"pretalx does not answer at {address}")
