"""What may be served: each fault of a certificate, a key or an address is told before anything starts."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.administration.https import check_certificate, check_serving, is_loopback
from pipelines.administration.operations import examine_home
from tests.certificates import Authority, Pair
from warehouse.errors import BadInput
from warehouse.settings import Settings


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def _now() -> datetime:
    return datetime.now(UTC)


def _serving(tmp_path: Path, **values: object) -> Settings:
    return Settings(home=tmp_path / "home", app_port=0, dagster_port=0, **values)  # type: ignore[arg-type]


def test_good_pair_is_taken_and_says_its_names_and_end(authority: Authority) -> None:
    pair = authority.issue()
    found = check_certificate(pair.cert, pair.key, at=_now())
    assert found.names == ("localhost", "127.0.0.1")
    assert timedelta(days=89) < found.ends_at - _now() < timedelta(days=91)
    assert not found.ends_soon(_now())
    assert found.ends_soon(found.ends_at - timedelta(days=13))


def test_expired_certificate_is_refused_from_its_last_instant_on(authority: Authority) -> None:
    pair = authority.issue()
    ends_at = check_certificate(pair.cert, pair.key, at=_now()).ends_at
    check_certificate(pair.cert, pair.key, at=ends_at - timedelta(seconds=1))
    with pytest.raises(BadInput, match="the certificate ended on"):
        check_certificate(pair.cert, pair.key, at=ends_at)


def test_certificate_of_tomorrow_is_refused(authority: Authority) -> None:
    pair = authority.issue(begins=timedelta(days=1))
    with pytest.raises(BadInput, match="valid only from"):
        check_certificate(pair.cert, pair.key, at=_now())


def test_key_of_another_certificate_is_refused(authority: Authority) -> None:
    one, other = authority.issue("one"), authority.issue("other")
    with pytest.raises(BadInput, match=r"other\.key is not the key of .*one\.pem"):
        check_certificate(one.cert, other.key, at=_now())


def test_key_with_a_pass_phrase_is_refused_instead_of_waiting_for_somebody(authority: Authority) -> None:
    pair = authority.issue(pass_phrase=b"open sesame")
    with pytest.raises(BadInput, match="has a pass phrase"):
        check_certificate(pair.cert, pair.key, at=_now())


def test_key_that_everybody_may_read_is_refused_and_one_of_a_group_is_not(authority: Authority) -> None:
    pair = authority.issue()
    pair.key.chmod(0o640)
    check_certificate(pair.cert, pair.key, at=_now())
    pair.key.chmod(0o644)
    with pytest.raises(BadInput, match="read by everybody"):
        check_certificate(pair.cert, pair.key, at=_now())


def test_missing_file_and_rubbish_are_told_by_setting_and_path(authority: Authority) -> None:
    pair = authority.issue()
    with pytest.raises(BadInput, match=r"PROCURA_TLS_CERT: .*absent\.pem cannot be read"):
        check_certificate(authority.folder / "absent.pem", pair.key, at=_now())
    with pytest.raises(BadInput, match=r"PROCURA_TLS_KEY: .*absent\.key cannot be read"):
        check_certificate(pair.cert, authority.folder / "absent.key", at=_now())
    secret = b"-----BEGIN PRIVATE KEY-----\nnot base64: hunter2\n-----END PRIVATE KEY-----\n"
    for path, setting in ((pair.cert, "PROCURA_TLS_CERT"), (pair.key, "PROCURA_TLS_KEY")):
        kept = path.read_bytes()
        path.write_bytes(secret)
        with pytest.raises(BadInput, match=setting) as refused:
            check_certificate(pair.cert, pair.key, at=_now())
        assert "hunter2" not in str(refused.value)
        path.write_bytes(kept)


def test_plain_http_is_for_loopback_only(tmp_path: Path) -> None:
    for host in ("127.0.0.1", "::1", "localhost", "127.0.0.2"):
        assert is_loopback(host)
        assert check_serving(_serving(tmp_path, app_host=host), at=_now()) is None
    for host in ("0.0.0.0", "::", "192.168.1.5", "procura.firm.example", ""):
        with pytest.raises(BadInput, match="passwords would travel in clear"):
            check_serving(_serving(tmp_path, app_host=host), at=_now())


def test_with_a_certificate_any_address_may_be_served(tmp_path: Path, authority: Authority) -> None:
    pair = authority.issue()
    settings = _serving(tmp_path, app_host="0.0.0.0", tls_cert=pair.cert, tls_key=pair.key)
    assert check_serving(settings, at=_now()) is not None
    assert settings.is_https


def test_half_a_pair_is_refused(tmp_path: Path, authority: Authority) -> None:
    pair = authority.issue()
    with pytest.raises(BadInput, match="PROCURA_TLS_KEY is not set"):
        check_serving(_serving(tmp_path, tls_cert=pair.cert), at=_now())
    with pytest.raises(BadInput, match="PROCURA_TLS_CERT is not set"):
        check_serving(_serving(tmp_path, tls_key=pair.key), at=_now())


def test_proxy_before_the_app_counts_as_https_but_opens_no_other_address(tmp_path: Path) -> None:
    settings = _serving(tmp_path, trusted_proxies="127.0.0.1")
    assert settings.is_https
    with pytest.raises(BadInput):
        check_serving(_serving(tmp_path, trusted_proxies="10.0.0.1", app_host="0.0.0.0"), at=_now())


def test_everybody_is_no_proxy_to_trust(tmp_path: Path) -> None:
    for word in ("*", "proxy.firm.example", "127.0.0.1, *"):
        with pytest.raises(BadInput, match="is no network address"):
            check_serving(_serving(tmp_path, trusted_proxies=word), at=_now())


@pytest.mark.parametrize(
    ("fault", "is_good", "words"),
    [("none", True, "valid until"), ("ends soon", False, "valid until"), ("expired", False, "ended on")],
)
def test_doctor_tells(tmp_path: Path, authority: Authority, fault: str, is_good: bool, words: str) -> None:
    ends = {"none": timedelta(days=90), "ends soon": timedelta(days=5), "expired": timedelta(hours=-1)}[fault]
    pair: Pair = authority.issue(ends=ends)
    settings = _serving(tmp_path, tls_cert=pair.cert, tls_key=pair.key)
    settings.resolved_home.mkdir()
    settings.secrets.mkdir()
    finding = next(f for f in examine_home(settings, is_up=False, at=_now()) if f.subject == "https")
    assert finding.is_good is is_good
    assert words in finding.what
