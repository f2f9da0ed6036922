"""What a language model made of a notice, as far as it is proven: points with quotes, a score of those alone, or silence.

Not here: the rubric and its formula (pipelines/qualification/rubric.py), the local score (fit.py). The two never mix: a fit
score is of rules and the ranker alone, whatever a model says.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from warehouse.domain.fit import Recommendation


class Stage(StrEnum):
    """Where in the cascade a model is asked, and for what a call is paid."""

    TRIAGE = "triage"
    ANALYSIS = "analysis"


class Outcome(StrEnum):
    """What a stage came to."""

    PASSED_ON = "passed_on"
    STOPPED = "stopped"
    CONCLUDED = "concluded"
    NOT_ENOUGH = "not_enough"
    """Too little was proven to say anything: there is no score, and no middling one."""
    UNREADABLE = "unreadable"
    """Whoever answered said nothing that could be used."""


class Verdict(StrEnum):
    """What a notice says about one point of the rubric."""

    FOR = "for"
    AGAINST = "against"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Quote:
    """A passage that stands in the stored notice exactly so.

    Attributes:
        field: Column of the notice, e.g. description.
        start: Offset of its first character (Unicode code point) in the stored field.
        end: Offset behind its last one.
        text: What stands between them.
    """

    field: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class ProvenPoint:
    """One point of the rubric with a claim that its quotes carry.

    Attributes:
        key: The point's name in the rubric.
        verdict: For or against; a silent point claims nothing.
        confidence: 0 to 100, as the model states it.
        claim: Its sentence.
        quotes: At least one.
    """

    key: str
    verdict: Verdict
    confidence: int
    claim: str
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class DroppedClaim:
    """A claim that nothing carried: it counts for nothing and is shown with its reason."""

    key: str
    claim: str
    reason: str


@dataclass(frozen=True, slots=True)
class Spent:
    """Money of models up to an instant, in USD; what is open counts with the most it can cost."""

    day: Decimal
    month: Decimal


@dataclass(frozen=True, slots=True)
class Assessment:
    """What one stage concluded about one opportunity.

    Attributes:
        why: The outcome's reason in a sentence.
        provider: Who answered.
        fell_back_because: Why not the first provider; empty when the first answered.
        score: 0 to 100, of proven points alone; None when the outcome has none.
        cost_usd: Of the calls behind it; 0 where answers were at hand.
        flagged: Passages of the notice that were left out because they speak to a reading machine.
    """

    stage: Stage
    outcome: Outcome
    why: str
    provider: str
    model: str
    cost_usd: Decimal
    fell_back_because: str = ""
    score: int | None = None
    recommendation: Recommendation | None = None
    points: tuple[ProvenPoint, ...] = ()
    dropped: tuple[DroppedClaim, ...] = ()
    flagged: int = 0
