"""Connections to public addresses only: what a source's name or a redirect of it points to may have changed since.

Every connection is looked at by itself: the name is resolved here, all its addresses are judged, and one of those that were
judged is connected to. Behind a proxy of the firm (HTTPS_PROXY) the proxy resolves, and decides.
"""

import ipaddress
import socket

import httpx

from warehouse.errors import SourceUnavailable

MOST_REDIRECTS = 5


def client_for(
    url: str, *, is_own: bool, connect_seconds: float, read_seconds: float, user_agent: str, follows: bool = True
) -> httpx.Client:
    """Return a client for one source.

    Args:
        url: The source's address, whose host may be private where it is `is_own`.
        is_own: Whether the operator has set this address (a mirror within the firm) instead of the source's own.
        follows: Whether it follows redirects; with a key in the request it must not.
    """
    return httpx.Client(
        timeout=httpx.Timeout(read_seconds, connect=connect_seconds),
        headers={"User-Agent": user_agent, "Accept-Encoding": "gzip"},
        follow_redirects=follows,
        max_redirects=MOST_REDIRECTS,
        mounts={
            "all://": _PublicOnly(_host(url) if is_own else "")
        },  # a proxy of the environment is more exact, and wins
    )


class _PublicOnly(httpx.HTTPTransport):
    """Connects to an address that was judged, under the name that was asked for."""

    def __init__(self, trusted: str) -> None:
        super().__init__()
        self._trusted = trusted

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to its host's public address.

        Raises:
            SourceUnavailable: the name leads into a private network.
        """
        host = request.url.host
        if host == self._trusted:
            return super().handle_request(request)
        judged = httpx.Request(
            request.method,
            request.url.copy_with(host=_public_address(host, request.url.port or 443)),
            headers=request.headers,  # its Host is the name already
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": host},
        )
        return super().handle_request(judged)


def _public_address(host: str, port: int) -> str:
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        raise httpx.ConnectError("the name has no address") from None
    addresses = [ipaddress.ip_address(str(address).partition("%")[0]) for address in found]
    if not addresses or not all(address.is_global and not address.is_multicast for address in addresses):
        raise SourceUnavailable(
            f"the address {host} leads into a private network, where no source of notices is.",
            kept="what had landed before; nothing was sent there.",
            todo="look who answers for this name; a mirror within the firm is named in the source's own setting.",
        )
    # IPv4 first: a machine without IPv6 would wait for nothing.
    return str(min(addresses, key=lambda address: address.version))


def _host(url: str) -> str:
    try:
        return httpx.URL(url).host
    except httpx.InvalidURL:
        return ""
