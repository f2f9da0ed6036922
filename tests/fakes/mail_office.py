"""A mail server with STARTTLS and sign-in, the office behind it, and the firm's mailbox over IMAP: real servers, free ports.

What the office does with what it gets, and where the line to it breaks, can be switched at any time.
"""

import asyncio
import ssl
import threading
from argparse import Namespace
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import Config, DictBackend
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxSet
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage

from tests.certificates import Pair
from tests.fakes.office_letters import Arrived, out_of_office, plain_bounce, receipt, report
from warehouse.clock import now

USER, PASSWORD = "offers@firm.example", "canary-mail-password-81"
DROP, HANG = "drop", "hang"
Result = TypeVar("Result")


class Stage(StrEnum):
    """Where something may go wrong."""

    GREETING = "greeting"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    CONTENT = "content"
    """In the middle of the message, before the last dot."""
    BEFORE = "before"
    """The last dot has come; the message is not kept."""
    AFTER = "after"
    """The message is kept; no good answer goes back."""


@dataclass
class Trouble:
    """One thing that goes wrong once.

    Attributes:
        words: DROP the line, HANG, or an answer such as "451 4.3.0 later".
        on: Which message it meets, counting every one that was begun.
    """

    stage: Stage
    words: str = DROP
    on: int = 1
    is_over: bool = False


Does = Callable[[Arrived, int], bytes | None]
"""What the office does with a message: the letter it writes, if any; the number counts what has arrived."""


def sends_receipt(arrived: Arrived, number: int) -> bytes | None:
    """Acknowledge it."""
    return receipt(arrived, f"R-2026-{number:04}")


def is_silent(arrived: Arrived, number: int) -> bytes | None:
    """Write nothing."""


def is_away(arrived: Arrived, number: int) -> bytes | None:
    """Answer automatically."""
    return out_of_office(arrived)


def bounces(arrived: Arrived, number: int) -> bytes | None:
    """Report that it failed."""
    return report(arrived, "failed")


def bounces_badly(arrived: Arrived, number: int) -> bytes | None:
    """Report that it failed, in no form."""
    return plain_bounce(arrived)


def is_late(arrived: Arrived, number: int) -> bytes | None:
    """Report that it is delayed."""
    return report(arrived, "delayed")


def has_it(arrived: Arrived, number: int) -> bytes | None:
    """Report that it lies in the mailbox."""
    return report(arrived, "delivered")


@dataclass
class MailOffice:
    """Both servers, what arrived and what was signed in with."""

    does: Does = sends_receipt
    troubles: list[Trouble] = field(default_factory=list)
    size_limit: int = 50_000_000
    offers_reports: bool = True
    slow_seconds: float = 0
    arrived: list[Arrived] = field(default_factory=list)
    begun: int = 0
    sign_ins: int = 0
    smtp_port: int = 0
    imap_port: int = 0
    kept: threading.Event = field(default_factory=threading.Event)
    boxes: MailboxSet = field(default_factory=MailboxSet)
    _loop: asyncio.AbstractEventLoop | None = None

    def meets(self, stage: Stage) -> str:
        """Return what goes wrong now, once; "" for nothing."""
        for trouble in self.troubles:
            if trouble.stage is stage and not trouble.is_over and trouble.on in {self.begun, 0}:
                trouble.is_over = True
                return trouble.words
        return ""

    async def take(self, arrived: Arrived) -> None:
        """Keep a message, and let the office write what it writes."""
        self.arrived.append(arrived)
        if letter := self.does(arrived, len(self.arrived)):
            await self._append(letter, "INBOX")
        self.kept.set()

    def post(self, raw: bytes, folder: str = "INBOX") -> None:
        """Put a letter into the firm's mailbox."""
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(self._append(raw, folder), self._loop).result(10)

    async def _append(self, raw: bytes, folder: str) -> None:
        if folder != "INBOX" and folder not in await self._folders():
            await self.boxes.add_mailbox(folder)
        box = await self.boxes.get_mailbox(folder)
        await box.append(AppendMessage(raw, now()))

    async def _folders(self) -> list[str]:
        return [entry.name for entry in (await self.boxes.list_mailboxes()).list()]


class _Smtp(SMTP):
    """aiosmtpd's server with troubles, and with the extension for delivery reports, which it does not have."""

    def __init__(self, office: MailOffice, **named: Any) -> None:
        self.office = office
        self._has_greeted = False
        super().__init__(_Handler(office), authenticator=self._sign_in, **named)

    def _sign_in(self, _server: object, _session: object, _envelope: object, _mechanism: str, said: Any) -> AuthResult:
        assert isinstance(said, LoginPassword)
        self.office.sign_ins += 1
        if (said.login.decode(), said.password.decode()) == (USER, PASSWORD):
            return AuthResult(success=True)
        # Some servers repeat what they got.
        return AuthResult(success=False, handled=False, message=f"535 5.7.8 {said.password.decode()} is wrong")

    async def push(self, status: Any) -> None:
        if not self._has_greeted and str(status).startswith("220 "):
            self._has_greeted = True
            if await self._in_trouble(Stage.GREETING):
                return
        await super().push(status)

    async def _in_trouble(self, stage: Stage) -> bool:
        words = self.office.meets(stage)
        if words == DROP:
            assert self.transport is not None
            self.transport.abort()  # type: ignore[attr-defined]
            await asyncio.sleep(3_600)  # until the lost connection cancels it
        elif words == HANG:
            await asyncio.sleep(3_600)
        elif words:
            await super().push(words)
        return bool(words)

    async def smtp_MAIL(self, arg: str | None) -> None:
        self.office.begun += 1
        if not await self._in_trouble(Stage.MAIL):
            self.asked_for = [word for word in (arg or "").split() if word.startswith(("RET=", "ENVID="))]
            await super().smtp_MAIL(_without(arg, "RET=", "ENVID="))

    async def smtp_RCPT(self, arg: str | None) -> None:
        if not await self._in_trouble(Stage.RCPT):
            self.asked_for += [word for word in (arg or "").split() if word.startswith(("NOTIFY=", "ORCPT="))]
            await super().smtp_RCPT(_without(arg, "NOTIFY=", "ORCPT="))

    async def smtp_DATA(self, arg: str) -> None:
        if await self._in_trouble(Stage.DATA):
            return
        if any(trouble.stage is Stage.CONTENT and not trouble.is_over for trouble in self.office.troubles):
            await self._break_in_content()
        await super().smtp_DATA(arg)

    async def _break_in_content(self) -> None:
        await super().push("354 go on")
        await self._reader.readuntil(b"\r\n")
        if await self._in_trouble(Stage.CONTENT):
            assert self.transport is not None
            self.transport.close()
            await asyncio.sleep(3_600)


def _without(arg: str | None, *options: str) -> str | None:
    return arg and " ".join(word for word in arg.split() if not word.startswith(options))


class _Handler:
    """What aiosmtpd asks: the answer to EHLO, and to a whole message."""

    def __init__(self, office: MailOffice) -> None:
        self.office = office

    async def handle_EHLO(
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, answers: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [answers[0], "250-DSN", *answers[1:]] if self.office.offers_reports else answers

    async def handle_DATA(self, server: _Smtp, _session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        arrived = Arrived(envelope.content, tuple(envelope.rcpt_tos), tuple(server.asked_for))
        if words := self.office.meets(Stage.BEFORE):
            return await self._go(server, words)
        await self.office.take(arrived)
        await asyncio.sleep(self.office.slow_seconds)
        if words := self.office.meets(Stage.AFTER):
            return await self._go(server, words)
        return f"250 2.0.0 Ok: queued as {len(self.office.arrived):04}"

    async def _go(self, server: _Smtp, words: str) -> str:
        if words in {DROP, HANG}:
            if words == DROP:
                server.transport.abort()  # type: ignore[union-attr]
            await asyncio.sleep(3_600)
        return words


@contextmanager
def running_mail_office(
    pair: Pair, *, security: str = "starttls", host: str = "127.0.0.1", **switches: Any
) -> Iterator[MailOffice]:
    """Serve both, with STARTTLS, TLS from the first byte (tls), or none (plain)."""
    office = MailOffice(**switches)
    loop = asyncio.new_event_loop()
    office._loop = loop
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def do(work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, loop).result(10)

    servers = do(_serve(office, pair, security, host))
    try:
        yield office
    finally:
        do(_end(servers))
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _serve(office: MailOffice, pair: Pair, security: str, host: str) -> list[asyncio.AbstractServer]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pair.cert, pair.key)
    loop = asyncio.get_running_loop()
    wrapping, by_starttls = (tls if security == "tls" else None), security == "starttls"

    def protocol() -> _Smtp:
        return _Smtp(
            office, hostname="mail.firm.example", data_size_limit=office.size_limit, loop=loop, auth_required=by_starttls,
            auth_require_tls=by_starttls, tls_context=tls if by_starttls else None, require_starttls=by_starttls,
        )  # fmt: skip

    smtp = await loop.create_server(protocol, host, 0, ssl=wrapping)
    named = Namespace(
        host=host, port="0", debug=False, cert=str(pair.cert), key=str(pair.key), tls=by_starttls, passlib_cfg=None,
        proxy_protocol=None, demo_data=False, demo_user=USER, demo_password=PASSWORD,
    )  # fmt: skip
    backend, config = await DictBackend.init(named)
    assert isinstance(config, Config)
    config.apply_context()
    config.set_cache[USER] = (office.boxes, FilterSet())
    reader = ProxyProtocolReader(config.proxy_protocol)
    server = reader.get_callback(IMAPServer(backend.login, config))
    imap = await asyncio.start_server(server, host, 0, ssl=wrapping)
    office.smtp_port, office.imap_port = (one.sockets[0].getsockname()[1] for one in (smtp, imap))
    return [smtp, imap]


async def _end(servers: list[asyncio.AbstractServer]) -> None:
    for server in servers:
        server.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
