"""Scores, bands and reasons as words."""

import pytest

from warehouse.domain.fit import FitScore, Reason, Recommendation, excluded, recommendation_for, scored

INDUSTRY = Reason("naics", "Same industry as your past award 'X' (NAICS 541512)", "naics_code: 541512", 46)
LATE = Reason("deadline_passed", "The deadline for responses has passed", "response_deadline_at: 2026-01-01", 0)


@pytest.mark.parametrize(
    ("score", "band"),
    [(0, "pass"), (39, "pass"), (40, "watch"), (69, "watch"), (70, "pursue"), (100, "pursue")],
)
def test_band_follows_the_score(score: int, band: str) -> None:
    assert recommendation_for(score) == Recommendation(band)


@pytest.mark.parametrize("score", [-1, 101])
def test_score_outside_its_range_is_refused(score: int) -> None:
    with pytest.raises(ValueError, match="between 0 and 100"):
        FitScore(score, Recommendation.PASS, (), "kernel-1")


def test_scored_opportunity_names_no_rule() -> None:
    fit = scored(46, [INDUSTRY], scorer="kernel-1")
    assert (fit.score, fit.recommendation, fit.reasons, fit.rule) == (46, Recommendation.WATCH, (INDUSTRY,), None)


def test_hard_rule_takes_all_points_and_stands_first() -> None:
    fit = excluded(LATE, 93, [INDUSTRY], scorer="kernel-1")
    assert (fit.score, fit.recommendation, fit.rule) == (0, Recommendation.PASS, "deadline_passed")
    assert fit.reasons[0].points == -93
    assert fit.reasons[0].text == LATE.text
    assert fit.reasons[1] == INDUSTRY
