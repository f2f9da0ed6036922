"""The ways out: e-mail by the product's mail server, Slack and Teams by the hooks that people set. One adapter of apprise.

Apprise keeps nothing on disk, follows no redirect, tries once, and its log is not kept: it may repeat an address that is
a secret. Where a hook may lead is ours to say: Slack's own address and Teams' hosts, never any other. Not here: what a
message says, and when it is tried again.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from pipelines.administration.https import is_loopback
from pipelines.administration.notification_messages import Message
from warehouse.domain.notification import Channel
from warehouse.errors import BadInput, SourceUnavailable
from warehouse.settings import Settings

CONNECT_SECONDS, READ_SECONDS, WHOLE_SECONDS = 5.0, 15.0, 60.0
LONGEST_ADDRESS = 2_000
SLACK_PARTS = re.compile(r"/T[A-Z0-9]+/B[A-Z0-9]+/[A-Za-z0-9]+")
TEAMS_PATH = re.compile(
    r"(?:/powerautomate/automations/direct(?:/cu/[0-9]+)?)?/workflows/[A-Za-z0-9_-]+/triggers/manual/paths/invoke/?"
)


def open_channels(settings: Settings) -> frozenset[Channel]:
    """Return the ways that this installation has: none offline, e-mail where a mail server is set, hooks always."""
    if settings.offline:
        return frozenset()
    return frozenset({Channel.HOOK, *([Channel.EMAIL] if settings.smtp_url else [])})


def hook_kind(address: SecretStr, settings: Settings) -> str:
    """Say whether an address is a hook of slack or of teams.

    Raises:
        BadInput: it is neither; messages go nowhere else. The address is not repeated.
    """
    text = address.get_secret_value()
    parts = urlsplit(text)
    if len(text) <= LONGEST_ADDRESS:
        begin = settings.slack_hook_url.rstrip("/")
        if text.startswith(f"{begin}/") and SLACK_PARTS.fullmatch(text.removeprefix(begin)):
            return "slack"
        hosts = (host.strip().lower() for host in settings.teams_hook_hosts.split(","))
        is_teams = parts.scheme == "https" and not parts.username and TEAMS_PATH.fullmatch(parts.path)
        if is_teams and any(host and fnmatchcase(parts.hostname or "", host) for host in hosts):
            return "teams"
    raise BadInput(
        "This is no address of a hook of Slack or Teams.",
        kept="the hook as it was.",
        todo=f"Slack's begin with {settings.slack_hook_url}/…; Teams' lie at {settings.teams_hook_hosts}.",
    )


def send_mail(message: Message, to: str, settings: Settings) -> None:
    """Hand a message to the mail server.

    Raises:
        BadInput: PROCURA_SMTP_URL names no mail server.
        SourceUnavailable: the server does not take it; its own words may hold secrets and are not kept.
    """
    url = settings.smtp_url
    parts = urlsplit(url.get_secret_value() if url else "")
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise BadInput("PROCURA_SMTP_URL names no mail server.", todo="write it as smtp://user:password@host:587.")
    # Without a password and on this machine nothing needs to be hidden; anywhere else the line is encrypted.
    plain = parts.scheme == "smtp" and not parts.password and is_loopback(parts.hostname)
    mode = "insecure" if plain else "ssl" if parts.scheme == "smtps" else "starttls"
    service = {
        "schema": "mailto" if plain else "mailtos", "host": parts.hostname, "smtp_host": parts.hostname,
        "port": parts.port, "user": unquote(parts.username or "") or None,
        "password": unquote(parts.password or "") or None, "from_addr": f"Procura <{settings.mail_from}>",
        "targets": [to], "secure_mode": mode, "format": "text",
    }  # fmt: skip
    _send(service, message, f"the mail server {parts.hostname}")


def send_to_hook(message: Message, address: SecretStr, settings: Settings) -> None:
    """Post a message to a person's hook.

    Raises:
        BadInput: the address may not be written to (any more).
        SourceUnavailable: it does not take the message.
    """
    if hook_kind(address, settings) == "teams":
        _send(address.get_secret_value(), message, "Teams")
        return
    tokens = address.get_secret_value().removeprefix(settings.slack_hook_url.rstrip("/")).strip("/").split("/")
    names = dict(zip(("token_a", "token_b", "token_c"), tokens, strict=True))
    _send(
        {"schema": "slack", **names, "format": "text"},
        message,
        "Slack",
        webhook_url=settings.slack_hook_url.rstrip("/"),
    )


def _send(service: str | dict[str, Any], message: Message, whom: str, **changes: str) -> None:
    from apprise import Apprise, AppriseAsset, NotifyFormat

    asset = AppriseAsset(
        app_id="Procura", app_desc="Procura Ops Command", storage_mode="memory", http_redirects=False, async_mode=False,
        service_timeout=WHOLE_SECONDS, interpret_escapes=False, interpret_emojis=False, allow_templates=False,
        pgp_autogen=False, pem_autogen=False,
    )  # fmt: skip
    if isinstance(service, dict):
        service |= {"cto": str(CONNECT_SECONDS), "rto": str(READ_SECONDS)}
    with _silent():
        plugin = Apprise.instantiate(service, asset=asset)
        if plugin is None:
            raise BadInput(f"{whom} cannot be written to as it is set.", todo="set it again.")
        for name, value in changes.items():
            setattr(plugin, name, value)
        plugin.socket_connect_timeout, plugin.socket_read_timeout = CONNECT_SECONDS, READ_SECONDS
        is_sent = plugin.notify(body=message.body, title=message.subject, body_format=NotifyFormat.TEXT)
    if not is_sent:
        raise SourceUnavailable(f"{whom} did not take the message.", kept="it; it is tried again.")


@contextmanager
def _silent() -> Iterator[None]:
    """Keep apprise's own log, which may name addresses, from every log of ours while it works."""
    logger = logging.getLogger("apprise")
    was = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(was)
