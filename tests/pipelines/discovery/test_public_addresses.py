"""What a source's name or redirect leads to is judged at each connection: no private network is ever asked."""

import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from pipelines.discovery.public_addresses import client_for
from tests.fakes.keyed_source import KeyedSource, running_source
from warehouse.errors import SourceUnavailable


@pytest.fixture
def source() -> Iterator[KeyedSource]:
    with running_source(KeyedSource()) as served:
        yield served


def client(url: str, *, is_own: bool) -> httpx.Client:
    return client_for(url, is_own=is_own, connect_seconds=1, read_seconds=2, user_agent="test")


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Every name leads to these addresses."""
    family = {True: socket.AF_INET6, False: socket.AF_INET}

    def found(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        return [(family[":" in one], socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", found)


@pytest.mark.parametrize(
    "addresses",
    [
        ("10.0.0.1",), ("127.0.0.1",), ("169.254.169.254",), ("192.168.1.1",), ("::1",), ("fe80::1%eth0",), ("fd00::1",),
        ("0.0.0.0",), ("224.0.0.1",), ("::ffff:127.0.0.1",), ("8.8.8.8", "10.0.0.1"),
    ],
)  # fmt: skip
def test_a_name_that_leads_into_a_private_network_is_refused(
    monkeypatch: pytest.MonkeyPatch, addresses: tuple[str, ...]
) -> None:
    resolving(monkeypatch, *addresses)
    with (
        client("https://api.sam.gov/x", is_own=False) as asking,
        pytest.raises(SourceUnavailable, match="private network"),
    ):
        asking.get("https://api.sam.gov/x")


def test_the_operators_own_address_may_be_private_and_only_that_one(source: KeyedSource) -> None:
    with client(source.url, is_own=True) as asking:
        assert asking.get(source.url).status_code == 200
        with pytest.raises(SourceUnavailable, match="private network"):
            asking.get(source.url.replace("127.0.0.1", "127.0.0.2"))
    with client(source.url, is_own=False) as asking, pytest.raises(SourceUnavailable, match="private network"):
        asking.get(source.url)


def test_a_redirect_into_a_private_network_is_refused(source: KeyedSource) -> None:
    source.status, source.headers = 302, {"Location": "http://localhost:1/secret"}
    with client(source.url, is_own=True) as asking, pytest.raises(SourceUnavailable, match="localhost leads"):
        asking.get(source.url)


def test_the_address_that_was_judged_is_the_one_connected_to_under_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "2600::1", "8.8.8.8")
    sent: list[httpx.Request] = []

    def keep(_: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200)

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", keep)
    with client("https://api.sam.gov/x", is_own=False) as asking:
        asking.get("https://api.sam.gov/x?a=1")
    assert str(sent[0].url) == "https://8.8.8.8/x?a=1"
    assert (sent[0].headers["host"], sent[0].extensions["sni_hostname"]) == ("api.sam.gov", "api.sam.gov")


def test_a_name_without_an_address_is_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: Any, **__: Any) -> list[tuple[Any, ...]]:
        raise socket.gaierror(-2, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", none)
    with client("https://gone.example/x", is_own=False) as asking, pytest.raises(httpx.ConnectError):
        asking.get("https://gone.example/x")
