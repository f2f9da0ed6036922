"""The judgement of a file: our own structural checks in a child process, and ClamAV where it is set up.

Not here: what is stored of it and who may let a file pass that could not be looked into (files.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.submission.scanning.clamav import ask_clamav
from pipelines.submission.scanning.process import look_into
from pipelines.submission.scanning.verdict import Fact
from warehouse.domain.submission_file import ScanStatus
from warehouse.settings import Settings, current


@dataclass(frozen=True)
class ScanResult:
    """What is known of a file's dangers."""

    status: ScanStatus
    reason: str
    """One sentence; empty when clean."""
    media_type: str
    """By content, never by name."""
    findings: Mapping[str, Fact] = field(default_factory=dict)
    """What gates ask for: `has_macros`, `is_encrypted`, `is_archive`, `entries`, `pages`, `sheets`, `scanners` …"""


def scan_file(path: Path, file_name: str, *, settings: Settings | None = None) -> ScanResult:
    """Judge one file; never raises for what the file holds.

    Args:
        path: Where its bytes lie now.
        file_name: The name under which it came; judged as well.
    """
    looked = look_into(path, file_name)
    facts = dict(looked.findings)
    media_type = str(facts.pop("media_type", "application/octet-stream"))
    address = (settings or current()).clamav
    if not address or looked.status is ScanStatus.REFUSED:
        return ScanResult(looked.status, looked.reason, media_type, {**facts, "scanners": "structure"})
    virus = ask_clamav(address, path)
    facts["scanners"] = "structure, ClamAV" if virus.has_answered else "structure"
    if virus.status is not ScanStatus.CLEAN:
        unknown = looked.status is ScanStatus.NOT_SCANNED and virus.status is ScanStatus.NOT_SCANNED
        return ScanResult(virus.status, looked.reason if unknown else virus.reason, media_type, facts)
    return ScanResult(looked.status, looked.reason, media_type, facts)
