"""The size of what is sent to us: refused before it is read where its size is announced, and at the limit where not.

In front of everything, so that nobody fills the memory before being asked who it is.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

from warehouse import settings

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

MOST_BYTES = 64 * 1024
"""A form or a JSON body of ours is a few hundred bytes."""
UPLOADS = "/_stcore/upload_file/"
"""Files of signed-in people. Streamlit holds each whole in memory until its page is done with it (app/widgets/workspace_files.py
lets go of it at once), bounded by server.maxUploadSize; the gate asks for the session first.
"""
AROUND_UPLOAD_BYTES = 1024 * 1024
"""For the form around a file of the largest size."""


class TooLarge(Exception):
    """More came than was announced, or than is taken."""


class BodyLimit:
    """Refuse bodies that are too large, and let no refused one be sent to its end."""

    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with a counted body."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        most = most_upload_bytes() if scope["path"].startswith(UPLOADS) else MOST_BYTES
        headers = Headers(scope=scope)
        if announced(headers) > most:
            await refusal(most)(scope, receive, send)
            return
        body = CountedBody(receive, most, is_whole=announced(headers) == 0 and "transfer-encoding" not in headers)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                body.is_answered = True
                if not body.is_whole:
                    # Nobody reads on: without this the server would take the rest and throw it away.
                    message = {**message, "headers": [*message.get("headers", []), (b"connection", b"close")]}
            await send(message)

        try:
            await self.app(scope, body.receive, answer)
        except TooLarge:
            if not body.is_answered:
                await refusal(most)(scope, receive, send)


class CountedBody:
    """A body that is counted while it is read, for those that do not say their size."""

    def __init__(self, receive: Receive, most: int, *, is_whole: bool) -> None:
        self._receive, self._left = receive, most
        self.is_whole, self.is_answered = is_whole, False

    async def receive(self) -> Message:
        """Return the next part.

        Raises:
            TooLarge: at the first byte too many.
        """
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            self.is_whole = not message.get("more_body", False)
            if self._left < 0:
                raise TooLarge
        return message


def most_upload_bytes() -> int:
    """Return the most bytes of one upload, with the form around it."""
    return settings.current().files_most_mb * 1024 * 1024 + AROUND_UPLOAD_BYTES


def announced(headers: Headers) -> int:
    """Return the announced size of a body; 0 where none is."""
    text = headers.get("content-length", "0")
    return int(text) if text.isascii() and text.isdigit() else 0


def refusal(most: int) -> PlainTextResponse:
    """Say how much is taken."""
    headers = {"connection": "close", "cache-control": "no-store"}
    return PlainTextResponse(f"Too large: at most {most // 1024} KB are taken here.", 413, headers=headers)
