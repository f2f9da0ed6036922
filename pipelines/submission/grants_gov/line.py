"""The line to the web service: TLS with our own certificate, one message, and whether a failure leaves any doubt.

Certificate and key come as text from the vault and are given to OpenSSL as a file in memory that has no name: they never lie
on a disk. Not here: what a message says (messages.py).
"""

import os
import re
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from pipelines.submission.grants_gov.messages import Outgoing
from pipelines.submission.grants_gov.settings import GrantsSettings
from pipelines.submission.mail.line import trusted

MOST_BYTES = 1_000_000
CONNECT_SECONDS = 20
OF_CERTIFICATES = re.compile("CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE_FAILURE")
"""Alerts by which a server ends a line before it reads anything: it does not take who we are."""
NEVER_TAKEN = frozenset({400, 401, 403, 404, 405, 411, 413, 414, 415})
"""Answers that say of a message itself that it was not looked at; where they come with a fault, that one tells more."""


class NotUsable(Exception):
    """Our certificate or its key cannot be used; the text says why, and shows nothing of them."""


class NotSaid(Exception):
    """No answer; the text says why.

    Attributes:
        is_certain: Nothing of the message was taken.
        is_final: It will be so the next time too: a certificate that one side does not trust.
    """

    def __init__(self, words: str, *, is_certain: bool = False, is_final: bool = False) -> None:
        super().__init__(words)
        self.is_certain, self.is_final = is_certain, is_final


@dataclass(frozen=True)
class Said:
    """What came back."""

    status: int
    content_type: str
    data: bytes


def own_certificate(certificate: str, key: str, ca_file: str, *, at: datetime) -> ssl.SSLContext:
    """Return what checks the server and shows our certificate.

    Raises:
        NotUsable: they are not PEM, do not belong together, or the certificate is not valid at that instant.
    """
    cert_pem, key_pem = _pem(certificate), _pem(key)
    try:
        own = x509.load_pem_x509_certificates(cert_pem)[0]
    except (ValueError, IndexError):
        raise NotUsable("The client certificate is no certificate in PEM.") from None
    try:
        private = serialization.load_pem_private_key(key_pem, password=None)
    except TypeError:
        raise NotUsable(
            "The private key is locked by a pass phrase: the vault keeps it sealed, set it without."
        ) from None
    except Exception:  # noqa: BLE001 - whatever is wrong with it, nothing of it may be told
        raise NotUsable("The private key is no key in PEM.") from None
    if own.not_valid_after_utc <= at:
        raise NotUsable(f"The client certificate expired on {own.not_valid_after_utc:%-d %B %Y}.")
    if own.not_valid_before_utc > at:
        raise NotUsable(f"The client certificate is valid only from {own.not_valid_before_utc:%-d %B %Y} on.")
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if private.public_key().public_bytes(*form) != own.public_key().public_bytes(*form):
        raise NotUsable("The private key is not the key of the client certificate.")
    context = trusted(ca_file)
    with ExitStack() as files:
        places = [files.enter_context(_in_memory(pem)) for pem in (cert_pem, key_pem)]
        try:
            context.load_cert_chain(*places)
        except (ssl.SSLError, OSError):
            raise NotUsable("The client certificate and its key cannot be used.") from None
    return context


def say(settings: GrantsSettings, message: Outgoing, context: ssl.SSLContext, *, seconds: float) -> Said:
    """Send a message over a line of its own and return the answer.

    Raises:
        NotSaid: there is none in time and within bounds.
    """
    until = time.monotonic() + seconds
    headers = {
        "Content-Type": message.content_type, "Content-Length": str(message.size), "Accept-Encoding": "identity",
        "SOAPAction": f'"{settings.soap_action}/{message.operation}"',
    }  # fmt: skip
    timeout = httpx.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds))
    # A line of its own each time: one that was kept open may have ended unseen, and then nobody knows what it still took.
    with httpx.Client(verify=context, timeout=timeout, trust_env=False, follow_redirects=False) as client:
        try:
            with client.stream("POST", settings.address, content=message.pieces(), headers=headers) as answer:
                data = bytearray()
                for (
                    piece
                ) in answer.iter_raw():  # what was packed stays packed: a small answer cannot become a large one
                    data += piece
                    if len(data) > MOST_BYTES:
                        raise NotSaid(f"its answer is longer than {MOST_BYTES:,} bytes")
                    if time.monotonic() > until:
                        raise NotSaid(f"its answer took longer than {seconds:g} seconds")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _not_said(error, message) from error
    return Said(answer.status_code, answer.headers.get("Content-Type", ""), bytes(data))


def _not_said(error: Exception, message: Outgoing) -> NotSaid:
    alert = _alert(error)
    if alert is not None and isinstance(alert, ssl.SSLCertVerificationError):
        return NotSaid(f"its certificate is not trusted ({alert.verify_message})", is_certain=True, is_final=True)
    reason = (alert.reason or "") if alert is not None else ""
    if "ALERT" in reason and OF_CERTIFICATES.search(reason):
        words = reason.rpartition("ALERT_")[2].replace("_", " ").lower()
        return NotSaid(f"it does not take our client certificate ({words})", is_certain=True, is_final=True)
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.UnsupportedProtocol | httpx.InvalidURL):
        return NotSaid(f"it cannot be reached ({type(error).__name__})", is_certain=True)
    if not message.is_whole:
        return NotSaid("the line ended before all of it was sent", is_certain=True)
    words = (
        "no answer came in time" if isinstance(error, httpx.TimeoutException) else "the line ended without an answer"
    )
    return NotSaid(words)


def _alert(error: BaseException) -> ssl.SSLError | None:
    """Return what TLS said of a failure; a certificate that the server refuses is told only behind the handshake."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLError) and not isinstance(seen, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            return seen
        seen = seen.__cause__ or seen.__context__
    return None


def _pem(text: str) -> bytes:
    """Return PEM with its lines: a form with one line for a secret makes blanks of them."""
    lines: list[str] = []
    for block in text.replace("-----END", "\n-----END").split("-----BEGIN")[1:]:
        label, _, rest = block.partition("-----")
        body, _, end = rest.partition("-----END")
        lines += [f"-----BEGIN{label}-----", *body.split(), f"-----END{end.partition('-----')[0]}-----"]
    return ("\n".join(lines) + "\n").encode("ascii", "replace")


@contextmanager
def _in_memory(pem: bytes) -> Iterator[str]:
    """Give the name of a file that is in memory only and that no other user can open: OpenSSL reads keys from files alone."""
    place = os.memfd_create("procura", os.MFD_CLOEXEC)
    try:
        with os.fdopen(os.dup(place), "wb") as file:
            file.write(pem)
        yield f"/proc/self/fd/{place}"
    finally:
        os.close(place)
