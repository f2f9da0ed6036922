"""The rubric a notice is read by, and the published formula that makes a score of what was proven.

    weight of a proven point   = its weight below x confidence / 100
    score                      = 100 x (sum for + half of what is open) / all weights, rounded
                                 "open" is the weight that nothing proven speaks for or against
    enough to say              = the proven points carry at least ENOUGH of all weights before confidence

So a score of 50 is "as much for as against", never "nothing was found": where too little is proven there is no score. A person
can check it with a pencil from the points on the page. Not here: what is proven (proof.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from warehouse.domain.assessment import ProvenPoint, Verdict

RUBRIC_VERSION = "1"
ENOUGH = 45
"""Of a hundred: the work itself and one more of the large points."""


@dataclass(frozen=True)
class Point:
    """One point: its key, what counts for it and against it, and its weight of a hundred."""

    key: str
    title: str
    asks: str
    weight: int


POINTS = (
    Point("work", "The work", "Is what is bought what the firm does, by its past awards, codes and keywords?", 30),
    Point("experience", "Experience", "Does what the notice asks of past work match awards that the firm has won?", 20),
    Point("eligibility", "Eligibility", "May the firm bid: set-aside, clearances, licences, registrations, certificates?", 20),
    Point("competition", "Competition", "Is it open, or written for somebody else: brand name, sole source, a named incumbent?", 15),
    Point("terms", "Terms", "Do place, size, schedule and kind of contract suit the firm?", 15),
)  # fmt: skip
BY_KEY = {point.key: point for point in POINTS}


def score_of(proven: Iterable[ProvenPoint]) -> int | None:
    """Compute the score of proven points by the formula above; None where they are too few to say anything."""
    claims = [point for point in proven if point.verdict is not Verdict.SILENT]
    if sum(BY_KEY[point.key].weight for point in claims) < ENOUGH:
        return None
    whole = sum(point.weight for point in POINTS)
    carried = {point: BY_KEY[point.key].weight * point.confidence for point in claims}  # in hundredths
    speaks_for = sum(weight for point, weight in carried.items() if point.verdict is Verdict.FOR)
    left_open = 100 * whole - sum(carried.values())
    # In whole numbers, a half rounded up: the same on every machine.
    return (2 * speaks_for + left_open + whole) // (2 * whole)
