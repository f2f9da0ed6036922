"""The `[email]` section of a portal profile: how an offer goes out by e-mail, and whose words count as a receipt.

docs/portal-email.md says it for who writes one. Not here: what all ways share (portals/profile.py).
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pipelines.submission.portals.hosts import LOOPBACK
from pipelines.submission.portals.keys import Faults, Keys
from pipelines.submission.receipt_patterns import LONGEST_PATTERN, fault_of_pattern
from warehouse.domain.executor import EMAIL_ADDRESS, MB
from warehouse.domain.package import size_words

HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
NAMED_ADDRESS = re.compile(r"([^<>]*)<([^<>]+)>")
DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
TEMPLATE_NAME = re.compile(r"\{([^{}]*)\}")
TEMPLATE_NAMES = frozenset({"subject", "reference", "number", "count", "solicitation"})
LEAST_MESSAGE, MOST_MESSAGE = 100_000, 150 * MB
MOST_MESSAGES = 99
MOST_PATTERNS = 10


class Security(StrEnum):
    """How a line to a server is kept from others."""

    STARTTLS = "starttls"
    TLS = "tls"
    PLAIN = "plain"
    """On this machine only."""


@dataclass(frozen=True)
class MailServer:
    """A server of the firm's own mail; `user` and `password` are names in the vault, "" where none is asked for."""

    host: str
    port: int
    security: Security
    user: str
    password: str


@dataclass(frozen=True)
class Office:
    """Whose words count, and what in them.

    Attributes:
        addresses: In small letters.
        domains: In small letters; one that begins with a dot has subdomains too.
        numbers: Patterns with one group, the receipt number.
        refusals: Phrases of a letter that takes the offer not.
        wants_each: Whether each numbered message must be acknowledged.
        own_server: The name by which the firm's own server signs Authentication-Results; "" where it writes none.
        must_be_authenticated: Whether that server must have found the sender genuine.
    """

    addresses: frozenset[str]
    domains: frozenset[str]
    numbers: tuple[str, ...]
    refusals: tuple[str, ...]
    wants_each: bool
    own_server: str
    must_be_authenticated: bool

    def is_office(self, address: str) -> bool:
        """Say whether an address is one of the office's."""
        address = address.lower()
        domain = address.rpartition("@")[2]
        return address in self.addresses or any(
            domain == one or (one.startswith(".") and f".{domain}".endswith(one)) for one in self.domains
        )


@dataclass(frozen=True)
class MailSettings:
    """What delivering by e-mail needs beside the package.

    Attributes:
        message_bytes: Of a whole message as it travels, encoded.
        messages: How many numbered messages an offer may be split into.
        wants_reports: Whether delivery status notifications are asked for where the server offers them.
        wait_seconds: For each step of a conversation; `answer_seconds` for the word on a whole message.
        pause_seconds: Before missing numbers are tried once more.
        ca_file: Who is trusted instead of the machine's own list; "" for that list.
    """

    smtp: MailServer
    imap: MailServer
    folders: tuple[str, ...]
    sender: str
    sender_name: str
    reply_to: str
    subject: str
    message_bytes: int
    messages: int
    wants_reports: bool
    wait_seconds: float
    answer_seconds: float
    pause_seconds: float
    ca_file: str
    office: Office

    @property
    def domain(self) -> str:
        """The domain of our own address."""
        return self.sender.rpartition("@")[2]


def read_section(section: Mapping[str, Any]) -> MailSettings | Faults:
    """Read the section, or return everything that is wrong with it, each with the path of its key."""
    faults: Faults = []
    keys = Keys(section, ("email",), faults)
    smtp, imap, receipt = (Keys(keys.raw(name) or {}, ("email", name), faults) for name in ("smtp", "imap", "receipt"))
    name, sender = _mailbox(keys, "from", is_required=True)
    settings = MailSettings(
        smtp=_server(smtp, {Security.STARTTLS: 587, Security.TLS: 465, Security.PLAIN: 25}, is_mailbox=False),
        imap=_server(imap, {Security.STARTTLS: 143, Security.TLS: 993, Security.PLAIN: 143}, is_mailbox=True),
        folders=_folders(imap),
        sender=sender,
        sender_name=name,
        reply_to=_mailbox(keys, "reply_to")[1],
        subject=_template(keys),
        message_bytes=_message_bytes(keys),
        messages=int(keys.number("messages", 20, low=1, high=MOST_MESSAGES)),
        wants_reports=keys.flag("delivery_reports", default=True),
        wait_seconds=keys.number("wait_seconds", 60, low=0.1, high=600),
        answer_seconds=keys.number("answer_seconds", 300, low=0.1, high=1_800),
        pause_seconds=keys.number("pause_seconds", 20, low=0, high=300),
        ca_file=keys.text("ca_file"),
        office=_office(receipt),
    )
    for one in (smtp, imap, receipt, keys):
        one.done()
    return faults or settings


def faults_by_host(settings: MailSettings, hosts: Collection[str], credentials: Collection[str]) -> Faults:
    """Return which server or credential the profile's shared part does not name, by the key that asks for it."""
    faults: Faults = []
    for name, server in (("smtp", settings.smtp), ("imap", settings.imap)):
        if server.host not in hosts:
            faults.append((f"email.{name}.host", f"is {server.host}, which hosts does not name"))
        for key, credential in (("user", server.user), ("password", server.password)):
            if credential and credential not in credentials:
                faults.append((f"email.{name}.{key}", f"is {credential}, which credentials does not name"))
    return faults


def _server(keys: Keys, ports: Mapping[Security, int], *, is_mailbox: bool) -> MailServer:
    host = keys.text("host", is_required=True).lower()
    if host and not HOST.fullmatch(host):
        keys.fault("host", "is no name of a host")
    security = Security(keys.choice("security", [one.value for one in Security], Security.STARTTLS.value))
    if security is Security.PLAIN and host not in LOOPBACK:
        keys.fault("security", "is plain, which is for this machine only: use starttls or tls")
    port = int(keys.number("port", ports[security], low=1, high=65_535))
    # A relay may know its own people by where they come from; nobody's mailbox is read without a password.
    user, password = (keys.text(key, is_required=is_mailbox) for key in ("user", "password"))
    if bool(user) != bool(password) and not is_mailbox:
        keys.fault("", f"{'password' if user else 'user'} is missing")
    return MailServer(host, port, security, user, password)


def _folders(keys: Keys) -> tuple[str, ...]:
    folders = keys.texts("folders", longest=120, most=20)
    if any(not folder.isascii() or '"' in folder or "\\" in folder for folder in folders):
        keys.fault("folders", "holds a name that is not written as the server lists it")
    return folders or ("INBOX",)


def _message_bytes(keys: Keys) -> int:
    size = keys.size("message_bytes") or 10 * MB
    if not LEAST_MESSAGE <= size <= MOST_MESSAGE:
        keys.fault("message_bytes", f"is a size from {size_words(LEAST_MESSAGE)} to {size_words(MOST_MESSAGE)}")
    return size


def _mailbox(keys: Keys, key: str, *, is_required: bool = False) -> tuple[str, str]:
    said = keys.text(key, is_required=is_required)
    read = NAMED_ADDRESS.fullmatch(said)
    name, address = (read[1].strip(' "'), read[2]) if read else ("", said)
    if said and not EMAIL_ADDRESS.fullmatch(address):
        keys.fault(key, "is no e-mail address, or none in the form Name <address>")
    return name, address


def _template(keys: Keys) -> str:
    template = keys.text("subject") or "{subject}"
    if set(TEMPLATE_NAME.findall(template)) - TEMPLATE_NAMES or set(TEMPLATE_NAME.sub("", template)) & set("{}"):
        names = ", ".join(f"{{{name}}}" for name in sorted(TEMPLATE_NAMES))
        keys.fault("subject", f"may hold {names} and no other braces")
    return template


def _office(keys: Keys) -> Office:
    said = [one.lower() for one in keys.texts("from")]
    addresses = frozenset(one for one in said if EMAIL_ADDRESS.fullmatch(one))
    domains = frozenset(one.removeprefix("@") for one in said if one not in addresses)
    for one in sorted(domains):
        if not DOMAIN.fullmatch(one.removeprefix(".")):
            keys.fault("from", f"holds {one!r}, which is neither an address nor a domain")
    numbers = keys.texts("numbers", longest=LONGEST_PATTERN, most=MOST_PATTERNS)
    for position, pattern in enumerate(numbers, 1):
        if fault := fault_of_pattern(pattern):
            keys.fault("numbers", f"holds pattern {position}, which {fault}")
    for key, found in (("from", said), ("numbers", numbers)):
        if key not in keys:
            keys.fault("", f"{key} is missing")
        elif not found:
            keys.fault(key, "holds nothing")
    own_server, must = keys.text("own_server").lower(), keys.flag("authenticated")
    if must and not own_server:
        keys.fault("", "own_server is missing: without it nobody's word on a sender can be believed")
    return Office(addresses, domains, numbers, keys.texts("refused"), keys.flag("each_message"), own_server, must)
