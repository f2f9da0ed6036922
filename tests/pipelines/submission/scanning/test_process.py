"""The child process: whatever a file does to it, the answer is a verdict with a reason."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.submission.scan import scan_file
from pipelines.submission.scanning import limits
from pipelines.submission.scanning.process import look_into, parse_answer
from tests.hostile_files import pdf_bytes
from warehouse.domain.submission_file import ScanStatus
from warehouse.settings import ROOT, Settings

pytestmark = pytest.mark.thorough


def test_a_clean_file_says_what_it_is_and_by_whom_it_was_judged(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(pdf_bytes.write(pdf_bytes.objects()))
    result = scan_file(path, "Volume I.pdf", settings=Settings(clamav=""))
    assert (result.status, result.reason, result.media_type) == (ScanStatus.CLEAN, "", "application/pdf")
    assert result.findings["pages"] == 1
    assert result.findings["scanners"] == "structure"


def test_a_refusal_is_a_sentence_that_names_the_inner_file(tmp_path: Path) -> None:
    from tests.hostile_files.honest_others import zipped

    path = tmp_path / "x"
    path.write_bytes(zipped({"Offer/ok.txt": b"x", "Offer/to\u202ecod.exe": b"x"}))
    result = scan_file(path, "offer.zip", settings=Settings(clamav=""))
    assert result.status is ScanStatus.REFUSED
    assert "“Offer/to?cod.exe”" in result.reason
    assert result.reason.endswith(".")


def test_a_child_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PATIENCE_SECONDS", 2)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    looked = look_into(pipe, "offer.pdf")
    assert looked.status is ScanStatus.NOT_SCANNED
    assert "2 seconds" in looked.reason


def test_a_missing_file_is_not_scanned(tmp_path: Path) -> None:
    looked = look_into(tmp_path / "none", "offer.pdf")
    assert looked.status is ScanStatus.NOT_SCANNED
    assert "FileNotFoundError" in looked.reason


def test_a_file_larger_than_the_limit_is_not_scanned(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.write(b"%PDF-1.4\n")
        file.truncate(limits.LARGEST_FILE + 1)
    looked = look_into(path, "offer.pdf")
    assert looked.status is ScanStatus.NOT_SCANNED
    assert "larger than" in looked.reason


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"status": "clean"}',
        b'{"status": "fine", "reason": "", "findings": {}}',
        b"\xff\xfe",
    ],
)
def test_half_an_answer_is_never_clean(answer: bytes) -> None:
    assert parse_answer(answer).status is ScanStatus.NOT_SCANNED


def test_a_child_may_not_take_more_memory_than_promised() -> None:
    code = "from pipelines.submission.scanning.child import limit_itself; limit_itself(); bytearray(300 << 20)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)
    assert b"MemoryError" in done.stderr


def test_a_child_that_computes_for_ever_is_ended_by_the_system() -> None:
    code = "from pipelines.submission.scanning.child import limit_itself; limit_itself()\nwhile True: pass"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode < 0
