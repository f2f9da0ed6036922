"""Which address belongs to which host of a profile; where no machine works."""

import pytest

from pipelines.submission.portals.hosts import entry_of, forbidden, host_fault, without_secrets

HOSTS = ("portal.agency.gov", "files.agency.gov:8443", "127.0.0.1")


@pytest.mark.parametrize(
    ("address", "entry"),
    [
        ("https://portal.agency.gov/a?b#c", "portal.agency.gov"),
        ("https://PORTAL.agency.gov./a", "portal.agency.gov"),
        ("https://portal.agency.gov:443/", "portal.agency.gov"),
        ("wss://portal.agency.gov/live", "portal.agency.gov"),
        ("https://files.agency.gov:8443/", "files.agency.gov:8443"),
        ("http://127.0.0.1:5000/", "127.0.0.1"),
        ("http://portal.agency.gov/", ""),
        ("https://portal.agency.gov:8443/", ""),
        ("https://files.agency.gov/", ""),
        ("https://portal.agency.gov@evil.example/", ""),
        ("https://portal.agency.gov.evil.example/", ""),
        ("https://evilportal.agency.gov/", ""),
        ("https://xportal.agency.gov/", ""),
        ("file:///etc/passwd", ""),
        ("data:text/html,x", ""),
        ("javascript:alert(1)", ""),
        ("https://[::1/", ""),
        ("https://portal.agency.gov:99999/", ""),
        ("about:blank", ""),
        ("", ""),
    ],
)
def test_only_the_profiles_own_hosts_are_its_own(address: str, entry: str) -> None:
    assert entry_of(address, HOSTS) == entry


@pytest.mark.parametrize("host", ["portal.agency.gov", "a-b.example:8443", "127.0.0.1", "localhost:99"])
def test_hosts_are_written_plainly(host: str) -> None:
    assert host_fault(host) == ""


@pytest.mark.parametrize(
    "host", ["https://a.example", "*.agency.gov", "Agency.gov", "agency", "a.example/x", "a b.example", "", ".gov"]
)
def test_other_writings_are_faults(host: str) -> None:
    assert host_fault(host)


@pytest.mark.parametrize(
    "host", ["sam.gov", "www.sam.gov", "secure.login.gov", "piee.eb.mil", "wawf.eb.mil:443", "sam.gov."]
)
def test_no_machine_works_where_the_terms_forbid_it(host: str) -> None:
    assert "hand-over" in forbidden(host)


@pytest.mark.parametrize("host", ["notsam.gov", "sam.gov.example", "grants.gov", "127.0.0.1"])
def test_other_hosts_are_not_meant(host: str) -> None:
    assert forbidden(host) == ""


def test_an_address_is_kept_without_its_query() -> None:
    assert without_secrets("https://u:p@portal.agency.gov:8443/a?token=x#y") == "https://portal.agency.gov:8443/a?…"
    assert without_secrets("about:blank") == "about:"
