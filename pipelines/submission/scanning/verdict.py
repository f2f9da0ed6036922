"""What a check says: nothing, or a finding with its reason as the end of a sentence that begins with the file."""

from collections.abc import MutableMapping
from dataclasses import dataclass

from warehouse.domain.submission_file import ScanStatus

Fact = bool | int | str
Findings = MutableMapping[str, Fact]


@dataclass(frozen=True)
class Finding:
    """Why a file may not be called clean: `"x.docx" inside it` + ` ` + reason + `.` is a sentence."""

    status: ScanStatus
    reason: str
    about: str = ""
    """The inner file it is about; empty for the file itself."""

    def sentence(self) -> str:
        """Return the sentence for an officer."""
        return f"{self.about or 'The file'} {self.reason}."


class Stopped(Exception):
    """A finding that ends the reading of a file at once."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.reason)
        self.finding = finding


def refused(reason: str) -> Finding:
    """Return a finding of danger: nobody may let it pass."""
    return Finding(ScanStatus.REFUSED, reason)


def not_scanned(reason: str) -> Finding:
    """Return a finding of ignorance: a named officer may let it pass where the setting allows it."""
    return Finding(ScanStatus.NOT_SCANNED, reason)


def worse(one: Finding | None, other: Finding | None) -> Finding | None:
    """Return the graver of two; the first of equals."""
    if one is None or (other is not None and other.status is ScanStatus.REFUSED and one.status is not other.status):
        return other
    return one
