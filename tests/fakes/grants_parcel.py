"""An application for Grants.gov as a firm's own tool writes it, the profile for it, and a parcel; every name is invented."""

import base64
import hashlib
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from pipelines.submission.executor import Parcel, ParcelFile
from pipelines.submission.portals.profile import PortalProfile, parse_profile
from tests.certificates import Pair
from tests.fakes.grants_s2s import GRANT, GrantsOffice
from warehouse.domain.delivery import reference_of

REFERENCE = reference_of("9d5c1f2e-0000-4000-8000-000000000002")
FILING_NAME = "Depot network {reference}"
TITLE = f"Depot network {REFERENCE}"
FIELDS = {"package_id": "PKG00012345", "filing_name": FILING_NAME, "portal_profile": "grants"}
FILES = {"Narrative.pdf": b"%PDF-1.7 \r\nour approach\r\n\r", "Budget (1).pdf": bytes(range(256)) * 40}
PROFILE = """
format = 1
name = "grants"
title = "Grants.gov"
executor = "grants_gov"
hosts = ["127.0.0.1"]
credentials = ["client_certificate", "client_key"]

[timing]
settle_seconds = {settle}
patience_seconds = {patience}

[limits]
file_bytes = "100 MB"
total_bytes = "200 MB"

[grants_gov]
address = "{office.url}"
certificate = "client_certificate"
private_key = "client_key"
ca_file = "{office.authority.file}"
forms = ["SF424_4_0"]
answer_seconds = 20
submit_seconds = {submit}
"""


def application_xml(files: Mapping[str, bytes] = FILES, *, title: str = FILING_NAME, more: str = "") -> bytes:
    """Write an application that speaks of these files."""
    attached = "".join(
        f"<att:AttachedFile><att:FileName>{name}</att:FileName><att:MimeType>application/pdf</att:MimeType>"
        f'<att:FileLocation att:href="{number}@firm"/><glob:HashValue glob:hashAlgorithm="SHA-1">'
        f"{base64.b64encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()}</glob:HashValue></att:AttachedFile>"
        for number, (name, data) in enumerate(files.items(), 1)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\r\n<grant:GrantApplication xmlns:grant="{GRANT}"'
        ' xmlns:att="http://apply.grants.gov/system/Attachments-V1.0" xmlns:glob="http://apply.grants.gov/system/Global-V1.0"'
        ' xmlns:header="http://apply.grants.gov/system/Header-V2.0">'
        f"<header:GrantSubmissionHeader><header:PackageID>PKG00012345</header:PackageID><header:SubmissionTitle>{title}"
        f"</header:SubmissionTitle></header:GrantSubmissionHeader><grant:Forms>"
        '<sf:SF424_4_0 xmlns:sf="http://apply.grants.gov/forms/SF424_4_0-V4.0"><sf:ProjectTitle>Depots &amp; größer'
        f"</sf:ProjectTitle>{attached}</sf:SF424_4_0>{more}</grant:Forms></grant:GrantApplication>"
    ).encode()


def package_files(files: Mapping[str, bytes] = FILES) -> dict[str, bytes]:
    """Return the bytes of a package: the application and its files."""
    return {"application.xml": application_xml(files), **files}


def profile_text(office: GrantsOffice, *, settle: float = 0.1, patience: float = 20, submit: float = 20) -> str:
    """Write the profile for an office."""
    return PROFILE.format(office=office, settle=settle, patience=patience, submit=submit)


def secrets_of(pair: Pair) -> dict[str, str]:
    """Return what the vault holds of a certificate."""
    return {"client_certificate": pair.cert.read_text(), "client_key": pair.key.read_text()}


def make_parcel(
    folder: Path, profile: PortalProfile | str, files: Mapping[str, bytes] | None = None, **changes: Any
) -> Parcel:
    """Write a package into a folder and return its parcel."""
    staged = []
    for name, data in (package_files() if files is None else files).items():
        place = folder / sha256(name.encode()).hexdigest()
        place.write_bytes(data)
        staged.append(ParcelFile(place, name, sha256(data).hexdigest(), len(data), "application/octet-stream", ""))
    told: dict[str, Any] = {
        "run_id": "run", "submission_id": "offer", "reference": REFERENCE, "title": "Depot network",
        "solicitation_number": "", "agency": "Army", "deadline": None, "manifest_hash": "0" * 64, "fields": FIELDS,
        "limits": {}, "files": staged, "folder": folder,
        "profile": parse_profile(profile) if isinstance(profile, str) else profile,
    }  # fmt: skip
    return Parcel(**told | changes)
