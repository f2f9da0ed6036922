"""Looking into a file in a child process that is killed with its children when its time is up."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.submission.scanning import limits
from pipelines.submission.scanning.verdict import Fact
from warehouse.domain.submission_file import ScanStatus
from warehouse.settings import ROOT

LONGEST_ANSWER = 64 * 1024
"""The child's answer is a few hundred bytes; a child that was taken over cannot fill the parent's memory."""


@dataclass(frozen=True)
class Looked:
    """What the child said, or why it said nothing."""

    status: ScanStatus
    reason: str
    findings: Mapping[str, Fact] = field(default_factory=dict)


def look_into(path: Path, name: str) -> Looked:
    """Examine a file; a child that crashes, hangs or babbles gives `not_scanned` with the reason."""
    command = [sys.executable, "-s", "-B", "-m", "pipelines.submission.scanning.child"]
    with tempfile.TemporaryFile() as answer:
        # No environment: no setting and no secret is the child's business.
        child = subprocess.Popen(
            command, cwd=ROOT, env={}, stdin=subprocess.PIPE, stdout=answer, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        try:
            child.communicate(
                json.dumps({"path": str(path.absolute()), "name": name}).encode(), limits.PATIENCE_SECONDS
            )
        except subprocess.TimeoutExpired:
            return Looked(
                ScanStatus.NOT_SCANNED, f"The file could not be looked into within {limits.PATIENCE_SECONDS} seconds."
            )
        finally:
            end(child)
        answer.seek(0)
        return parse_answer(answer.read(LONGEST_ANSWER))


def end(child: subprocess.Popen[bytes]) -> None:
    """End the child and whatever it started."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        child.kill()  # the group has gone already; macOS says it by PermissionError
    child.wait()


def parse_answer(answer: bytes) -> Looked:
    """Read the child's answer; anything but a whole one is `not_scanned`."""
    try:
        said = json.loads(answer)
        facts = {str(key): value for key, value in said["findings"].items() if isinstance(value, bool | int | str)}
        return Looked(ScanStatus(said["status"]), str(said["reason"]), facts)
    except (ValueError, KeyError, TypeError, AttributeError):
        return Looked(
            ScanStatus.NOT_SCANNED,
            "The file broke off the looking into it: it is damaged, or made to take too much memory or time.",
        )
