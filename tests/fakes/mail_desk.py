"""What the e-mail executor is given in tests: a parcel of files, a profile for the office's servers, and a desk in memory."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from pipelines.submission.executor import Parcel, ParcelFile, Secret
from pipelines.submission.portals.profile import PortalProfile
from tests.fakes.mail_office import PASSWORD, USER, MailOffice
from tests.fakes.office_letters import OFFICE
from warehouse.domain.delivery import EvidenceKind, reference_of
from warehouse.errors import NotFound, NotPermitted

REFERENCE = reference_of("9d5c1f2e-0000-4000-8000-000000000001")
FIELDS = {
    "to": OFFICE, "cc": "contracting@agency.example", "subject": "Offer W912-26-R-0001",
    "body_note": "Dear Sir,\nthis is our offer.",
}  # fmt: skip


@dataclass
class MailDesk:
    """A desk whose vault holds the firm's mailbox; what was kept and said can be read.

    Attributes:
        ends: Raised where the last act begins.
        steps_until: Called with the number of each step; may raise, as a lost lease does.
    """

    hosts: tuple[str, ...] = ("127.0.0.1", "localhost")
    vault: dict[str, str] = field(default_factory=lambda: {"mail_user": USER, "mail_password": PASSWORD})
    ends: Exception | None = None
    steps_until: Callable[[int], None] | None = None
    said: list[str] = field(default_factory=list)
    kept: list[tuple[EvidenceKind, str, bytes]] = field(default_factory=list)
    acts: int = 0

    def step(self, words: str, *, is_fault: bool = False) -> None:
        self.said.append(words)
        if self.steps_until:
            self.steps_until(len(self.said))

    def keep(self, kind: EvidenceKind, name: str, data: bytes, *, media_type: str) -> int:
        assert data
        self.kept.append((kind, name, data))
        return len(self.kept)

    def secret(self, name: str, *, host: str) -> Secret:
        if host not in self.hosts:
            raise NotPermitted(f"{host} is none of the profile's hosts")
        if name not in self.vault:
            raise NotFound(f"The vault holds no credential {name}.")
        return Secret(self.vault[name])

    def begin_act(self) -> None:
        if self.ends:
            raise self.ends
        self.acts += 1

    def text_of(self, kind: EvidenceKind) -> str:
        """Return all that was kept of a kind, as text."""
        return "\n".join(data.decode(errors="replace") for one, _, data in self.kept if one is kind)


def make_section(office: MailOffice, authority: Path, *, security: str = "starttls", **changes: Any) -> dict[str, Any]:
    """Return an [email] table for an office; `changes` replace keys, `receipt` is merged."""
    server = {"host": "127.0.0.1", "security": security, "user": "mail_user", "password": "mail_password"}
    receipt = {"from": [OFFICE, "@bids.agency.example"], "numbers": [r"Confirmation number:\s*([A-Z0-9-]+)"]}
    return {
        "from": "Offers of Firm, Inc. <offers@firm.example>", "ca_file": str(authority), "wait_seconds": 5,
        "answer_seconds": 5, "pause_seconds": 0,
        "smtp": {**server, "port": office.smtp_port}, "imap": {**server, "port": office.imap_port},
        **changes, "receipt": {**receipt, **changes.get("receipt", {})},
    }  # fmt: skip


def make_profile(section: Mapping[str, Any]) -> PortalProfile:
    """Return the profile around an [email] table."""
    return PortalProfile(
        "agency-mail", "Mail of the agency", "email", ("127.0.0.1", "localhost"), None, 1, 60, 3,
        ("mail_user", "mail_password"), section=section,
    )  # fmt: skip


def make_files(folder: Path, sizes: Mapping[str, int], *, seed: int = 1) -> list[ParcelFile]:
    """Write files of random bytes."""
    chance, files = random.Random(seed), []
    for name, size in sizes.items():
        data = chance.randbytes(size)
        path = folder / sha256(name.encode()).hexdigest()
        path.write_bytes(data)
        files.append(ParcelFile(path, name, sha256(data).hexdigest(), size, "application/pdf", ""))
    return files


def make_parcel(folder: Path, files: list[ParcelFile], profile: PortalProfile | None, **changes: Any) -> Parcel:
    """Return a parcel of these files."""
    told: dict[str, Any] = {
        "run_id": "run", "submission_id": "offer", "reference": REFERENCE, "title": "Depot network",
        "solicitation_number": "W912-26-R-0001", "agency": "Army", "deadline": None,
        "manifest_hash": sha256(b"manifest").hexdigest(), "fields": FIELDS, "limits": {}, "files": files, "profile": profile,
        "folder": folder, "acted_at": None,
    }  # fmt: skip
    return Parcel(**told | changes)


def instant(text: str) -> datetime:
    """Read an instant with its zone."""
    return datetime.fromisoformat(text)
