"""Reading the firm's own mailbox: every letter that may be about an offer, by our reference. Changes nothing there.

Not here: what a letter says and whether it counts (letters.py, judging.py).
"""

import imaplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pipelines.submission.mail.line import Talk, cut_off, trusted, why
from pipelines.submission.mail.settings import MailSettings, Security

READING_SECONDS = 300
MOST_LETTERS = 60
"""Of a folder, the newest: an office answers once or twice."""
LARGEST_LETTER = 10_000_000
"""Bytes that are read of a letter; a bounce may bring the whole offer back behind its words."""
REPORTERS = ("mailer-daemon", "postmaster")
"""Who sends reports (RFC 3464 recommends the first); a report need not repeat our reference where a search looks."""
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Letter:
    """A letter as it lies in the mailbox; `raw` ends early where it is larger than what is read."""

    folder: str
    uid: str
    raw: bytes = field(repr=False)


@dataclass(frozen=True)
class Found:
    """The letters, and the folders that could not be read."""

    letters: tuple[Letter, ...]
    unread: tuple[str, ...]


class NotRead(Exception):
    """The mailbox could not be read; the text says why, without secrets."""


def read_letters(
    settings: MailSettings, user: str, password: str, *, reference: str, message_ids: Sequence[str], since: datetime | None
) -> Found:  # fmt: skip
    """Return what may be about an offer: what names our reference or a Message-ID of ours, and reports since then.

    Raises:
        NotRead: the server does not answer, is not trusted, or refuses.
    """
    talk = Talk(user, password)
    where = f"{settings.imap.host}:{settings.imap.port}"
    wanted = _searches(reference, message_ids, since)
    letters: list[Letter] = []
    unread: list[str] = []
    try:
        with _opened(settings, user, password) as box:
            for folder in settings.folders:
                if box.select(f'"{folder}"', readonly=True)[0] == "OK":
                    letters += [_fetch(box, folder, uid) for uid in _search(box, wanted)]
                else:
                    unread.append(folder)
    except (OSError, imaplib.IMAP4.error, ValueError) as error:
        raise NotRead(f"the mailbox at {where} could not be read: {talk.clean(why(error))}") from None
    return Found(tuple(letters), tuple(unread))


@contextmanager
def _opened(settings: MailSettings, user: str, password: str) -> Iterator[imaplib.IMAP4]:
    box = _connect(settings)
    try:
        with cut_off(box.socket(), READING_SECONDS):
            if settings.imap.security is Security.STARTTLS:
                box.starttls(trusted(settings.ca_file))
            if "AUTH=PLAIN" in box.capabilities:  # a password may hold any sign there
                box.authenticate("PLAIN", lambda _challenge: f"\0{user}\0{password}".encode())
            else:
                box.login(user, password)
            yield box
    finally:
        with suppress(OSError, imaplib.IMAP4.error):
            box.logout()


def _connect(settings: MailSettings) -> imaplib.IMAP4:
    imap = settings.imap
    if imap.security is Security.TLS:
        context: ssl.SSLContext = trusted(settings.ca_file)
        return imaplib.IMAP4_SSL(imap.host, imap.port, ssl_context=context, timeout=settings.wait_seconds)
    return imaplib.IMAP4(imap.host, imap.port, timeout=settings.wait_seconds)


def _searches(reference: str, message_ids: Sequence[str], since: datetime | None) -> list[tuple[str, ...]]:
    """Return what is searched for; a server that keeps words instead of texts finds by one what it misses by another."""
    found: list[tuple[str, ...]] = [("TEXT", f'"{reference}"'), ("SUBJECT", f'"{reference}"')]
    found += [("HEADER", name, f'"{reference}"') for name in ("In-Reply-To", "References")]
    found += [("HEADER", name, f'"{one}"') for one in message_ids for name in ("In-Reply-To", "References")]
    if since is not None:
        day = since - timedelta(days=1)  # the server counts days in its own zone
        posted = ("SINCE", f"{day.day}-{MONTHS[day.month - 1]}-{day.year}")
        found += [(*posted, "FROM", f'"{name}"') for name in REPORTERS]
    return found


def _search(box: imaplib.IMAP4, wanted: Sequence[tuple[str, ...]]) -> list[str]:
    """Return the UIDs of what one of the searches finds, the oldest first; a search that a server cannot do finds nothing."""
    found: set[int] = set()
    answered = False
    for criteria in wanted:
        with suppress(imaplib.IMAP4.error):
            answer, lines = box.uid("SEARCH", *criteria)
            if answer == "OK":
                answered = True
                found.update(int(one) for line in lines if line for one in line.split() if one.isdigit())
    if not answered:
        raise imaplib.IMAP4.error("it answers no search")
    return [str(uid) for uid in sorted(found)[-MOST_LETTERS:]]


def _fetch(box: imaplib.IMAP4, folder: str, uid: str) -> Letter:
    """Read one letter without marking it as read."""
    answer, parts = box.uid("FETCH", uid, f"(BODY.PEEK[]<0.{LARGEST_LETTER}>)")
    raw = next((part[1] for part in parts if isinstance(part, tuple)), b"") if answer == "OK" else b""
    return Letter(folder, uid, raw)
