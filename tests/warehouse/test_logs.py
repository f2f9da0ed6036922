"""One redaction before everything a process writes: loggers of others, tracebacks, standard error; files bounded and private."""

import json
import logging
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from warehouse.logs import BoundedFile, bound_outputs, open_output, remember_settings
from warehouse.redaction import redact_text
from warehouse.settings import ROOT, Settings

PROGRAM = """
import logging, sys, threading
import uvicorn.config
uvicorn.config.Config("none:none").configure_logging()
from streamlit.logger import get_logger
get_logger("streamlit.trial")
from warehouse import logs
logs.start("trial", takes_output=True)

secret = "hunter2-hunter2-hunter2"
url = f"postgresql://procura:{secret}@db.firm.example/x"
for name in ("uvicorn.error", "uvicorn.access", "dagster.daemon", "psycopg.pool", "httpx", "procura.app"):
    logging.getLogger(name).error("went to %s", url)
logging.getLogger("streamlit.trial").error("went to %s", url)
get_logger("streamlit.later").error("went to %s", url)  # made later it has a handler of its own: standard error
logs.log("procura.trial").error("went there", address=url, password=secret, facts={"token": secret, "count": 3})
try:
    local_value = secret
    raise RuntimeError(f"went to {url}")
except RuntimeError:
    logging.getLogger("procura.trial").exception("failed")
print("printed", url)
def fail():
    held = secret
    raise ValueError(url)
thread = threading.Thread(target=fail)
thread.start(); thread.join()
raise KeyError(url)
"""


@pytest.fixture
def trial(tmp_path: Path) -> tuple[subprocess.CompletedProcess[str], Path]:
    """A process that says a secret in every way, and its home."""
    home = tmp_path / "home"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False, cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PROCURA_HOME": str(home), "PROCURA_LOG_LEVEL": "INFO"},
    )  # fmt: skip
    return done, home


def test_nothing_a_process_says_holds_the_secret(trial: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    done, home = trial
    written = (home / "logs" / "trial.jsonl").read_text()
    for said in (done.stdout, done.stderr, written):
        assert "hunter2" not in said
        assert "***" in said
    assert "KeyError" in done.stderr
    assert "ValueError" in done.stderr
    assert "printed postgresql://procura:***@db.firm.example/x" in done.stdout


def test_lines_are_json_with_time_level_and_logger(trial: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    _, home = trial
    path = home / "logs" / "trial.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert {line["logger"] for line in lines} == {
        "uvicorn.error", "uvicorn.access", "dagster.daemon", "psycopg.pool", "httpx", "procura.app", "streamlit.trial",
        "procura.trial",
    }  # fmt: skip
    assert all(line["level"] == "error" and line["at"].endswith("Z") for line in lines)
    ours = next(line for line in lines if line["event"] == "went there")
    assert ours["facts"] == {"token": "***", "count": 3}
    failed = next(line for line in lines if line["event"] == "failed")
    assert "RuntimeError: went to postgresql://procura:***@" in failed["exception"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_file_is_bounded_and_shared_by_processes(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "shared.jsonl"
    both = [BoundedFile(path, most_bytes=2_000, kept=2) for _ in range(2)]
    for number in range(1_000):
        both[number % 2].handle(logging.makeLogRecord({"msg": f"line {number:04d}"}))
    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == ["shared.jsonl", "shared.jsonl.1", "shared.jsonl.2"]
    assert all(file.stat().st_size < 2_100 for file in files)
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    assert path.read_text().endswith("line 0999\n")
    lines = [line for file in reversed(files) for line in file.read_text().splitlines()]
    assert lines == sorted(lines)
    for handler in both:
        handler.close()


def test_what_children_wrote_is_shortened_while_they_write_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(home=tmp_path)
    settings.logs.mkdir()
    monkeypatch.setattr("warehouse.logs.MOST_BYTES", 1_000)
    path = settings.logs / "child.log"
    with open_output(path) as child:
        child.write(b"x" * 5_000)
        child.flush()
        bound_outputs(settings)
        assert path.stat().st_size == 0
        assert path.with_suffix(".log.1").stat().st_size == 500
        child.write(b"goes on")
    assert path.read_bytes() == b"goes on"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_secrets_among_the_settings_are_known_by_value() -> None:
    settings = Settings(admin_password="a phrase nobody writes down", database_url="postgresql://u:odd%2Fword%21@h/x")
    remember_settings(settings)
    assert redact_text("it was: a phrase nobody writes down") == "it was: ***"
    assert redact_text("tried odd/word! and odd%2Fword%21") == "tried *** and ***"
