"""How a figure is taken: the thing measured and its yardstick in turn, medians of three, a ratio beside its goal."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

RUNS = 3


@dataclass(frozen=True)
class Figure:
    """One line of docs/performance.md.

    Attributes:
        part: The letter of the comparison.
        what: What was measured against what.
        value: The figure as text, with its unit or "x".
        goal: The goal as text.
        holds: Whether the goal is met; None where there is none.
    """

    part: str
    what: str
    value: str
    goal: str = ""
    holds: bool | None = None


def seconds(work: Callable[[], object]) -> float:
    """Return how long one call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def median_in_turn(*works: Callable[[], object], runs: int = RUNS) -> list[float]:
    """Return the median seconds of each, run in turn so that a slow moment of the machine meets all of them."""
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(runs):
        for times, work in zip(taken, works, strict=True):
            times.append(seconds(work))
    return [statistics.median(times) for times in taken]


def percentile(times: Sequence[float], share: float) -> float:
    """Return the value below which `share` of the times lie."""
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]
