"""Handing one numbered message to the firm's mail server, and knowing what became of it.

What counts is the one moment between the last dot and the server's word on it: only there is anything in doubt. Before it a
server must not deliver (RFC 5321, 4.1.1.4 and 6.1), after it the server has said what it did. A server that took a message is
no receipt. Not here: what follows from it (executors/email.py).
"""

import re
import selectors
import smtplib
import socket
import ssl
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum

from pipelines.submission.mail.line import Talk, cut_off, trusted, why
from pipelines.submission.mail.parts import Written
from pipelines.submission.mail.settings import MailSettings, Security

CONVERSATION_SECONDS = 1_800
"""All of one message, its transfer included: an office's limit of 25 MB takes a minute on a slow line."""
EARLY_SECONDS = 5
PIECE_BYTES = 64 * 1024
DOTS = re.compile(rb"(?m)^\.")
LAST_DOT = b".\r\n"
GOOD = frozenset({250, 251})
"""251: it goes on to another address. 252 promises nothing."""


class Came(StrEnum):
    """What became of a message at the server."""

    TAKEN = "taken"
    REFUSED = "refused"
    """Certainly not taken, and asking again does not help (5xx)."""
    NOT_TAKEN = "not taken"
    """Certainly not taken; it may be tried again (4xx, a line that broke before the last dot)."""
    IN_DOUBT = "in doubt"
    """The last dot went out, and no word came back."""


@dataclass(frozen=True)
class Said:
    """What became of a message, in the server's words or ours."""

    came: Came
    words: str


class NotOpened(Exception):
    """No message could be begun."""

    def __init__(self, said: Said) -> None:
        self.said = said
        super().__init__(said.words)


class _Heard:
    """What a connection of smtplib says and hears, noted; a sign-in is noted without what is sent."""

    talk: Talk
    signs_in = False

    def __init__(self, talk: Talk, *args: object, **named: object) -> None:
        self.talk = talk
        super().__init__(*args, **named)

    def putcmd(self, cmd: str, args: str = "") -> None:
        """Send a command."""
        self.talk.note("we", "(sign-in)" if self.signs_in else f"{cmd} {args}")
        super().putcmd(cmd, args)  # type: ignore[misc]

    def getreply(self) -> tuple[int, bytes]:
        """Read an answer."""
        code, words = super().getreply()  # type: ignore[misc]
        self.talk.note("server", f"{code} {words.decode(errors='replace')}")
        return code, words


class _Open(_Heard, smtplib.SMTP):
    pass


class _Wrapped(_Heard, smtplib.SMTP_SSL):
    pass


Line = _Open | _Wrapped


class MailOut:
    """An open, signed-in line to the firm's mail server."""

    def __init__(self, server: Line, settings: MailSettings, talk: Talk) -> None:
        self._server, self._settings, self._talk = server, settings, talk

    def send(self, message: Written, to: Sequence[str], *, before_data: Callable[[], None]) -> Said:
        """Hand over one message, to all addresses or to none.

        Args:
            before_data: Called when the server would take it and nothing of it has gone out; what it raises passes.
        """
        with cut_off(self._line(), CONVERSATION_SECONDS):
            try:
                said = self._envelope(message, to)
            except OSError as error:
                said = Said(Came.NOT_TAKEN, f"the line broke before anything was sent: {self._talk.clean(why(error))}")
        if said is not None:
            return said
        before_data()
        with cut_off(self._line(), CONVERSATION_SECONDS):
            return self._content(message)

    def _line(self) -> socket.socket:
        if self._server.sock is None:
            raise smtplib.SMTPServerDisconnected("the line has ended")
        return self._server.sock

    def _envelope(self, message: Written, to: Sequence[str]) -> Said | None:
        """Name sender and addresses; the answer where that is the end of it."""
        server, part = self._server, message.part
        limit = server.esmtp_features.get("size", "")
        if limit.isdigit() and 0 < int(limit) < message.size:
            return Said(Came.REFUSED, f"the mail server takes {int(limit):,} bytes, {part.title} has {message.size:,}")
        wants_reports = self._settings.wants_reports and server.has_extn("dsn")
        options = [f"size={message.size}"] if server.has_extn("size") else []
        options += ["RET=HDRS", f"ENVID={part.envelope_id}"] if wants_reports else []
        if said := self._unless(GOOD, *server.mail(self._settings.sender, options)):
            return said
        for address in to:
            reports = ["NOTIFY=SUCCESS,FAILURE,DELAY", f"ORCPT=rfc822;{address}"] if wants_reports else []
            if said := self._unless(GOOD, *server.rcpt(address, reports), about=f"{address}: "):
                with suppress(OSError):
                    server.rset()  # nobody gets what not all can get
                return said
        return None

    def _content(self, message: Written) -> Said:
        """Send the bytes; the last dot goes out only while the server still listens."""
        server = self._server
        try:
            line = self._line()
            if said := self._unless({354}, *server.docmd("DATA")):
                return said
            content = DOTS.sub(b"..", message.path.read_bytes())
            for start in range(0, len(content), PIECE_BYTES):
                line.sendall(content[start : start + PIECE_BYTES])
            self._talk.note("we", f"({message.size:,} bytes, SHA-256 {message.sha256})")
            if _has_spoken(line):
                return self._spoke_early("the mail server ended it")
        except OSError as error:
            return self._spoke_early(self._talk.clean(why(error)))
        return self._last_dot(line)

    def _last_dot(self, line: socket.socket) -> Said:
        try:
            self._talk.note("we", "(the last dot)")
            line.settimeout(self._settings.answer_seconds)
            line.sendall(LAST_DOT)
            code, words = self._server.getreply()
            line.settimeout(self._settings.wait_seconds)
        except OSError as error:
            self._server.close()
            return Said(Came.IN_DOUBT, f"all of it was sent, and no answer came: {self._talk.clean(why(error))}")
        said = self._unless(GOOD, code, words)
        if said and not 400 <= code < 600:
            return Said(Came.IN_DOUBT, f"all of it was sent, and the answer says nothing: {said.words}")
        return said or Said(Came.TAKEN, self._words(code, words))

    def _spoke_early(self, words: str) -> Said:
        """The line ended, or the server spoke, before the last dot: whatever it says, it has no whole message."""
        try:
            self._line().settimeout(EARLY_SECONDS)
            said = self._unless(frozenset(), *self._server.getreply())
        except OSError:
            said = None
        self._server.close()
        return said or Said(Came.NOT_TAKEN, f"the line broke before all of it was sent: {words}")

    def _unless(self, good: Collection[int], code: int, words: bytes, *, about: str = "") -> Said | None:
        """Say what an answer means that is none of the good ones; None for these."""
        if code in good:
            return None
        came = Came.REFUSED if 500 <= code < 600 else Came.NOT_TAKEN
        return Said(came, about + self._words(code, words))

    def _words(self, code: int, words: bytes) -> str:
        return self._talk.clean(f"{code} {words.decode(errors='replace')}")


@contextmanager
def opened(settings: MailSettings, user: str, password: str, talk: Talk) -> Iterator[MailOut]:
    """Open a line and sign in; close it afterwards.

    Raises:
        NotOpened: the server does not answer, is not trusted, or refuses; nothing was sent.
    """
    where = f"{settings.smtp.host}:{settings.smtp.port}"
    server: Line | None = None
    try:
        server = _connect(settings, talk)
        with cut_off(server.sock, CONVERSATION_SECONDS):  # type: ignore[arg-type]
            _greet(server, settings, user, password)
    except (OSError, ValueError) as error:
        if server is not None:
            server.close()
        raise NotOpened(_why_not(error, where, talk)) from None  # the cause may hold what was sent at the sign-in
    try:
        yield MailOut(server, settings, talk)
    finally:
        # QUIT costs a turn and changes nothing; a line that broke is closed without it.
        with suppress(OSError):
            if server.sock is not None:
                server.sock.settimeout(EARLY_SECONDS)
                server.quit()
        server.close()


def _has_spoken(line: socket.socket) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(line, selectors.EVENT_READ)
        return bool(selector.select(0))


def _connect(settings: MailSettings, talk: Talk) -> Line:
    smtp = settings.smtp
    named = {"local_hostname": settings.domain, "timeout": settings.wait_seconds}
    if smtp.security is Security.TLS:
        return _Wrapped(talk, smtp.host, smtp.port, context=trusted(settings.ca_file), **named)
    return _Open(talk, smtp.host, smtp.port, **named)


def _greet(server: Line, settings: MailSettings, user: str, password: str) -> None:
    server.ehlo_or_helo_if_needed()
    if settings.smtp.security is Security.STARTTLS:
        server.starttls(context=trusted(settings.ca_file))
        server.ehlo()
    if user:
        try:
            server.signs_in = True
            server.login(user, password)
        finally:
            server.signs_in = False


def _why_not(error: Exception, where: str, talk: Talk) -> Said:
    if isinstance(error, smtplib.SMTPResponseException):
        words = talk.clean(f"{error.smtp_code} {_text(error.smtp_error)}")
        came = Came.REFUSED if 500 <= error.smtp_code < 600 else Came.NOT_TAKEN
        about = "refuses user or password" if isinstance(error, smtplib.SMTPAuthenticationError) else "does not begin"
        return Said(came, f"the mail server {where} {about}: {words}")
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Said(
            Came.REFUSED, f"the mail server {where} cannot do what the profile asks for: {talk.clean(str(error))}"
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return Said(Came.REFUSED, f"the mail server {where} is not trusted: {why(error)}")
    if isinstance(error, ValueError):
        return Said(Came.REFUSED, f"user or password for {where} cannot be sent as they are")
    return Said(Came.NOT_TAKEN, f"the mail server {where} does not answer: {talk.clean(why(error))}")


def _text(words: bytes | str) -> str:
    return words.decode(errors="replace") if isinstance(words, bytes) else words
