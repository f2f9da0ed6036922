"""Evidence or silence: a claim counts when each word it quotes stands in the stored notice, exactly so; nothing else counts.

Here: checking quotes, dropping what is unproven, concluding. Not here: the formula (rubric.py), what was asked (prompt.py).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipelines.qualification.answer import AnalysisAnswer, PointAnswer, QuoteAnswer, TriageAnswer
from pipelines.qualification.rubric import BY_KEY, score_of
from pipelines.qualification.screen import Flagged
from warehouse.domain.assessment import DroppedClaim, Outcome, ProvenPoint, Quote, Verdict
from warehouse.domain.fit import Recommendation, recommendation_for

SHORTEST_QUOTE = 12
"""Characters: "the" stands in every notice and proves nothing."""


@dataclass(frozen=True)
class Stored:
    """A notice as it is stored, and what of it does not count.

    Attributes:
        fields: Column -> text, exactly as stored.
        flagged: Column -> passages that speak to a reading machine.
    """

    fields: Mapping[str, str]
    flagged: Mapping[str, tuple[Flagged, ...]]


@dataclass(frozen=True)
class Concluded:
    """What a stage's answer comes to after the check."""

    outcome: Outcome
    why: str
    points: tuple[ProvenPoint, ...] = ()
    dropped: tuple[DroppedClaim, ...] = ()
    score: int | None = None
    recommendation: Recommendation | None = None


def conclude_analysis(answer: AnalysisAnswer, stored: Stored) -> Concluded:
    """Check every claim of an analysis and score what is proven."""
    proven: list[ProvenPoint] = []
    dropped: list[DroppedClaim] = []
    for point in answer.points:
        if point.verdict != "silent":
            checked = _checked(point, stored)
            proven.append(checked) if isinstance(checked, ProvenPoint) else dropped.append(checked)
    score = score_of(proven)
    kept = tuple(sorted(proven, key=lambda point: -BY_KEY[point.key].weight))
    if score is None:
        why = f"{_counted(len(proven), 'point')} proven of {len(answer.points)}: not enough to say."
        return Concluded(Outcome.NOT_ENOUGH, why, kept, tuple(dropped))
    why = f"{_counted(len(proven), 'point')} proven of {len(answer.points)}, {len(dropped)} dropped as unproven."
    return Concluded(Outcome.CONCLUDED, why, kept, tuple(dropped), score, recommendation_for(score))


def conclude_triage(answer: TriageAnswer, stored: Stored) -> Concluded:
    """Stop only what a proven `no` speaks against: what is unsure or unproven is read more closely, not lost."""
    if answer.worth_reading != "no":
        # Its reason is prose that nothing proves: it is not shown.
        return Concluded(Outcome.PASSED_ON, "Nothing proven speaks against a closer look.")
    quotes, fault = _found(answer.quotes, stored)
    if fault:
        dropped = (DroppedClaim("triage", answer.reason, fault),)
        return Concluded(Outcome.PASSED_ON, f"A no that nothing proves does not stop it: {fault}", dropped=dropped)
    point = ProvenPoint("triage", Verdict.AGAINST, 100, answer.reason, quotes)
    return Concluded(Outcome.STOPPED, answer.reason.strip() or "Not worth a closer look.", (point,))


def find_quote(quote: QuoteAnswer, stored: Stored) -> Quote | str:
    """Find where a quote stands, outside of flagged passages; the reason in words where it does not."""
    if len(quote.text.strip()) < SHORTEST_QUOTE:
        return f"a quote of {len(quote.text.strip())} characters proves nothing"
    text = stored.fields.get(quote.field) or ""
    flagged = stored.flagged.get(quote.field, ())
    start, is_met = text.find(quote.text), False
    while start >= 0:
        end = start + len(quote.text)
        if not any(start < passage.end and passage.start < end for passage in flagged):
            return Quote(quote.field, start, end, quote.text)
        start, is_met = text.find(quote.text, start + 1), True
    return (
        "its quote stands only in a passage that speaks to a reading machine"
        if is_met
        else f"its quote does not stand in the {quote.field}"
    )


def _checked(point: PointAnswer, stored: Stored) -> ProvenPoint | DroppedClaim:
    quotes, fault = _found(point.quotes, stored)
    if fault:
        return DroppedClaim(point.key, point.claim, fault)
    return ProvenPoint(point.key, Verdict(point.verdict), point.confidence, point.claim, quotes)


def _found(quotes: Iterable[QuoteAnswer], stored: Stored) -> tuple[tuple[Quote, ...], str]:
    """Find all quotes of a claim; one that is not found takes the whole claim with it: whoever invents one is not believed."""
    found = [find_quote(quote, stored) for quote in quotes]
    faults = [one for one in found if isinstance(one, str)]
    if faults:
        return (), faults[0]
    good = tuple(one for one in found if isinstance(one, Quote))
    return (good, "") if good else ((), "it quotes nothing")


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
