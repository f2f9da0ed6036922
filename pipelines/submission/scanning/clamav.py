"""ClamAV's daemon over its socket: the few lines of the INSTREAM protocol that we need.

Protocol: clamd's manual page, section COMMANDS (ClamAV 1.4, 2025). The database and its updates are the operator's.
"""

import re
import socket
from dataclasses import dataclass
from pathlib import Path

from warehouse.domain.submission_file import ScanStatus

SECONDS = 5
CHUNK = 1 << 18
LONGEST_ANSWER = 4096
_FOUND = re.compile(r"^stream: (.{1,200}) FOUND$", re.DOTALL)


@dataclass(frozen=True)
class Virus:
    """What ClamAV says."""

    status: ScanStatus
    reason: str = ""
    has_answered: bool = True


def ask_clamav(address: str, path: Path) -> Virus:
    """Let ClamAV look at a file; whatever goes wrong is `not_scanned` with the reason, never clean.

    Args:
        address: Path of its unix socket, or host:port.
        path: The file.
    """
    try:
        answer = _stream(address, path)
    except (OSError, ValueError) as error:
        return Virus(
            ScanStatus.NOT_SCANNED,
            f"ClamAV is set up but does not answer ({type(error).__name__}): the file was not looked at for viruses.",
            has_answered=False,
        )
    return _meaning(answer)


def _meaning(answer: str) -> Virus:
    if answer == "stream: OK":
        return Virus(ScanStatus.CLEAN)
    found = _FOUND.match(answer)
    if found:
        name = re.sub(r"[^\w.:+-]", "_", found[1])
        return Virus(ScanStatus.REFUSED, f"The file holds a virus or the like: ClamAV calls it {name}.")
    if "size limit exceeded" in answer:
        return Virus(
            ScanStatus.NOT_SCANNED, "The file is larger than ClamAV is set to take (its StreamMaxLength).", False
        )
    return Virus(ScanStatus.NOT_SCANNED, "ClamAV could not look at the file: its answer was not understood.", False)


def _stream(address: str, path: Path) -> str:
    with _connect(address) as connection, path.open("rb") as file:
        connection.settimeout(SECONDS)
        try:
            connection.sendall(b"zINSTREAM\0")
            while chunk := file.read(CHUNK):
                connection.sendall(len(chunk).to_bytes(4, "big") + chunk)
            connection.sendall(bytes(4))
        except (BrokenPipeError, ConnectionResetError):
            pass  # at its size limit it answers and hangs up; the answer says which it was
        answer = b""
        while not answer.endswith(b"\0") and len(answer) < LONGEST_ANSWER:
            more = connection.recv(LONGEST_ANSWER)
            if not more:
                break
            answer += more
    return answer.rstrip(b"\0\n").decode("utf-8", errors="replace")


def _connect(address: str) -> socket.socket:
    host, colon, port = address.rpartition(":")
    if colon and port.isdigit() and "/" not in address:
        return socket.create_connection((host.strip("[]"), int(port)), timeout=SECONDS)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(SECONDS)
    try:
        connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection
