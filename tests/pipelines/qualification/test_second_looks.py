from decimal import Decimal

import pytest

from pipelines.administration.system_settings import set_setting
from pipelines.qualification.figures import cost_per_qualified, read_figures
from pipelines.qualification.second_looks import ask_anew, disagree
from tests.factories_assessments import ANALYSIS, TRIAGE, conclude
from tests.factories_ledger import AT, opportunity, publish
from tests.factories_people import new_person
from warehouse.domain.access import Person, Role
from warehouse.domain.fit import Recommendation
from warehouse.errors import BadInput, NotFound, NotPermitted, WrongState
from warehouse.ledger.assessments import assessments_of
from warehouse.ledger.run_requests import ASSESSMENT, claim_asked, is_asked, open_requests
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

ONE, TWO = "o00000001", "o00000002"


@pytest.fixture(scope="module", autouse=True)
def _published(home: Settings) -> None:
    publish([opportunity(n, fit_content_hash=f"{n:032x}") for n in (1, 2)])
    conclude(ONE, TRIAGE, ANALYSIS, at=AT)


@pytest.fixture(scope="module")
def officer(home: Settings) -> Person:
    return new_person(Role.CONTRACT_OFFICER)


def test_what_is_written_reads_back_the_same() -> None:
    with open_ledger().read() as tx:
        assert [one.assessment for one in assessments_of(tx, ONE)] == [ANALYSIS, TRIAGE]


def test_offline_there_is_nobody_to_ask(officer: Person) -> None:
    with pytest.raises(WrongState, match="No model is set"):
        ask_anew(open_ledger(), ONE, by=officer, at=AT)


def test_a_second_click_asks_once_and_the_run_knows_who_asked(officer: Person) -> None:
    admin = new_person(Role.ADMIN)
    set_setting(open_ledger(), "llm_provider", "anthropic", by=admin)
    try:
        ask_anew(open_ledger(), ONE, by=officer, at=AT)
        ask_anew(open_ledger(), ONE, by=officer, at=AT)
        pipeline = open_ledger("procura_pipeline")
        (request,) = open_requests(pipeline, jobs=[ASSESSMENT])
        assert claim_asked(pipeline, request.id, "run-1") == (ONE, officer.id)
        assert claim_asked(pipeline, request.id, "run-2") == ("", "")
        with open_ledger().read(officer) as tx:
            assert (is_asked(tx, ASSESSMENT, ONE), is_asked(tx, ASSESSMENT, TWO)) == (True, False)
        with pytest.raises(WrongState):
            ask_anew(open_ledger(), "nothing", by=officer, at=AT)
    finally:
        set_setting(open_ledger(), "llm_provider", "offline", by=admin)


def test_a_disagreement_is_kept_with_what_was_said_and_changes_no_score(officer: Person) -> None:
    with open_ledger().read() as tx:
        newest = assessments_of(tx, ONE)[0].id
    disagree(open_ledger(), ONE, Recommendation.PASS, "No clearance.", assessment_id=newest, by=officer, at=AT)
    disagree(open_ledger(), TWO, Recommendation.PASS, "Too far.", assessment_id=None, by=officer, at=AT)
    found = read_figures(open_ledger(), at=AT, world_at=AT, by=officer)
    assert {(row["opportunity_id"], row["said"], row["thinks"]) for row in found.disagreements} == {
        (ONE, "watch", "pass"),
        (TWO, "pursue", "pass"),
    }
    with open_ledger().read() as tx:
        row = tx.row("select fit_score, recommendation from opportunities where id = %s", [TWO])
    assert row == {"fit_score": 72, "recommendation": "pursue"}


def test_a_disagreement_needs_a_reason_a_right_and_another_opinion(officer: Person) -> None:
    def say(thinks: Recommendation, reason: str, by: Person = officer, of: str = TWO) -> None:
        disagree(open_ledger(), of, thinks, reason, assessment_id=None, by=by, at=AT)

    with pytest.raises(BadInput, match="characters"):
        say(Recommendation.PASS, "  ")
    with pytest.raises(BadInput, match="what was said"):
        say(Recommendation.PURSUE, "Yes!")
    with pytest.raises(NotFound):
        say(Recommendation.PASS, "x", of="nothing")
    with pytest.raises(NotPermitted):
        say(Recommendation.PASS, "x", by=new_person(Role.VIEWER))


def test_the_figures_count_what_waits_and_what_was_concluded(officer: Person) -> None:
    found = read_figures(open_ledger(), at=AT, world_at=AT, by=officer)
    assert found.queue == 1, "one was concluded on in this version, one was not"
    assert {(row["outcome"], row["count"]) for row in found.by_day} == {("passed_on", 1), ("concluded", 1)}
    assert (found.concluded, found.reused, found.vendor_cache_share) == (2, 0, None)
    assert cost_per_qualified(open_ledger(), at=AT, by=officer) == (Decimal(0), None)
