"""The [email] table of a profile: what it takes, and every fault with the path of its key."""

import re
from copy import deepcopy
from typing import Any

import pytest

from pipelines.submission.mail.settings import MailSettings, Security, read_section
from pipelines.submission.portals.check import check_text
from pipelines.submission.portals.text import Fault
from warehouse.domain.executor import MB
from warehouse.settings import ROOT

SECTION: dict[str, Any] = {
    "from": "Offers of Firm, Inc. <offers@firm.example>",
    "smtp": {"host": "smtp.firm.example", "user": "user", "password": "password"},
    "imap": {"host": "imap.firm.example", "user": "user", "password": "password"},
    "receipt": {"from": ["Offers@Agency.example", "@bids.example", ".big.example"], "numbers": [r"No\. (\d+)"]},
}


def changed(path: str, value: object) -> dict[str, Any]:
    """Return the section with one key set, or taken out where the value is None."""
    section = deepcopy(SECTION)
    *tables, key = path.split(".")
    table = section
    for name in tables:
        table = table[name]
    if value is None:
        del table[key]
    else:
        table[key] = value
    return section


def test_what_is_left_out_has_its_usual_value() -> None:
    settings = read_section(SECTION)
    assert isinstance(settings, MailSettings)
    assert (settings.smtp.port, settings.imap.port) == (587, 143)
    assert settings.smtp.security is Security.STARTTLS
    assert (settings.sender_name, settings.sender) == ("Offers of Firm, Inc.", "offers@firm.example")
    assert (settings.message_bytes, settings.folders, settings.subject) == (10 * MB, ("INBOX",), "{subject}")


@pytest.mark.parametrize(
    ("address", "is_office"),
    [
        ("offers@agency.example", True),
        ("OFFERS@AGENCY.EXAMPLE", True),
        ("other@agency.example", False),
        ("any.body@bids.example", True),
        ("any@sub.bids.example", False),
        ("any@big.example", True),
        ("any@a.b.big.example", True),
        ("any@notbig.example", False),
        ("any@big.example.evil.example", False),
        ("", False),
    ],
)
def test_only_the_offices_addresses_count(address: str, is_office: bool) -> None:
    settings = read_section(SECTION)
    assert isinstance(settings, MailSettings)
    assert settings.office.is_office(address) is is_office


@pytest.mark.parametrize(
    ("path", "value", "key", "words"),
    [
        ("from", None, "email", "from is missing"),
        ("from", "Firm", "email.from", "no e-mail address"),
        ("from", "a@b.example\r\nBcc: c@d.example", "email.from", "cannot be seen"),
        ("smtp.host", None, "email.smtp", "host is missing"),
        ("smtp.host", "smtp://firm.example", "email.smtp.host", "no name of a host"),
        ("smtp.port", 0, "email.smtp.port", "1 to 65,535"),
        ("smtp.security", "ssl", "email.smtp.security", "one of starttls, tls, plain"),
        ("smtp.security", "plain", "email.smtp.security", "this machine only"),
        ("imap.security", "plain", "email.imap.security", "this machine only"),
        ("smtp.password", None, "email.smtp", "password is missing"),
        ("imap.password", None, "email.imap", "password is missing"),
        ("imap.folders", ['IN"BOX'], "email.imap.folders", "as the server lists it"),
        ("message_bytes", "10 kB", "email.message_bytes", "from 100 kB"),
        ("message_bytes", "much", "email.message_bytes", "number of bytes"),
        ("subject", "{nobody}", "email.subject", "no other braces"),
        ("subject", "{subject.__class__}", "email.subject", "no other braces"),
        ("subject", "{subject", "email.subject", "no other braces"),
        ("receipt.from", None, "email.receipt", "from is missing"),
        ("receipt.from", [], "email.receipt.from", "holds nothing"),
        ("receipt.from", ["gov"], "email.receipt.from", "neither an address nor a domain"),
        ("receipt.numbers", None, "email.receipt", "numbers is missing"),
        ("receipt.numbers", ["("], "email.receipt.numbers", "no regular expression"),
        ("receipt.numbers", [r"\d+"], "email.receipt.numbers", "exactly one"),
        ("receipt.numbers", [r"(\d+)(x)"], "email.receipt.numbers", "exactly one"),
        ("receipt.numbers", [r"(\d*)"], "email.receipt.numbers", "empty text"),
        ("receipt.authenticated", True, "email.receipt", "own_server is missing"),
        ("receipt.nubmers", ["x"], "email.receipt.nubmers", "did you mean numbers?"),
        ("smtp.hots", "x", "email.smtp.hots", "did you mean host?"),
        ("delivery_reports", "yes", "email.delivery_reports", "true or false"),
        ("receipt", "x", "email.receipt", "as a table"),
    ],
)
def test_a_fault_names_its_key(path: str, value: object, key: str, words: str) -> None:
    found = read_section(changed(path, value))
    assert isinstance(found, list)
    assert any(at == key and words in said for at, said in found), found


def test_nothing_at_all_is_a_list_of_faults() -> None:
    found = read_section({})
    assert isinstance(found, list)
    assert {"email", "email.smtp", "email.imap", "email.receipt"} == {key for key, _ in found}


def test_a_server_on_this_machine_may_be_spoken_to_plainly() -> None:
    section = changed("smtp", {"host": "127.0.0.1", "security": "plain"})
    settings = read_section(section)
    assert isinstance(settings, MailSettings)
    assert (settings.smtp.port, settings.smtp.user) == (25, "")


def test_the_documents_example_is_a_profile_without_faults() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "portal-email.md").read_text(), re.S)
    checked = check_text(example)
    assert [str(fault) for fault in checked.faults] == []
    assert checked.may_be_activated


def test_a_fault_of_the_example_is_said_with_its_line() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "portal-email.md").read_text(), re.S)
    broken = example.replace('security = "starttls"', 'security = "none"', 1)
    line = broken.splitlines().index('security = "none"') + 1
    (fault,) = check_text(broken).faults
    assert isinstance(fault, Fault)
    assert (fault.line, fault.key) == (line, "email.smtp.security")


def test_every_key_is_documented() -> None:
    text = (ROOT / "docs" / "portal-email.md").read_text()
    keys = (
        "from reply_to subject message_bytes messages delivery_reports wait_seconds answer_seconds pause_seconds ca_file host port"
        " security user password folders numbers refused each_message own_server authenticated"
    )
    assert [key for key in keys.split() if f"`{key}`" not in text] == []
