import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.qualification.answer import Unreadable, read_analysis, read_triage, wire_schema
from pipelines.qualification.proof import Stored, conclude_analysis, conclude_triage
from pipelines.qualification.rubric import POINTS, score_of
from pipelines.qualification.screen import Flagged
from warehouse.domain.assessment import Outcome, ProvenPoint, Quote, Stage, Verdict
from warehouse.domain.fit import Recommendation

TEXT = "The contractor shall operate the campus network. It is set aside for small businesses.\nDue Friday – “sharp”."
STORED = Stored({"title": "Network operations", "description": TEXT}, {})
REAL = "operate the campus network"


def said(**given: Any) -> dict[str, Any]:
    """An answer in which every point is silent but those given: key=(verdict, confidence, quotes)."""
    points = []
    for point in POINTS:
        verdict, confidence, quotes = given.get(point.key, ("silent", 0, []))
        points.append({
            "key": point.key, "verdict": verdict, "confidence": confidence, "claim": "so it is",
            "quotes": [{"field": "description", "text": text} for text in quotes],
        })  # fmt: skip
    return {"points": points}


def concluded(**given: Any) -> Any:
    return conclude_analysis(read_analysis(json.dumps(said(**given))), STORED)


def test_a_quote_that_stands_there_is_kept_with_its_place() -> None:
    found = concluded(work=("for", 90, [REAL]), experience=("for", 80, ["set aside for small businesses"]))
    assert found.outcome is Outcome.CONCLUDED
    quote = found.points[0].quotes[0]
    assert quote == Quote("description", TEXT.index(REAL), TEXT.index(REAL) + len(REAL), REAL)
    assert TEXT[quote.start : quote.end].encode() == quote.text.encode()


@pytest.mark.parametrize(
    "quote",
    [
        "operate the Campus network", "operate the  campus network", "operate the campus net work", "operates the campus network",
        'Due Friday - "sharp".', "Due Friday – “sharp” .", "network. It is  set", "opеrate the campus network", "campus network campus",
    ],
)  # fmt: skip
def test_a_quote_that_differs_by_one_byte_takes_its_claim_with_it(quote: str) -> None:
    found = concluded(work=("for", 100, [quote]), experience=("for", 100, [REAL]), eligibility=("for", 100, [REAL]))
    assert [claim.key for claim in found.dropped] == ["work"]
    assert "work" not in {point.key for point in found.points}


def test_one_invented_quote_beside_a_real_one_drops_the_whole_claim() -> None:
    found = concluded(work=("for", 100, [REAL, "operate forty campus networks"]))
    assert (found.points, len(found.dropped)) == ((), 1)


def test_a_claim_without_a_quote_or_with_one_that_proves_nothing_is_dropped() -> None:
    found = concluded(work=("for", 100, []), terms=("for", 100, ["The"]), eligibility=("for", 100, ["            "]))
    assert {claim.key for claim in found.dropped} == {"work", "terms", "eligibility"}
    assert found.outcome is Outcome.NOT_ENOUGH


def test_too_little_is_silence_and_never_a_middling_number() -> None:
    for given_points in ({}, {"work": ("for", 100, [REAL])}, {"work": ("for", 100, ["not there at all"])}):
        found = concluded(**given_points)
        assert (found.outcome, found.score, found.recommendation) == (Outcome.NOT_ENOUGH, None, None)


def test_a_quote_inside_a_flagged_passage_is_none_unless_it_stands_elsewhere_too() -> None:
    twice = f"{TEXT} {REAL}"
    flagged = {"description": (Flagged(0, len(TEXT)),)}
    answer = read_analysis(json.dumps(said(work=("for", 100, [REAL]), terms=("for", 90, ["Due Friday – “sharp”"]))))
    found = conclude_analysis(answer, Stored({"description": twice}, flagged))
    assert [point.key for point in found.points] == ["work"]
    assert found.points[0].quotes[0].start == twice.rindex(REAL)
    assert "reading machine" in found.dropped[0].reason


def proven(key: str, verdict: Verdict, confidence: int) -> ProvenPoint:
    return ProvenPoint(key, verdict, confidence, "", (Quote("description", 0, 1, "x"),))


def test_the_published_formula_by_hand() -> None:
    for_, against = Verdict.FOR, Verdict.AGAINST
    assert score_of([proven("work", for_, 100), proven("experience", for_, 100)]) == 75  # 50 for, 50 open
    assert score_of([proven("work", for_, 100), proven("experience", against, 100)]) == 55  # 30 + half of 50
    assert score_of([proven(point.key, for_, 100) for point in POINTS]) == 100
    assert score_of([proven(point.key, against, 100) for point in POINTS]) == 0
    assert score_of([proven("work", for_, 50), proven("experience", for_, 100)]) == 68  # 35 + half of 65 = 67.5
    assert score_of([proven("work", for_, 100)]) is None


@given(st.lists(st.tuples(st.sampled_from(POINTS), st.sampled_from([Verdict.FOR, Verdict.AGAINST]), st.integers(0, 100)),
                unique_by=lambda point: point[0].key))  # fmt: skip
def test_a_score_is_within_its_range_and_grows_with_what_speaks_for(points: list[Any]) -> None:
    built = [proven(point.key, verdict, confidence) for point, verdict, confidence in points]
    score = score_of(built)
    if score is not None:
        assert 0 <= score <= 100
        turned = [proven(p.key, Verdict.FOR, p.confidence) for p in built]
        assert (score_of(turned) or 0) >= score


FAULTS = {
    "not json": "certainly! the score is 100",
    "empty": "",
    "cut off": json.dumps(said())[:-20],
    "confidence of 101": json.dumps(said(work=("for", 101, [REAL]))),
    "confidence below nothing": json.dumps(said(work=("for", -1, [REAL]))),
    "NaN": json.dumps(said(work=("for", float("nan"), [REAL]))),
    "infinity": json.dumps(said(work=("for", float("inf"), [REAL]))),
    "a fraction": json.dumps(said(work=("for", 50.5, [REAL]))),
    "a number as text": json.dumps(said(work=("for", "100", [REAL]))),
    "another verdict": json.dumps(said(work=("pursue", 100, [REAL]))),
    "a score of its own": json.dumps(said() | {"score": 100}),
    "a field that is none": json.dumps(said()).replace('"quotes": []', '"quotes": [{"field": "url", "text": "x"}]', 1),
    "a point twice": json.dumps({"points": said()["points"] + said()["points"][:1]}),
    "a point missing": json.dumps({"points": said()["points"][1:]}),
    "a list": "[]",
    "null": "null",
    "two answers": json.dumps(said()) * 2,
    "a fence around it": f"```json\n{json.dumps(said())}\n```",
}


@pytest.mark.parametrize("text", FAULTS.values(), ids=FAULTS.keys())
def test_what_is_not_of_the_shape_is_no_answer(text: str) -> None:
    with pytest.raises(Unreadable):
        read_analysis(text)


def test_a_triage_stops_only_with_proof() -> None:
    def triage(worth: str, *quotes: str) -> Any:
        body = {"worth_reading": worth, "reason": "r", "quotes": [{"field": "description", "text": q} for q in quotes]}
        return conclude_triage(read_triage(json.dumps(body)), STORED).outcome

    assert triage("no", REAL) is Outcome.STOPPED
    assert triage("no") is Outcome.PASSED_ON
    assert triage("no", "only for makers of frozen fish") is Outcome.PASSED_ON
    assert triage("yes") is Outcome.PASSED_ON
    assert triage("unsure") is Outcome.PASSED_ON


@pytest.mark.parametrize("stage", Stage)
def test_the_schema_on_the_wire_is_closed_everywhere_and_asks_for_every_field(stage: Stage) -> None:
    def look(schema: Any) -> None:
        if isinstance(schema, dict):
            if schema.get("type") == "object":
                assert schema["additionalProperties"] is False
                assert sorted(schema["required"]) == sorted(schema["properties"])
            assert not {"minimum", "maximum", "maxLength", "title"} & (schema.keys() - {"properties"})
            for value in schema.values():
                look(value)
        if isinstance(schema, list):
            for value in schema:
                look(value)

    made = wire_schema(stage)
    assert made["type"] == "object"
    look(made)


def test_the_best_recommendation_needs_what_a_person_would_need() -> None:
    found = concluded(work=("for", 100, [REAL]), experience=("for", 90, [REAL]), eligibility=("for", 90, [REAL]))
    assert found.recommendation is Recommendation.PURSUE
