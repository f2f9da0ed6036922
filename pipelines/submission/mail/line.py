"""A line to a mail server: who is trusted, an end to all waiting, and what was said on it without secrets.

Not here: what is said when (outgoing.py, incoming.py).
"""

import base64
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from warehouse.redaction import HIDDEN, redact_text, remember

LONGEST_WORDS = 500


def trusted(ca_file: str) -> ssl.SSLContext:
    """Return what checks the certificate and name of a server, from TLS 1.2 on.

    Raises:
        OSError: the file of authorities cannot be read.
    """
    context = ssl.create_default_context(cafile=ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@contextmanager
def cut_off(line: socket.socket, seconds: float) -> Iterator[None]:
    """End the line after so many seconds in all, however slowly the other side keeps talking."""
    # A descriptor of its own: the line may be wrapped into TLS, or closed, meanwhile.
    end = socket.socket(line.family, line.type, fileno=socket.dup(line.fileno()))

    def shut() -> None:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, shut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        end.close()


class Talk:
    """What was said on a line, without secrets and without the offer itself."""

    def __init__(self, *secrets: str) -> None:
        remember(*secrets)
        self._hidden = {spelling for secret in secrets if secret for spelling in _spellings(secret)}
        self.lines: list[str] = []

    def note(self, who: str, words: str) -> None:
        """Note what one side said."""
        self.lines.append(f"{who}: {self.clean(words)}")

    def clean(self, words: str) -> str:
        """Return words on one line, printable, without secrets."""
        for spelling in sorted(self._hidden, key=len, reverse=True):
            words = words.replace(spelling, HIDDEN)
        shown = "".join(sign if sign.isprintable() else " " for sign in redact_text(words))
        return " ".join(shown.split())[:LONGEST_WORDS]


def _spellings(secret: str) -> set[str]:
    raw = secret.encode()
    coded = {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()}
    return {secret} | coded | {one.rstrip("=") for one in coded}


def why(error: BaseException) -> str:
    """Say in a few words why a line failed."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
