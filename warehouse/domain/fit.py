"""How well an opportunity fits the firm: the words for the answer.

Here: the score, the recommendation, and the reasons a bidder reads. Not here: how a score is computed
(pipelines/qualification/ranker.py) or which rules exclude (pipelines/qualification/rules.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

PURSUE_FROM = 70
"""A notice that agrees in industry, product and buyer with work the firm has done reaches this; industry alone does not."""

WATCH_FROM = 40
"""The firm's exact industry reaches this with nothing else; a notice that only shares a buyer does not."""

HIGHEST_SCORE = 100


class Recommendation(StrEnum):
    """What the product advises. A person decides."""

    PURSUE = "pursue"
    WATCH = "watch"
    PASS = "pass"  # noqa: S105 - the advice, not a password


def recommendation_for(score: int) -> Recommendation:
    """Read the band of a fit score (0 to 100)."""
    if score >= PURSUE_FROM:
        return Recommendation.PURSUE
    return Recommendation.WATCH if score >= WATCH_FROM else Recommendation.PASS


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for a score.

    Attributes:
        kind: What sort of evidence it is: naics, psc, title, buyer, place, set_aside, keywords, history, source; for a
            hard rule the rule's name (pipelines/qualification/rules.py).
        text: A sentence a bidder understands.
        evidence: What the sentence quotes: field and value.
        points: What it contributed to the score, negative when it lowered it. Only the top contributors are listed, so
            the points of a score's reasons need not add up to it.
    """

    kind: str
    text: str
    evidence: str
    points: int


@dataclass(frozen=True, slots=True)
class FitScore:
    """Fit of one opportunity to one firm. Points, never a probability.

    Attributes:
        score: 0 to 100.
        recommendation: The band of the score, or `pass` when a hard rule decided.
        reasons: Greatest contribution first; a hard rule stands before all.
        scorer: Id of what computed it; equal ids and equal input give equal scores.
        rule: Name of the hard rule that decided; None when none did.
    """

    score: int
    recommendation: Recommendation
    reasons: tuple[Reason, ...]
    scorer: str
    rule: str | None = None

    def __post_init__(self) -> None:
        """Refuse a score outside its range.

        Raises:
            ValueError: `score` is not within 0 to 100.
        """
        if not 0 <= self.score <= HIGHEST_SCORE:
            raise ValueError(f"a fit score lies between 0 and {HIGHEST_SCORE}, not {self.score}")


def scored(score: int, reasons: Iterable[Reason], *, scorer: str) -> FitScore:
    """Build the fit of an opportunity that no hard rule excludes."""
    return FitScore(score, recommendation_for(score), tuple(reasons), scorer)


def excluded(broken: Reason, score: int, reasons: Iterable[Reason], *, scorer: str) -> FitScore:
    """Build the fit of an opportunity that a hard rule excludes: no points are left, the ranker's reasons stay readable.

    Args:
        broken: The hard rule, its name as `kind`.
        score: What the ranker gave; the rule takes these points away.
        reasons: The ranker's own.
        scorer: Id of the ranker.
    """
    first = Reason(broken.kind, broken.text, broken.evidence, -score)
    return FitScore(0, Recommendation.PASS, (first, *reasons), scorer, rule=broken.kind)
