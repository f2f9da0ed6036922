"""Who a letter is from, and what the firm's own mail server found about that.

An address in a letter is what its writer wrote there. The only word on it that counts is that of our own server in
Authentication-Results (RFC 8601), which takes forged ones out. Not here: which addresses are the office's (settings.py).
"""

import re
from dataclasses import dataclass
from email.headerregistry import HeaderRegistry
from email.message import Message
from typing import Any

from pipelines.submission.mail.letters import UNREADABLE
from warehouse.domain.executor import EMAIL_ADDRESS

COMMENT = re.compile(r"\([^()]*\)")
RESULT = re.compile(r"\s*([a-z]+)\s*=\s*([a-z]+)\b(.*)", re.S)
_DOMAIN = r"\s*=\s*\S*?@?([a-z0-9.-]+)(?=\s|$)"
ALIGNED = {"dkim": re.compile(rf"header\.[di]{_DOMAIN}"), "spf": re.compile(rf"smtp\.mailfrom{_DOMAIN}")}
"""Methods, and where their words name the domain that was proven."""


@dataclass(frozen=True)
class Sender:
    """Who a letter says it is from.

    Attributes:
        address: In small letters; "" where there is not exactly one.
        is_genuine: What our own server found; None where it says nothing.
        proof: Its words.
    """

    address: str
    is_genuine: bool | None
    proof: str


def sender_of(message: Message, own_server: str) -> Sender:
    """Read who wrote a letter; `own_server` is the name under which our server writes its findings, "" for none."""
    address = _address(message)
    found = _results(message, own_server) if own_server and address else {}
    is_genuine = _judge(found, address.rpartition("@")[2])
    proof = ", ".join(f"{method}={result}" for method, (result, _) in found.items())
    return Sender(address, is_genuine, f"{own_server}: {proof}" if proof else "nobody vouches for the sender")


def _address(message: Message) -> str:
    """Return the one address that stands in the one From; "" for none, several, or one that hides behind a name."""
    named = message.get_all("From", [])
    if len(named) != 1:
        return ""
    try:
        read: Any = HeaderRegistry()("from", str(named[0]))
        found = [str(one.addr_spec) for one in read.addresses]
    except UNREADABLE:
        return ""
    address = found[0].lower() if len(found) == 1 and not read.defects else ""
    return address if EMAIL_ADDRESS.fullmatch(address) else ""


def _results(message: Message, own_server: str) -> dict[str, tuple[str, str]]:
    """Return the findings of our own server, by method: the result and what it is about. Only the topmost are its own."""
    for value in message.get_all("Authentication-Results", []):
        server, _, rest = COMMENT.sub(" ", str(value)).lower().partition(";")
        if server.split()[:1] == [own_server]:
            read = [RESULT.match(one) for one in rest.split(";")]
            return {one[1]: (one[2], one[3]) for one in reversed(read) if one}
    return {}


def _judge(found: dict[str, tuple[str, str]], domain: str) -> bool | None:
    dmarc = found.get("dmarc", ("", ""))[0]
    if dmarc in {"pass", "fail"}:
        return dmarc == "pass"
    for method, about in ALIGNED.items():
        result, words = found.get(method, ("", ""))
        named = about.search(words)
        if result == "pass" and named and _is_aligned(named[1], domain):
            return True
    return False if any(found.get(method, ("",))[0] in {"fail", "softfail"} for method in ALIGNED) else None


def _is_aligned(named: str, domain: str) -> bool:
    """Whether who was proven is who is named, or the firm above it (never a public suffix alone)."""
    return named == domain or ("." in named and domain.endswith(f".{named}"))
