"""The `[grants_gov]` section of a portal profile: where the web service lies, and with which certificate one signs in.

docs/portal-grants.md says it for who writes one. Not here: what all ways share (portals/profile.py).
"""

from dataclasses import dataclass
from pathlib import Path

from pipelines.submission.portals.hosts import entry_of
from pipelines.submission.portals.keys import Faults, Keys
from pipelines.submission.portals.profile import PortalProfile

NAME = "grants_gov"


@dataclass(frozen=True)
class GrantsSettings:
    """What delivering to Grants.gov needs beside the package.

    Attributes:
        address: Of the applicant web service.
        soap_action: What the header of that name begins with, as the WSDL has it; usually the address.
        certificate: The name in the vault of our client certificate, PEM with its chain; `private_key` of its key.
        application: The name in the package of the file with the GrantApplication.
        forms: Forms that it must hold, by the local names of their elements.
        answer_seconds: How long the answer to a question may take; `submit_seconds` the whole handing over.
        ca_file: Who is trusted instead of the machine's own list; "" for that list.
    """

    address: str
    soap_action: str
    certificate: str
    private_key: str
    application: str
    forms: tuple[str, ...]
    answer_seconds: float
    submit_seconds: float
    ca_file: str


def read_settings(profile: PortalProfile) -> tuple[GrantsSettings | None, Faults]:
    """Read a profile's section; the settings are None where anything is wrong with it."""
    faults: Faults = []
    keys = Keys(profile.sections.get(NAME, profile.section), (NAME,), faults)
    address = keys.text("address", is_required=True)
    settings = GrantsSettings(
        address,
        keys.text("soap_action") or address,
        keys.text("certificate", longest=40, is_required=True),
        keys.text("private_key", longest=40, is_required=True),
        keys.text("application", longest=200) or "application.xml",
        keys.texts("forms", longest=100),
        keys.number("answer_seconds", 120, low=0.1, high=1_800),
        keys.number("submit_seconds", 1_800, low=0.1, high=4 * 3_600),
        keys.text("ca_file"),
    )
    keys.done()
    if address and not (address.startswith("https://") and entry_of(address, profile.hosts)):
        keys.fault("address", "is no https address of a host that hosts names")
    for key, credential in (("certificate", settings.certificate), ("private_key", settings.private_key)):
        if credential and credential not in profile.credentials:
            keys.fault(key, f"is {credential}, which credentials does not name")
    if settings.certificate and settings.certificate == settings.private_key:
        keys.fault("private_key", "is the certificate's name: each is a credential of its own")
    if settings.ca_file and not Path(settings.ca_file).is_file():
        keys.fault("ca_file", f"is {settings.ca_file}, where no file is")
    return (None if faults else settings), faults
