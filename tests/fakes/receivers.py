"""Who gets the product's messages in tests: a mail server and a server of hooks, on free ports of this machine."""

import asyncio
import email
import email.policy
import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.fakes.loopback import Handler, serving


@dataclass
class Mailbox:
    """What came, and whether the server takes anything now."""

    got: list[EmailMessage] = field(default_factory=list)
    to: list[str] = field(default_factory=list)
    refuses: bool = False
    silent_seconds: float = 0
    """How long it keeps the sender waiting after it has taken a message."""
    url: str = ""

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Take one message, or refuse it for now."""
        if self.refuses:
            return "451 4.3.0 not now; your password was hushhush"
        message = email.message_from_bytes(envelope.content or b"", policy=email.policy.default)  # type: ignore[arg-type]
        assert isinstance(message, EmailMessage)
        self.got.append(message)
        self.to += envelope.rcpt_tos
        await asyncio.sleep(self.silent_seconds)
        return "250 OK"

    def text(self, number: int = -1) -> str:
        """Return the text of one message."""
        return str(self.got[number].get_content()).replace("\r\n", "\n")


@contextmanager
def running_mailbox() -> Iterator[Mailbox]:
    """Serve a mailbox."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    box = Mailbox(url=f"smtp://127.0.0.1:{port}")
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield box
    finally:
        server.stop()


@dataclass
class HookServer:
    """What was posted where, and how it is answered."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    posted: list[tuple[str, Any]] = field(default_factory=list)
    url: str = ""


@contextmanager
def running_hooks(*, cert: Path | None = None, key: Path | None = None) -> Iterator[HookServer]:
    """Serve hooks, over HTTPS where a certificate is given."""
    hooks = HookServer()

    class Hook(Handler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            hooks.posted.append((self.path, json.loads(body)))
            answer = b"ok"
            self.send_response(hooks.status)
            for name, value in hooks.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST

    tls = None
    if cert is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(cert, key)
    with serving(Hook, tls=tls) as hooks.url:
        yield hooks
