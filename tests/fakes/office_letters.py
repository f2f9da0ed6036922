"""Letters as offices and servers write them: receipts, automatic answers, delivery reports, bounces of several makes."""

import email
import email.policy
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage, Message
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, make_msgid
from typing import Any

from warehouse.clock import now

OFFICE = "offers@agency.example"


@dataclass(frozen=True)
class Arrived:
    """A message as a server took it."""

    raw: bytes = field(repr=False)
    to: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    @property
    def message(self) -> EmailMessage:
        """The message, read."""
        read = email.message_from_bytes(self.raw, policy=email.policy.default)  # type: ignore[arg-type]
        assert isinstance(read, EmailMessage)
        return read

    @property
    def files(self) -> dict[str, bytes]:
        """Names and bytes of what is attached."""
        return {str(part.get_filename()): _bytes(part) for part in self.message.iter_attachments()}

    @property
    def text(self) -> str:
        """The text above the files."""
        body = self.message.get_body()
        assert body is not None
        return str(body.get_content())


def _bytes(part: Message) -> bytes:
    read = part.get_payload(decode=True)
    assert isinstance(read, bytes)
    return read


def answer(
    arrived: Arrived, text: str, *, sender: str = OFFICE, in_reply: bool = True, html: bool = False, **headers: str
) -> bytes:  # fmt: skip
    """Write an answer to a message."""
    sent, made = arrived.message, EmailMessage(email.policy.SMTP)
    made["From"], made["To"] = sender, str(sent["From"])
    made["Subject"] = f"RE: {sent['Subject']}"
    made["Date"], made["Message-ID"] = format_datetime(now()), make_msgid(domain="agency.example")
    if in_reply:
        made["In-Reply-To"] = made["References"] = str(sent["Message-ID"])
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(text, subtype="html" if html else "plain")
    return made.as_bytes()


def receipt(arrived: Arrived, number: str, **named: Any) -> bytes:
    """Write a receipt that quotes what it answers."""
    quoted = "".join(f"> {line}\n" for line in arrived.text.splitlines())
    return answer(
        arrived, f"Your offer was received.\nConfirmation number: {number}\n\nOn Monday you wrote:\n{quoted}", **named
    )


def out_of_office(arrived: Arrived, **named: Any) -> bytes:
    """Write what a program answers while somebody is away."""
    return answer(arrived, "I am out of the office until Monday.", Auto_Submitted="auto-replied", **named)


def report(arrived: Arrived, action: str, *, to: Sequence[str] = (), whole: bool = False) -> bytes:
    """Write a delivery status notification (RFC 3464) with the head of the message, or all of it."""
    status = {"delivered": "2.0.0", "delayed": "4.4.1", "failed": "5.1.1"}[action]
    made = MIMEMultipart("report", report_type="delivery-status")
    made["From"], made["To"] = "Mail Delivery System <MAILER-DAEMON@mx.agency.example>", str(arrived.message["From"])
    made["Subject"], made["Date"] = f"Delivery status: {action}", format_datetime(now())
    made["Auto-Submitted"], made["Message-ID"] = "auto-replied", make_msgid(domain="mx.agency.example")
    made.attach(MIMEText("This is the mail system at mx.agency.example.\n"))
    blocks = ["Reporting-MTA: dns; mx.agency.example"]
    blocks += [
        f"Final-Recipient: rfc822; {address}\nAction: {action}\nStatus: {status}\nDiagnostic-Code: smtp; 550 5.1.1 {address} is unknown"
        for address in to or arrived.to
    ]
    about = MIMEBase("message", "delivery-status")
    about.set_payload([email.message_from_string(block + "\n") for block in blocks])
    made.attach(about)
    if whole:
        back = MIMEBase("message", "rfc822")
        back.set_payload([email.message_from_bytes(arrived.raw)])
    else:
        back = MIMEText(arrived.raw.partition(b"\r\n\r\n")[0].decode("ascii"), "rfc822-headers")
    made.attach(back)
    return made.as_bytes(policy=made.policy.clone(linesep="\r\n"))


def plain_bounce(arrived: Arrived, words: str = "could not be delivered") -> bytes:
    """Write a bounce that keeps to no form, as old servers do."""
    head = arrived.raw.partition(b"\r\n\r\n")[0].decode("ascii")
    made = EmailMessage(email.policy.SMTP)
    made["From"], made["To"] = "postmaster@old.agency.example", str(arrived.message["From"])
    made["Subject"], made["Date"] = "Undeliverable mail", format_datetime(now())
    made.set_content(f"Your message {words}:\n\n  {arrived.to[0]}\n  550 5.1.1 User unknown\n\n{head}\n")
    return made.as_bytes()
