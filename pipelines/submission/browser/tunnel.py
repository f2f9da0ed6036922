"""The way from the browser to a portal: a SOCKS5 server of our own on loopback, through which every connection goes.

Chromium sends a form a second time, without asking anybody, when a connection that it had used or opened before breaks
without an answer (`HttpNetworkTransaction::ShouldResendRequest`; seen with Chromium 156: an offer that the portal took
before it dropped the connection was there twice). No switch turns that off. So the last act happens between `begin_act` and
`end_act`: there, the first connection that breaks with something unanswered is the last one, and what would be sent again
meets a closed door. Beside that it connects to the profile's hosts only. Not here: what pages may load (page_guard).
"""

import asyncio
import contextlib
import ipaddress
import struct
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

ANSWER_BYTES = 64
"""What is shorter is no answer: TLS says farewell in some 30 bytes, the shortest answer of HTTP under TLS is longer."""
CONNECT_SECONDS = 15
SILENT_SECONDS = 300
"""A portal that says nothing for so long will say nothing: the browser itself would wait on, and nobody could ask it anything."""
TICK_SECONDS = 0.25
CLOSE_SECONDS = 2
CHUNK = 65_536
Made = TypeVar("Made")
NO_SIGN_IN = b"\x05\x00"
OPENED, NOT_ALLOWED, UNREACHABLE = (bytes([5, code, 0, 1, 0, 0, 0, 0, 0, 0]) for code in (0, 2, 4))
"""Answers of RFC 1928."""


@dataclass(eq=False)
class _Connection:
    """One connection of the browser; `answered` counts what came back since something was last asked."""

    browser: asyncio.StreamWriter
    portal: asyncio.StreamWriter
    has_asked: bool = False
    answered: int = 0
    heard_at: float = 0.0

    @property
    def is_owed_an_answer(self) -> bool:
        return self.has_asked and self.answered < ANSWER_BYTES


class BrowserTunnel:
    """The server, in a thread of its own; `address` is what the browser's context is told as its proxy.

    Args:
        may_connect: Whether this host and port are the profile's.
    """

    def __init__(self, may_connect: Callable[[str, int], bool]) -> None:
        self._may_connect = may_connect
        self._connections: set[_Connection] = set()
        self._is_acting = self._is_closed = False
        self._silent_seconds: float = SILENT_SECONDS
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="browser-tunnel", daemon=True)
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.address = f"socks5://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    @property
    def broke(self) -> bool:
        """Whether a connection broke during the last act with something unanswered: nothing was connected since."""
        return self._is_closed

    def begin_act(self, seconds: float = SILENT_SECONDS) -> None:
        """Close what is open, so that the last act goes over a fresh connection; from here on one break is the last.

        Args:
            seconds: A connection on which nothing comes for so long, although something was asked, is broken by the tunnel.
        """

        async def begin() -> None:
            self._is_acting, self._is_closed, self._silent_seconds = True, False, seconds
            for one in self._connections:
                one.has_asked = False  # what a page asked before, and waits for, is not the last act
            self._close_all()

        self._do(begin())

    def end_act(self) -> None:
        """Let connections break and be made again: what is asked from here on changes nothing at the portal."""

        async def end() -> None:
            self._is_acting = self._is_closed = False
            self._silent_seconds = SILENT_SECONDS

        self._do(end())

    def close(self) -> None:
        """Close everything."""

        async def close() -> None:
            self._server.close()
            self._close_all()
            own = asyncio.current_task()
            tasks = [task for task in asyncio.all_tasks() if task is not own]
            if tasks:  # each ends by itself once its connection is closed; cancelled ones are loudly complained about
                _, late = await asyncio.wait(tasks, timeout=CLOSE_SECONDS)
                for task in late:
                    task.cancel()

        if self._loop.is_running():
            self._do(close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def _do(self, work: Coroutine[Any, Any, Made]) -> Made:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def _close_all(self, *, but: _Connection | None = None) -> None:
        for one in self._connections:
            if one is not but:
                one.browser.transport.abort()
                one.portal.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                host, port = await _asked_for(reader, writer)
                if self._is_closed or not self._may_connect(host, port):
                    writer.write(NOT_ALLOWED)
                    await writer.drain()
                    return
                try:
                    from_portal, to_portal = await asyncio.open_connection(host, port)
                except OSError:
                    writer.write(UNREACHABLE)
                    await writer.drain()
                    return
        except (TimeoutError, OSError, EOFError, ValueError):
            writer.transport.abort()
            return
        else:
            writer.write(OPENED)
            await self._carry(_Connection(writer, to_portal), reader, from_portal)
        finally:
            writer.close()

    async def _carry(
        self, connection: _Connection, from_browser: asyncio.StreamReader, from_portal: asyncio.StreamReader
    ) -> None:
        self._connections.add(connection)
        connection.heard_at = self._loop.time()
        beside = [self._ask(connection, from_browser), self._end_silence(connection)]
        tasks = [asyncio.ensure_future(work) for work in beside]
        try:
            await self._answer(connection, from_portal)
            if self._is_acting and connection.is_owed_an_answer:
                # Before the browser hears of the break: it would take any other open connection for its second try.
                self._is_closed = True
                self._close_all(but=connection)
        finally:
            for task in tasks:
                task.cancel()
            self._connections.discard(connection)
            connection.portal.transport.abort()
            with contextlib.suppress(OSError):
                connection.browser.close()

    async def _ask(self, connection: _Connection, from_browser: asyncio.StreamReader) -> None:
        with contextlib.suppress(OSError):
            while data := await from_browser.read(CHUNK):
                connection.has_asked, connection.answered, connection.heard_at = True, 0, self._loop.time()
                connection.portal.write(data)
                await connection.portal.drain()
        # The browser gave up: the portal is told, which ends the other half too.
        connection.has_asked = False
        connection.portal.transport.abort()

    async def _end_silence(self, connection: _Connection) -> None:
        """Break a connection on which an answer is owed and nothing comes any more."""
        while not connection.is_owed_an_answer or self._loop.time() - connection.heard_at < self._silent_seconds:
            await asyncio.sleep(TICK_SECONDS)
        connection.portal.transport.abort()

    async def _answer(self, connection: _Connection, from_portal: asyncio.StreamReader) -> None:
        with contextlib.suppress(OSError):
            while data := await from_portal.read(CHUNK):
                connection.answered += len(data)
                connection.heard_at = self._loop.time()
                connection.browser.write(data)
                await connection.browser.drain()


async def _asked_for(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int]:
    """Read where the browser wants to go (RFC 1928; names are resolved here).

    Raises:
        ValueError: it asks for something else than a connection.
    """
    version, methods = struct.unpack("!BB", await reader.readexactly(2))
    await reader.readexactly(methods)
    writer.write(NO_SIGN_IN)
    again, command, _, kind = struct.unpack("!BBBB", await reader.readexactly(4))
    if (version, again, command) != (5, 5, 1):
        raise ValueError("no connection is asked for")
    if kind == 3:
        host = (await reader.readexactly((await reader.readexactly(1))[0])).decode("ascii")
    elif kind in (1, 4):
        host = str(ipaddress.ip_address(await reader.readexactly(4 if kind == 1 else 16)))
    else:
        raise ValueError("an address of another kind")
    (port,) = struct.unpack("!H", await reader.readexactly(2))
    return host.lower(), int(port)
