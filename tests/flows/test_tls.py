"""HTTPS for real: certificates of an authority made here, the real `up`, and what browsers are told over it."""

import json
import os
import re
import signal
import socket
import ssl
import warnings
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509

from pipelines.administration.people import add_person
from tests.app_server import Served, serve
from tests.certificates import Authority, Pair
from tests.flows.conftest import Product, wait_for
from tests.streamlit_client import open_window
from warehouse import clock
from warehouse.domain.access import Department, Role
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

EMAIL, PASSWORD = "tls@firm.example", "four quiet green lamps"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def trusted(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority.file))


@pytest.fixture(scope="module")
def served(home: Settings, authority: Authority, trusted: ssl.SSLContext) -> Iterator[Served]:
    pair = authority.issue()
    ledger = open_ledger()
    add_person(ledger, email=EMAIL, role=Role.VIEWER, department=Department.LEGAL, password=PASSWORD, at=clock.now())
    with serve(Settings(tls_cert=pair.cert, tls_key=pair.key), trusted) as found:
        yield found


def _port(address: str) -> int:
    return int(address.rsplit(":", 1)[1])


def _handshake(address: str, context: ssl.SSLContext) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", _port(address)), timeout=10)
    return context.wrap_socket(plain, server_hostname="127.0.0.1")


def _serial(address: str, trusted: ssl.SSLContext) -> int:
    with _handshake(address, trusted) as connection:
        return x509.load_der_x509_certificate(connection.getpeercert(binary_form=True) or b"").serial_number


def _only(version: ssl.TLSVersion, authority: Authority) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(authority.file))
    context.set_ciphers("ALL:@SECLEVEL=0")  # the client would take anything
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    return context


def test_tls_1_2_and_1_3_are_spoken_and_nothing_older(served: Served, authority: Authority) -> None:
    for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
        with _handshake(served.address, _only(version, authority)) as connection:
            assert connection.version() == name
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        with pytest.raises((ssl.SSLError, OSError)):
            _handshake(served.address, _only(version, authority))


def test_plain_http_to_the_same_port_gets_nothing(served: Served) -> None:
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"http://127.0.0.1:{_port(served.address)}/sign-in", timeout=10)


def test_stranger_s_authority_is_not_trusted(served: Served) -> None:
    with pytest.raises(httpx.ConnectError, match="certificate"):
        httpx.get(f"{served.address}/healthz", timeout=10)


def test_browsers_are_told_to_come_back_over_https_only(served: Served, trusted: ssl.SSLContext) -> None:
    with httpx.Client(base_url=served.address, verify=trusted, timeout=20) as client:
        for path in ("/sign-in", "/healthz", "/nothing", "/api/v1/me"):
            assert client.get(path).headers["strict-transport-security"] == "max-age=31536000"


def test_signing_in_over_https_keeps_every_cookie_to_this_host_and_to_https(
    served: Served, trusted: ssl.SSLContext
) -> None:
    with httpx.Client(base_url=served.address, verify=trusted, timeout=20) as client:
        form = client.get("/sign-in")
        token = re.findall('name="token" value="([^"]+)"', form.text)[0]
        fields = {"email": EMAIL, "password": PASSWORD, "token": token}
        signed = client.post("/sign-in", data=fields, headers={"origin": served.address})
        assert signed.status_code == 303
        given = [*form.headers.get_list("set-cookie"), *signed.headers.get_list("set-cookie")]
        given += client.get("/_stcore/health").headers.get_list("set-cookie")
        names = {cookie.split("=", 1)[0] for cookie in given}
        assert {"__Host-procura_session", "__Host-procura_form", "_streamlit_xsrf"} <= names
        for cookie in given:
            attributes = [part.strip().lower() for part in cookie.split(";")[1:]]
            assert "secure" in attributes, cookie
            if cookie.startswith("__Host-"):
                assert "path=/" in attributes
                assert not any(part.startswith("domain") for part in attributes)
                assert "httponly" in attributes
        session = client.cookies["__Host-procura_session"]
    with open_window(served.address, {"__Host-procura_session": session}, ssl=trusted) as window:
        assert "Your session has ended" not in window.rerun()
    planted = httpx.get(
        f"{served.address}/me", cookies={"procura_session": session}, verify=trusted, timeout=20, follow_redirects=False
    )
    assert planted.status_code == 401, "under its plain name, which another host could plant, it is not taken"


def test_program_signs_in_over_https(served: Served, trusted: ssl.SSLContext) -> None:
    with httpx.Client(base_url=served.address, verify=trusted, timeout=20) as client:
        found = client.post("/api/v1/token", json={"email": EMAIL, "password": PASSWORD}).json()
        me = client.get("/api/v1/me", headers={"authorization": f"Bearer {found['access_token']}"})
    assert me.json()["email"] == EMAIL


def _use(product: Product, pair: Pair) -> None:
    product.environment |= {"PROCURA_TLS_CERT": str(pair.cert), "PROCURA_TLS_KEY": str(pair.key)}


def test_up_serves_https_and_takes_a_renewed_certificate_when_the_app_starts_again(
    product: Product, authority: Authority, trusted: ssl.SSLContext
) -> None:
    pair = authority.issue("renewed")
    _use(product, pair)
    product.environment["PROCURA_APP_HOST"] = "0.0.0.0"
    product.up()

    wait_for("the app has an address", lambda: (product.home / "run" / "up.json").exists() and product.state["app_url"])
    address = str(product.state["app_url"])
    assert address.startswith("https://127.0.0.1:")

    def answers() -> bool:
        try:
            return httpx.get(f"{address}/healthz", verify=trusted, timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    wait_for("the app answers", answers)
    first = _serial(address, trusted)
    authority.issue("renewed")
    assert _serial(address, trusted) == first
    pid = product.state["processes"]["app"]["pid"]
    os.kill(pid, signal.SIGTERM)
    wait_for("the app is back", lambda: product.state["processes"]["app"]["pid"] != pid and answers(), 60)
    assert _serial(address, trusted) != first
    assert product.stop() == 0


@pytest.mark.parametrize("fault", ["no certificate", "expired", "another key", "missing", "half"])
def test_up_refuses_before_anything_starts(product: Product, authority: Authority, fault: str) -> None:
    words = _break(product, authority, fault)
    done = product.run("up", seconds=60)
    assert done.returncode == 1
    assert done.stderr.startswith("BadInput: ")
    assert words in done.stderr
    assert "nothing was started" in done.stderr
    assert not (product.home / "postgres").exists()


def _break(product: Product, authority: Authority, fault: str) -> str:
    """Set what cannot be served and return what is said of it."""
    good = authority.issue("good")
    if fault == "no certificate":
        product.environment["PROCURA_APP_HOST"] = "0.0.0.0"
        return "passwords would travel in clear"
    if fault == "expired":
        _use(product, authority.issue("old", begins=timedelta(days=-9), ends=timedelta(days=-1)))
        return "the certificate ended on"
    if fault == "another key":
        _use(product, Pair(good.cert, authority.issue("other").key))
        return "is not the key of"
    if fault == "missing":
        _use(product, Pair(Path("absent.pem"), good.key))
        return "absent.pem cannot be read"
    product.environment["PROCURA_TLS_CERT"] = str(good.cert)
    return "PROCURA_TLS_KEY is not set"


def test_doctor_tells_of_a_certificate_that_cannot_be_served(product: Product, authority: Authority) -> None:
    _break(product, authority, "another key")
    findings = json.loads(product.run("doctor", "--json").stdout)["findings"]
    told = next(finding for finding in findings if finding["subject"] == "https")
    assert not told["is_good"]
    assert "is not the key of" in told["what"]
