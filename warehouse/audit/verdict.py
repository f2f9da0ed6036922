"""What a verification found, in numbers and words."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that does not hold; `position` is the first record it touches, 0 when it touches none."""

    position: int
    what: str


@dataclass(frozen=True)
class Verdict:
    """What a verification found.

    Attributes:
        records: How many records the log has.
        checked: How many of them were looked at this time.
        checkpoints: How many checkpoints were looked at.
        covered: How many records the last checkpoint covers.
        faults: Everything found, the first bad record first; faults without a position (triggers, rights) last.
    """

    records: int
    checked: int
    checkpoints: int
    covered: int
    faults: tuple[Fault, ...] = ()

    @property
    def holds(self) -> bool:
        """Say whether everything holds."""
        return not self.faults

    @property
    def first_fault(self) -> str:
        """Name the first fault in words; "" when all holds."""
        return self.faults[0].what if self.faults else ""

    @property
    def position(self) -> int:
        """The first bad record; 0 when no record is bad."""
        return self.faults[0].position if self.faults else 0
