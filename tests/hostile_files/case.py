"""One file to judge."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Make = Callable[[random.Random], "Iterator[tuple[str, bytes]]"]


@dataclass(frozen=True)
class Case:
    """A file and what it is a case of."""

    kind: str
    name: str
    data: bytes = field(repr=False)

    @property
    def label(self) -> str:
        """Name it in a report."""
        return f"{self.kind}: {self.name!r}"


def words(rng: random.Random, count: int) -> str:
    """Return words such as an offer holds."""
    pool = [
        "volume",
        "technical",
        "approach",
        "staffing",
        "plan",
        "past",
        "performance",
        "price",
        "schedule",
        "section",
        "compliance",
        "matrix",
        "the",
        "contractor",
        "shall",
        "provide",
        "all",
        "labor",
        "and",
        "materials",
        "for",
        "maintenance",
        "of",
        "facilities",
        "quality",
        "control",
        "safety",
        "transition",
        "key",
        "personnel",
        "resume",
        "small",
        "business",
        "subcontracting",
        "cost",
        "estimate",
        "period",
        "of",
        "performance",
        "deliverable",
        "task",
        "order",
    ]
    return " ".join(rng.choice(pool) for _ in range(count))
