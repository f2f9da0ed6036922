"""Hosts of a portal: how one is written, which address belongs to which, and where no machine may ever work.

A host is written as in an address, with its port where that is not the usual one: portal.agency.gov, portal.agency.gov:8443.
On this machine itself (127.0.0.1, localhost) a host without a port means every port.
"""

import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*(?::\d{1,5})?")
LOOPBACK = frozenset({"127.0.0.1", "localhost"})
NEVER_BY_MACHINE = {
    "sam.gov": "the terms of SAM.gov forbid accounts that a machine works with",
    "login.gov": "the terms of login.gov forbid that anybody but its holder signs in",
    "eb.mil": "PIEE and its applications forbid automated access to accounts",
}
"""Ends of host names, and why (docs/portal-profiles.md, "Where no machine may work")."""


def host_fault(host: str) -> str:
    """Say what is wrong with a host of a profile; "" for nothing."""
    if not HOST.fullmatch(host):
        return (
            f"{host!r} is no host: write portal.agency.gov, without https:// and in small letters, each one by itself"
        )
    name = host.partition(":")[0]
    return "" if name in LOOPBACK or "." in name else f"{host!r} is no full name of a host"


def forbidden(host: str) -> str:
    """Say why no machine may work at a host; "" where it may."""
    name = host.partition(":")[0].rstrip(".").lower()
    for end, why in NEVER_BY_MACHINE.items():
        if name == end or name.endswith(f".{end}"):
            return f'{why}: use the hand-over by a person (executor = "assisted")'
    return ""


def entry_of(address: str, hosts: Iterable[str]) -> str:
    """Return the host of a profile that an address belongs to, as the profile writes it; "" where it belongs to none.

    Only https counts, and http on this machine itself.
    """
    parts = _split(address)
    if parts is None or not parts.hostname:
        return ""
    name = parts.hostname.rstrip(".").lower()
    is_here = name in LOOPBACK
    if parts.scheme not in ({"http", "https", "ws", "wss"} if is_here else {"https", "wss"}):
        return ""
    return entry_of_port(name, parts.port or (80 if parts.scheme in {"http", "ws"} else 443), hosts)


def entry_of_port(name: str, port: int, hosts: Iterable[str]) -> str:
    """Return the host of a profile that a name and a port belong to; "" where they belong to none."""
    for host in hosts:
        wanted, _, wanted_port = host.partition(":")
        if wanted == name and (str(port) == wanted_port if wanted_port else port == 443 or name in LOOPBACK):
            return host
    return ""


def without_secrets(address: str) -> str:
    """Return an address as it may be kept: without its query, which may hold a token."""
    parts = _split(address)
    if parts is None:
        return "(no address)"
    host = (parts.hostname or "") + (f":{parts.port}" if parts.port else "")
    return f"{parts.scheme}://{host}{parts.path}{'?…' if parts.query else ''}" if host else parts.scheme + ":"


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return None
    return parts
