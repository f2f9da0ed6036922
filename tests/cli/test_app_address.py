"""The address that is printed can be opened, and names HTTPS where it is spoken."""

from pathlib import Path

import pytest

from cli.app_address import app_url
from cli.children import app_program
from warehouse.settings import Settings


@pytest.mark.parametrize(
    ("host", "named", "is_https", "url"),
    [
        ("127.0.0.1", "", False, "http://127.0.0.1:8501"),
        ("::1", "", False, "http://[::1]:8501"),
        ("127.0.0.1", "procura.firm.example", True, "https://127.0.0.1:8501"),
        ("0.0.0.0", "", True, "https://127.0.0.1:8501"),
        ("0.0.0.0", " procura.firm.example, other.example", True, "https://procura.firm.example:8501"),
        ("192.0.2.7", "", True, "https://192.0.2.7:8501"),
    ],
)
def test_address_for_a_browser(tmp_path: Path, host: str, named: str, is_https: bool, url: str) -> None:
    tls = {"tls_cert": tmp_path / "a.pem", "tls_key": tmp_path / "a.key"} if is_https else {}
    settings = Settings(home=tmp_path, app_host=host, allowed_hosts=named, **tls)  # type: ignore[arg-type]
    assert app_url(settings, 8501) == url


def test_no_client_is_believed_about_its_own_address_unless_it_is_the_proxy_that_was_named(tmp_path: Path) -> None:
    plain = app_program(Settings(home=tmp_path), 8501).arguments
    assert "--no-proxy-headers" in plain
    behind = app_program(Settings(home=tmp_path, trusted_proxies="127.0.0.1, 10.0.0.0/28"), 8501).arguments
    assert behind[behind.index("--forwarded-allow-ips") + 1] == "127.0.0.1,10.0.0.0/28"
