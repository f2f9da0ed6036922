"""A mailbox as the second place: the newest checkpoint once an hour, so that a stranger's archive can bear witness."""

import smtplib
import ssl
from datetime import datetime, timedelta
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from warehouse.errors import BadInput, SourceUnavailable
from warehouse.settings import Settings

PAUSE = timedelta(hours=1)
"""A checkpoint a minute would be a mail a minute; the hour's newest covers all before it."""
PATIENCE_SECONDS = 10


class MailWitness:
    """An e-mail address."""

    wants_all = False

    def __init__(self, settings: Settings, *, last_sent_at: str) -> None:
        self.name = "mail"
        self.where = settings.audit_witness_email
        self._settings = settings
        self._last = datetime.fromisoformat(last_sent_at) if last_sent_at else None

    def put(self, size: int, note: str, leaves: bytes, at: datetime) -> None:
        """Send one checkpoint.

        Raises:
            SourceUnavailable: the mail server does not answer or refuses.
            BadInput: PROCURA_SMTP_URL is not set or no address of a mail server.
        """
        message = EmailMessage()
        message["Subject"] = f"Audit checkpoint {size:,} of {note.partition(chr(10))[0]}"
        message["From"], message["To"] = self._settings.mail_from, self.where
        message.set_content(
            f"{note}\nKeep this mail: `verify_audit.py --checkpoint` compares an export with the lines above.\n"
        )
        self._send(message)

    def is_due(self, at: datetime) -> bool:
        """Say whether the last mail is an hour old."""
        return self._last is None or at - self._last >= PAUSE

    def _send(self, message: EmailMessage) -> None:
        url = self._settings.smtp_url
        parts = urlsplit(url.get_secret_value() if url else "")
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise BadInput("PROCURA_SMTP_URL names no mail server.", todo="write it as smtp://user:password@host:587.")
        try:
            with _connect(parts.scheme, parts.hostname, parts.port or 0) as server:
                if parts.username:
                    server.login(unquote(parts.username), unquote(parts.password or ""))
                server.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            # The server's own words may repeat the password's line.
            raise SourceUnavailable(f"the mail server {parts.hostname} refuses ({type(error).__name__}).") from None


def _connect(scheme: str, host: str, port: int) -> smtplib.SMTP:
    trusted = ssl.create_default_context()
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port, timeout=PATIENCE_SECONDS, context=trusted)
    server = smtplib.SMTP(host, port, timeout=PATIENCE_SECONDS)
    server.ehlo()
    if server.has_extn("starttls"):
        server.starttls(context=trusted)
    return server
