"""ClamAV: what it says counts; while it is set up and does not answer, nothing is clean."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.submission.scan import ScanResult, scan_file
from tests.fakes.clamd import Clamd, running_clamd
from warehouse.domain.submission_file import ScanStatus
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough


def _scan(folder: Path, content: bytes, address: str, name: str = "offer.txt") -> ScanResult:
    path = folder / "file"
    path.write_bytes(content)
    return scan_file(path, name, settings=Settings(clamav=address))


def test_a_file_without_a_virus_is_clean_by_both(tmp_path: Path) -> None:
    with running_clamd(Clamd(), socket_path=tmp_path / "s") as clamd:
        result = _scan(tmp_path, b"hello " * 100_000, clamd.address)
    assert (result.status, result.findings["scanners"]) == (ScanStatus.CLEAN, "structure, ClamAV")
    assert clamd.seen == [b"hello " * 100_000]


def test_a_virus_is_refused_by_its_name(tmp_path: Path) -> None:
    with running_clamd(Clamd()) as clamd:
        result = _scan(tmp_path, b"a VIRUS here", clamd.address)
    assert result.status is ScanStatus.REFUSED
    assert "Test.Virus-1" in result.reason


def test_what_cannot_be_judged_stays_so_when_clamav_finds_nothing(tmp_path: Path) -> None:
    with running_clamd(Clamd()) as clamd:
        result = _scan(tmp_path, b"Rar!\x1a\x07\0" + bytes(50), clamd.address, "offer.rar")
    assert result.status is ScanStatus.NOT_SCANNED
    assert "RAR" in result.reason


@pytest.mark.parametrize(
    ("clamd", "words"),
    [
        (Clamd(most_bytes=100), "larger than ClamAV"),
        (Clamd(hangs_up=True), "not understood"),
        (Clamd(answer=b"stream: nonsense ERROR\0"), "not understood"),
        (Clamd(answer=b"stream: OK FOUND later\0"), "not understood"),
        (Clamd(answer=b"\0"), "not understood"),
        (Clamd(answer=b"x" * 100_000), "not understood"),
        (Clamd(silent_seconds=6), "does not answer"),
    ],
)
def test_trouble_with_clamav_is_never_clean(tmp_path: Path, clamd: Clamd, words: str) -> None:
    with running_clamd(clamd):
        result = _scan(tmp_path, b"hello " * 100_000, clamd.address)
    assert result.status is ScanStatus.NOT_SCANNED
    assert words in result.reason


@pytest.mark.parametrize(
    "address", ["/nowhere/clamd.sock", "127.0.0.1:1", "nonsense", "host.invalid:3310", "127.0.0.1:99999"]
)
def test_unreachable_while_set_up_is_never_clean(tmp_path: Path, address: str) -> None:
    result = _scan(tmp_path, b"hello", address)
    assert result.status is ScanStatus.NOT_SCANNED
    assert "does not answer" in result.reason
    assert result.findings["scanners"] == "structure"


@pytest.fixture
def real_clamd(tmp_path: Path) -> Iterator[str]:
    """Start Debian's daemon with a database of one signature of our own."""
    program = shutil.which("clamd") or "/usr/sbin/clamd"
    if not Path(program).exists():
        pytest.skip("clamd is not installed (Debian: clamav-daemon)")
    database = tmp_path / "db"
    database.mkdir()
    (database / "own.ndb").write_text(f"Own.Test.Signature:0:*:{b'PROCURA-TEST-SIGNATURE'.hex()}\n")
    address = tmp_path / "clamd.sock"
    (tmp_path / "clamd.conf").write_text(
        f"LocalSocket {address}\nDatabaseDirectory {database}\nForeground yes\nStreamMaxLength 1M\nTemporaryDirectory {tmp_path}\n"
    )
    os.chmod(tmp_path, 0o755)
    child = subprocess.Popen(
        [program, "-c", str(tmp_path / "clamd.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(200):
            if address.exists():
                break
            time.sleep(0.1)
        yield str(address)
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(20)


def test_the_real_daemon_is_understood(tmp_path: Path, real_clamd: str) -> None:
    assert _scan(tmp_path, b"hello", real_clamd).status is ScanStatus.CLEAN
    found = _scan(tmp_path, b"a PROCURA-TEST-SIGNATURE here", real_clamd)
    assert found.status is ScanStatus.REFUSED
    assert "Own.Test.Signature" in found.reason
    large = _scan(tmp_path, b"hello " * 300_000, real_clamd)
    assert large.status is ScanStatus.NOT_SCANNED
    assert "larger than ClamAV" in large.reason
