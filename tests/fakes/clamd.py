"""ClamAV's daemon as tests meet it: speaks INSTREAM, and finds what it is told to, is slow, small, mute or confused."""

import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Clamd:
    """What the daemon knows, how it behaves, and what it was sent."""

    signature: bytes = b"VIRUS"
    answer: bytes | None = None
    """Said in place of a verdict."""
    most_bytes: int = 25 << 20
    silent_seconds: float = 0
    hangs_up: bool = False
    seen: list[bytes] = field(default_factory=list)
    address: str = ""


@contextmanager
def running_clamd(clamd: Clamd, *, socket_path: Path | None = None) -> Iterator[Clamd]:
    """Serve it on a unix socket, or on a free port of this machine."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            if clamd.hangs_up:
                return
            assert self.rfile.read(10) == b"zINSTREAM\0"
            held = bytearray()
            while size := int.from_bytes(self.rfile.read(4), "big"):
                held += self.rfile.read(size)
                if len(held) > clamd.most_bytes:
                    self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
                    return
            clamd.seen.append(bytes(held))
            time.sleep(clamd.silent_seconds)
            found = b"stream: Test.Virus-1 FOUND\0" if clamd.signature in held else b"stream: OK\0"
            self.wfile.write(found if clamd.answer is None else clamd.answer)

    kind: type[socketserver.BaseServer] = socketserver.ThreadingTCPServer
    if socket_path is not None:
        kind = socketserver.ThreadingUnixStreamServer
    server = kind(str(socket_path) if socket_path else ("127.0.0.1", 0), Handler)  # type: ignore[arg-type]
    server.daemon_threads = True  # type: ignore[attr-defined]
    assert isinstance(server.socket, socket.socket)  # type: ignore[attr-defined]
    clamd.address = str(socket_path) if socket_path else f"127.0.0.1:{server.server_address[1]}"  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield clamd
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
