"""What may go wrong at the portal, how often, and what goes wrong next."""

import json
import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any


class Fault(StrEnum):
    """One thing that goes wrong once."""

    BUSY = "busy"
    """503, and nothing is done."""
    DROP_BEFORE = "drop_before"
    """The connection breaks; nothing was accepted."""
    DROP_AFTER = "drop_after"
    """The offer is accepted, and the connection breaks before an answer."""
    HANG_AFTER = "hang_after"
    """The offer is accepted, and no answer comes."""
    ERROR_AFTER = "error_after"
    """The offer is accepted, and the answer is 500."""
    LATE = "late"
    """No answer comes, and the offer is accepted some seconds after the client gave up."""
    EXPIRE = "expire"
    """The session ends here."""
    SLOW = "slow"
    """The answer takes its time."""


EVERYWHERE = frozenset(Fault)
ELSEWHERE = frozenset({Fault.BUSY, Fault.DROP_BEFORE, Fault.EXPIRE, Fault.SLOW})


@dataclass(frozen=True)
class Faults:
    """How often what goes wrong, and how the portal is set.

    Attributes:
        at_last_button: Shares from 0 to 1 by the name of the fault; what is left goes well.
        elsewhere: The same for every other page of a signed-in bidder.
        late_seconds: After the client gave up.
        is_changed: Labels and buttons carry other names than the manual says.
        takes_duplicates: A reference may come twice; else the second one is refused.
        closes_at: Instant with its zone, ISO 8601; "" never.
    """

    seed: int = 1
    at_last_button: Mapping[str, float] = field(default_factory=dict)
    elsewhere: Mapping[str, float] = field(default_factory=dict)
    hang_seconds: float = 600
    late_seconds: float = 1
    slow_seconds: float = 2
    is_changed: bool = False
    takes_duplicates: bool = False
    closes_at: str = ""
    most_file_bytes: int = 25_000_000
    most_total_bytes: int = 60_000_000
    most_files: int = 10
    types: tuple[str, ...] = (".pdf", ".docx", ".xlsx", ".txt", ".zip")

    def __post_init__(self) -> None:
        for named, known in ((self.at_last_button, EVERYWHERE), (self.elsewhere, ELSEWHERE)):
            if strange := set(named) - {fault.value for fault in known}:
                raise ValueError(f"no such fault there: {', '.join(sorted(strange))}")
            if any(share < 0 for share in named.values()) or sum(named.values()) > 1:
                raise ValueError("the shares of faults add up to more than 1")

    def drawn(self, number: int, *, at_last_button: bool) -> Fault | None:
        """Return what goes wrong at the request of that number, the same for the same seed; None: nothing."""
        shares = self.at_last_button if at_last_button else self.elsewhere
        left = random.Random(f"{self.seed}:{at_last_button}:{number}").random()
        for name, share in shares.items():
            if left < share:
                return Fault(name)
            left -= share
        return None

    def to_json(self) -> str:
        """Write them as the faults file holds them."""
        return json.dumps(asdict(self))


def read_faults(text: str) -> Faults:
    """Read a faults file: a JSON object of the attributes above, those that are left out as they are by default.

    Raises:
        ValueError: it is none.
    """
    told: Any = json.loads(text)
    if not isinstance(told, dict) or (strange := set(told) - {one.name for one in fields(Faults)}):
        raise ValueError(
            f"no settings of the portal: {', '.join(sorted(strange)) if isinstance(told, dict) else text[:40]}"
        )
    if "types" in told:
        told["types"] = tuple(told["types"])
    return Faults(**told)
