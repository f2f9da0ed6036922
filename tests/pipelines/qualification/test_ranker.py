"""The local ranker: scores, bands and reasons on invented opportunities."""

import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.qualification.batch import OpportunityBatch, batch_of
from pipelines.qualification.ranker import ScoredBatch, score_opportunities
from pipelines.qualification.rules import Rule
from pipelines.qualification.text_features import Idf, build_idf
from warehouse.domain.company import CompanyProfile, PastAward
from warehouse.domain.fit import Reason, Recommendation
from warehouse.errors import BadInput

AWARD = PastAward(
    title="Cyber Range Network Support",
    agency="DEPT OF DEFENSE",
    sub_tier="DEPT OF THE NAVY",
    naics_code="541512",
    psc_code="DJ01",
    set_aside_code="SBA",
    state_code="VA",
)
FIRM = CompanyProfile(name="Harrow Lane Works", past_awards=(AWARD,))
Row = dict[str, str | None]

SAME: Row = {
    "title": "Cyber Range Network Support",
    "department": "DEPT OF DEFENSE",
    "sub_tier": "DEPT OF THE NAVY",
    "naics_code": "541512",
    "psc_code": "DJ01",
}
CODES = ("Cyber Range Network Support", "DEPT OF DEFENSE", "DEPT OF THE NAVY", "541512", "DJ01")
POOL = ["Cyber Range Network Support", "Snow Removal", "Valve, Gate", "Network Cabling", "Office Chairs", "Roof Repair"]
IDF = build_idf(POOL)


def batch(*rows: Row) -> OpportunityBatch:
    names = {name for row in rows for name in row}
    columns: dict[str, Any] = {name: [row.get(name) for row in rows] for name in names}
    return batch_of({**columns, "opportunity_id": [str(i) for i in range(len(rows))]})


def score(profile: CompanyProfile, row: Row, idf: Idf = IDF) -> int:
    return int(score_opportunities(profile, batch(row), idf).fit_score[0])


def reasons(profile: CompanyProfile, row: Row) -> dict[str, Reason]:
    return {reason.kind: reason for reason in score_opportunities(profile, batch(row), IDF).reasons(0)}


def test_same_work_for_the_same_buyer_scores_90_or_more() -> None:
    assert score(FIRM, SAME) >= 90


def test_same_industry_alone_is_worth_watching() -> None:
    assert 40 <= score(FIRM, {"title": "Snow Removal", "naics_code": "541512"}) <= 60


def test_codes_and_buyer_without_title_words_are_worth_pursuing() -> None:
    assert score(FIRM, {**SAME, "title": "Snow Removal"}) >= 70


def test_unrelated_work_scores_below_15_even_from_the_usual_buyer() -> None:
    row: Row = {"title": "Valve, Gate", "naics_code": "332911", "psc_code": "48"}
    assert score(FIRM, row) < 5
    assert score(FIRM, {**row, "department": "DEPT OF DEFENSE", "sub_tier": "DEPT OF THE NAVY"}) < 15


def test_many_past_awards_do_not_lift_unrelated_work() -> None:
    busy = replace(FIRM, past_awards=(AWARD,) * 500)
    row: Row = {**SAME, "title": "Valve, Gate", "naics_code": "332911", "psc_code": "48"}
    assert score(busy, row) < 20


def test_firm_without_past_awards_is_ranked_by_what_it_declares() -> None:
    firm = CompanyProfile(name="New", naics_codes=("541512",), psc_codes=("DJ01",), keywords=("cyber",))
    industry = score(firm, {"naics_code": "541512"})
    with_product = score(firm, {"naics_code": "541512", "psc_code": "DJ01"})
    with_word = score(firm, {"naics_code": "541512", "psc_code": "DJ01", "title": "Cybersecurity"})
    assert 40 <= industry < with_product < with_word
    assert score(firm, {"title": "Snow Removal", "naics_code": "561730", "psc_code": "S208"}) < 15


def test_a_past_award_says_more_than_a_declared_code() -> None:
    declared = CompanyProfile(name="New", naics_codes=("541512",))
    assert score(declared, {"naics_code": "541512"}) < score(FIRM, {"naics_code": "541512"})


def test_keyword_counts_at_the_beginning_of_a_word_and_more_in_the_title() -> None:
    firm = CompanyProfile(name="New", keywords=("AI", "cyber", ".NET"))
    title, text = score(firm, {"title": "CYBERSECURITY"}), score(firm, {"description": "Needs cyber work"})
    assert title > text > 0
    assert score(firm, {"title": "Upkeep of .NET programs"}) == title
    assert score(firm, {"title": "Maintain chairs"}) == 0


def test_firm_that_knows_nothing_scores_nothing_and_says_so() -> None:
    empty = CompanyProfile(name="New")
    assert score(empty, SAME) == 0
    assert list(reasons(empty, SAME)) == ["nothing"]


def test_reasons_name_their_evidence() -> None:
    found = reasons(FIRM, {**SAME, "place_state_code": "VA", "set_aside_code": "SBA"})
    assert found["naics"].text == "Same industry as your past award 'Cyber Range Network Support' (NAICS 541512)"
    assert found["naics"].evidence == "naics_code: 541512"
    assert "service code DJ01" in found["psc"].text
    assert "'cyber'" in found["title"].text
    assert found["buyer"].text == "Buyer DEPT OF THE NAVY is in your past awards"
    assert found["place"].text.startswith("Performed in VA")
    assert found["set_aside"].text.startswith("Set aside for SBA")
    assert all(reason.points > 0 for reason in found.values())


def test_reasons_of_declared_work_name_the_profile() -> None:
    firm = CompanyProfile(
        name="New",
        naics_codes=("236220", "541519"),
        psc_codes=("DA01",),
        keywords=("network",),
        places=("va",),
        set_asides=("SDVOSBC",),
    )
    row: Row = {"naics_code": "541512", "psc_code": "DA10", "description": "A network of sensors"}
    found = reasons(firm, {**row, "place_state_code": "VA", "set_aside_code": "SBA"})
    assert found["naics"].text == "Industry related to one you declare (NAICS 541512, near 541519)"
    assert found["psc"].text == "Same service group DA as one you declare (PSC DA10, near DA01)"
    assert found["keywords"].text == "Description holds 'network', of your keywords"
    assert found["place"].text == "Performed in VA, one of your places"
    assert found["set_aside"].text == "Set aside for SBA, for which you are eligible"


def test_greatest_contribution_stands_first_and_points_stay_within_the_score() -> None:
    scored = score_opportunities(FIRM, batch(SAME), IDF)
    points = [reason.points for reason in scored.reasons(0)]
    assert points == sorted(points, reverse=True)
    assert sum(points) <= scored.fit_score[0] + len(points)


def test_own_cage_among_the_approved_sources_raises_and_its_absence_lowers() -> None:
    row: Row = {**SAME, "title": "Valve", "description": "Approved source is 0AB12 77-1. The end."}
    plain, listed, absent = FIRM, replace(FIRM, cage_codes=("0ab12",)), replace(FIRM, cage_codes=("5ZZ55",))
    assert score(absent, row) < score(plain, row) < score(listed, row)
    assert "0AB12" in reasons(listed, row)["source"].text
    lowered = reasons(absent, row)["source"]
    assert lowered.points < 0
    assert "5ZZ55" in lowered.text


def test_hard_rule_leaves_no_points_but_the_rankers_reasons() -> None:
    late = Reason(Rule.DEADLINE_PASSED, "The deadline has passed", "response_deadline_at: 2026-01-01", 0)
    fit = score_opportunities(FIRM, batch(SAME), IDF).fit(0, late)
    assert (fit.score, fit.recommendation, fit.rule) == (0, Recommendation.PASS, "deadline_passed")
    assert [reason.kind for reason in fit.reasons[:2]] == ["deadline_passed", "title"]


def test_scorer_names_the_idf_table() -> None:
    scored = score_opportunities(FIRM, batch(SAME), IDF)
    assert scored.scorer == f"kernel-1+idf-{IDF.version}"
    assert scored.fit(0).scorer == scored.scorer


def test_empty_batch_has_no_scores() -> None:
    scored = score_opportunities(FIRM, batch_of({"opportunity_id": []}), IDF)
    assert len(scored) == len(scored.fit_score) == 0


def test_columns_of_unequal_length_are_refused() -> None:
    with pytest.raises(BadInput, match="title has 2"):
        batch_of({"opportunity_id": ["1"], "title": ["a", "b"]})


def test_batch_needs_identities() -> None:
    with pytest.raises(BadInput, match="opportunity_id"):
        batch_of({"title": ["a"]})


_odd = st.one_of(st.none(), st.text(max_size=30), st.sampled_from(list(CODES)))
_row = st.fixed_dictionaries(
    {
        name: _odd
        for name in (
            "title",
            "description",
            "naics_code",
            "psc_code",
            "department",
            "sub_tier",
            "office",
            "set_aside_code",
            "place_state_code",
        )
    }
)
_text = st.one_of(st.text(max_size=20), st.sampled_from(list(CODES)))
_award = st.builds(
    PastAward,
    title=_text,
    agency=_text,
    sub_tier=_text,
    naics_code=_text,
    psc_code=_text,
    set_aside_code=_text,
    state_code=_text,
)
_codes = st.lists(_text, max_size=3).map(tuple)
_firm = st.builds(
    CompanyProfile,
    name=_text,
    naics_codes=_codes,
    psc_codes=_codes,
    set_asides=_codes,
    keywords=_codes,
    places=_codes,
    cage_codes=_codes,
    past_awards=st.lists(_award, max_size=4).map(tuple),
)


@pytest.mark.thorough
@given(_firm, st.lists(_row, min_size=1, max_size=5))
def test_odd_text_and_codes_never_raise_and_stay_in_range(firm: CompanyProfile, rows: list[Row]) -> None:
    scored = score_opportunities(firm, batch(*rows), build_idf(row["title"] for row in rows))
    for i in range(len(rows)):
        fit = scored.fit(i)
        assert 0 <= fit.score <= 100
        assert fit.reasons
        assert all(reason.text for reason in fit.reasons)


def described(scored: ScoredBatch, index: int) -> tuple[int, float, tuple[Reason, ...]]:
    return int(scored.fit_score[index]), float(scored.similarity[index]), scored.reasons(index)


@pytest.mark.thorough
@given(_firm, st.lists(_row, min_size=2, max_size=5))
def test_opportunity_alone_scores_as_in_a_batch(firm: CompanyProfile, rows: list[Row]) -> None:
    together = score_opportunities(firm, batch(*rows), IDF)
    for i, row in enumerate(rows):
        assert described(score_opportunities(firm, batch(row), IDF), 0) == described(together, i)


@pytest.mark.thorough
@given(_firm, _row, _award)
def test_another_past_award_never_lowers_a_score(firm: CompanyProfile, row: Row, award: PastAward) -> None:
    richer = replace(firm, past_awards=(*firm.past_awards, award))
    assert score(richer, row) >= score(firm, row)


def test_scores_do_not_change_where_a_batch_is_cut_into_parts() -> None:
    rows: list[Row] = [{**SAME, "title": POOL[i % len(POOL)], "naics_code": f"5415{i % 100:02}"} for i in range(9_000)]
    together = score_opportunities(FIRM, batch(*rows), IDF)
    for i in (0, 3_999, 4_000, 8_999):
        assert described(together, i) == described(score_opportunities(FIRM, batch(rows[i]), IDF), 0)


@pytest.mark.thorough
def test_twenty_thousand_opportunities_with_reasons_are_scored_in_seconds() -> None:
    rows: list[Row] = [
        {**SAME, "title": f"{POOL[i % len(POOL)]} {i}", "description": "Plain words. " * 80} for i in range(20_000)
    ]
    many = batch(*rows)
    busy = replace(FIRM, past_awards=(AWARD,) * 30, keywords=("cyber", "snow", "pump"), cage_codes=("0AB12",))
    started = time.perf_counter()
    scored = score_opportunities(busy, many, IDF)
    assert all(scored.fit(i).reasons for i in range(len(many)))
    # Ten times what a quiet machine of two cores needs: this finds a loop gone quadratic, not a slow day.
    assert time.perf_counter() - started < 20
