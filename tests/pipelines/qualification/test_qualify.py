import json
from datetime import datetime, timedelta

import pytest

from pipelines.qualification import qualify
from pipelines.qualification.company import EXAMPLE_COMPANY, parse_company_profile
from pipelines.qualification.preview import preview
from pipelines.qualification.profiles import current_company, ensure_company, save_company
from pipelines.qualification.qualify import qualify_open_opportunities
from tests.factories_ledger import AT, opportunity, publish
from tests.factories_people import new_person
from warehouse.domain.access import Department, Person, Role
from warehouse.domain.audit_event import AuditEvent
from warehouse.errors import BadInput, NotPermitted, StoreUnavailable, WrongState
from warehouse.ledger import fit_scores
from warehouse.ledger.fit_scores import Scored
from warehouse.ledger.store import Deed, Row, open_ledger
from warehouse.settings import Settings

NO_SCORE = {"fit_score": None, "recommendation": None, "fit_reasons": [], "scorer": None}


@pytest.fixture(scope="module", autouse=True)
def _published(home: Settings) -> None:
    publish(
        [
            opportunity(
                1,
                title="Network operations and cyber security support",
                naics_code="541512",
                psc_code="DJ01",
                **NO_SCORE,
            ),
            opportunity(
                2,
                title="Frozen fish",
                naics_code="311710",
                psc_code="8905",
                set_aside_code=None,
                agency="AGRICULTURE",
                sub_agency="FARMS",
                place_state="AK",
                description="Fish.",
                **NO_SCORE,
            ),
            opportunity(3, title="Network help desk", naics_code="541513", set_aside_code="WOSB", **NO_SCORE),
            opportunity(4, title="Software maintenance", due_date=AT - timedelta(hours=1), **NO_SCORE),
            opportunity(5, title="Cyber\x1f support 'quoted' \\ back", description="zero trust", **NO_SCORE),
        ]
    )


def row(number: int) -> Row:
    with open_ledger().read() as tx:
        found = tx.row("select * from opportunities where id = %s", [f"o{number:08d}"])
    assert found is not None
    return found


def count(table: str) -> int:
    with open_ledger().read() as tx:
        found = tx.row(f"select count(*) as n from {table}")
    assert found is not None
    return int(found["n"])


def test_a_first_table_is_not_built_from_a_few_titles_while_more_follow() -> None:
    assert qualify_open_opportunities(open_ledger("procura_pipeline"), as_of=AT, more_follows=True).scored == 0
    assert count("word_tables") == 0


def test_rules_decide_first_and_are_named_and_the_ranker_orders_the_rest() -> None:
    done = qualify_open_opportunities(open_ledger("procura_pipeline"), as_of=AT)
    assert done.scored == 5
    assert row(1)["fit_score"] >= 70
    assert row(1)["recommendation"] == "pursue"
    assert row(2)["fit_score"] < 15
    for number, rule in ((3, "set_aside_not_held"), (4, "deadline_passed")):
        assert (row(number)["fit_score"], row(number)["recommendation"], row(number)["fit_rule"]) == (0, "pass", rule)
        assert row(number)["fit_reasons"][0]["kind"] == rule
    assert all(reason["evidence"] for reason in row(1)["fit_reasons"])


def test_the_same_world_twice_writes_nothing() -> None:
    qualify_open_opportunities(open_ledger("procura_pipeline"), as_of=AT)
    before = (count("fit_scores"), count("audit_logs"), count("word_tables"))
    done = qualify_open_opportunities(open_ledger("procura_pipeline"), as_of=AT)
    assert (done.scored, done.unchanged) == (0, 5)
    assert (count("fit_scores"), count("audit_logs"), count("word_tables")) == before


def test_a_deadline_that_passes_changes_the_verdict_and_keeps_the_old_score() -> None:
    qualify_open_opportunities(open_ledger("procura_pipeline"), as_of=AT)
    before = count("fit_scores")
    done = qualify_open_opportunities(open_ledger("procura_pipeline"), as_of=AT + timedelta(days=365))
    assert done.by_recommendation == {"pass": done.scored}
    assert row(1)["fit_rule"] == "deadline_passed"
    assert count("fit_scores") == before + done.scored
    qualify_open_opportunities(open_ledger("procura_pipeline"), as_of=AT)
    assert row(1)["recommendation"] == "pursue"


def test_a_new_version_of_the_notice_is_scored_anew_alone() -> None:
    qualify_open_opportunities(open_ledger("procura_pipeline"), as_of=AT)
    with open_ledger("procura_pipeline").deed(AuditEvent("test:changed", "o2", "system")) as deed:
        deed.execute("update opportunities set content_hash = 'new' where id = %s", ["o00000002"])
    assert qualify_open_opportunities(open_ledger("procura_pipeline"), as_of=AT).scored == 1


def test_while_more_follows_nothing_is_scored_that_would_not_hold() -> None:
    pipeline = open_ledger("procura_pipeline")
    qualify_open_opportunities(pipeline, as_of=AT)
    tables = count("word_tables")
    publish([opportunity(n, title=f"Mowing of field {n}", **NO_SCORE) for n in range(100, 104)])
    assert qualify_open_opportunities(pipeline, as_of=AT, more_follows=True).scored == 4, (
        "the table of five still holds"
    )
    publish([opportunity(n, title=f"Mowing of field {n}", **NO_SCORE) for n in range(104, 120)])
    assert qualify_open_opportunities(pipeline, as_of=AT, more_follows=True).scored == 0
    assert (row(110)["fit_score"], count("word_tables")) == (None, tables)
    assert qualify_open_opportunities(pipeline, as_of=AT).scored == 25, "all of them under the table of all titles"
    assert count("word_tables") == tables + 1
    forget_from(100)
    qualify_open_opportunities(pipeline, as_of=AT)


def scored_deeds() -> list[int]:
    with open_ledger().read() as tx:
        rows = tx.rows("select body from audit_logs where action = 'fit:scored' order by seq")
    return [json.loads(row["body"])["facts"]["opportunities"] for row in rows]


def forget_from(number: int) -> None:
    with open_ledger("procura_pipeline").housekeeping() as tx:
        for table, column in (("opportunity_notices", "opportunity_id"), ("opportunities", "id")):
            tx.execute(f"delete from {table} where {column} >= %s", [f"o{number:08d}"])


def test_new_notices_are_scored_before_all_others_are_scored_anew_and_stay_so_when_that_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pipeline = open_ledger("procura_pipeline")
    qualify_open_opportunities(pipeline, as_of=AT)
    before = scored_deeds()
    publish([opportunity(n, title=f"Painting of bridge {n}", **NO_SCORE) for n in range(200, 207)])
    write, shown = fit_scores.write_scores, row(1)["scorer"]

    def fails_at_the_second(deed: Deed, scores: list[Scored], *, profile_version: str, as_of: datetime) -> int:
        if scores[0].opportunity_id == "o00000001":
            raise StoreUnavailable("gone")
        return write(deed, scores, profile_version=profile_version, as_of=as_of)

    with monkeypatch.context() as patched:
        patched.setattr(fit_scores, "write_scores", fails_at_the_second)
        with pytest.raises(StoreUnavailable):
            qualify_open_opportunities(pipeline, as_of=AT)
    assert scored_deeds() == [*before, 7], "the new ones have their scores, and a record of their own"
    assert row(200)["scorer"] != row(1)["scorer"] == shown
    assert qualify_open_opportunities(pipeline, as_of=AT).scored == 5
    assert row(200)["scorer"] == row(1)["scorer"]
    assert scored_deeds() == [*before, 7, 5]
    forget_from(200)
    qualify_open_opportunities(pipeline, as_of=AT)


def test_more_than_one_part_is_scored_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = open_ledger("procura_pipeline")
    qualify_open_opportunities(pipeline, as_of=AT)
    whole = [row(number)["fit_score"] for number in range(1, 6)]
    monkeypatch.setattr(qualify, "PART", 2)
    assert qualify_open_opportunities(pipeline, as_of=AT, everything=True).scored == 5
    assert [row(number)["fit_score"] for number in range(1, 6)] == whole


@pytest.fixture(scope="module")
def officer(home: Settings) -> Person:
    return new_person(Role.CONTRACT_OFFICER)


FISH = (
    "name: Fish Ltd\nnaics_codes: [311710]\npsc_codes: [8905]\nkeywords: [fish]\nset_asides: [SBA]\npast_awards: []\n"
)


def test_a_saved_profile_changes_the_scores_and_a_preview_tells_before(officer: Person) -> None:
    company = ensure_company(open_ledger("procura_pipeline"))
    qualify_open_opportunities(open_ledger("procura_pipeline"), as_of=AT)
    scores = count("fit_scores")
    told = preview(open_ledger(), parse_company_profile(FISH), as_of=AT, by=officer)
    assert told[0].title == "Frozen fish"
    assert told[0].fit_score > (told[0].fit_score_before or 0)
    assert count("fit_scores") == scores, "a preview writes nothing"
    save_company(open_ledger(), FISH, base_version=company.stored.version, by=officer)
    qualify_open_opportunities(open_ledger("procura_pipeline"), as_of=AT)
    assert row(2)["fit_score"] == told[0].fit_score
    save_company(
        open_ledger(), company.stored.body, base_version=current_company(open_ledger()).stored.version, by=officer
    )
    qualify_open_opportunities(open_ledger("procura_pipeline"), as_of=AT)
    assert row(1)["recommendation"] == "pursue", "a profile that was current before shows its scores again"


def test_two_editors_do_not_overwrite_each_other(officer: Person) -> None:
    company = ensure_company(open_ledger("procura_pipeline"))
    with pytest.raises(WrongState, match="somebody else"):
        save_company(open_ledger(), FISH.replace("Ltd", "Inc"), base_version="an older one", by=officer)
    assert current_company(open_ledger()).stored.version == company.stored.version


def test_a_viewer_and_a_faulty_text_change_nothing(officer: Person) -> None:
    company = ensure_company(open_ledger("procura_pipeline"))
    viewer = Person(officer.id, "v@example.com", Role.VIEWER, Department.AUDIT)
    with pytest.raises(NotPermitted):
        save_company(open_ledger(), FISH, base_version=company.stored.version, by=viewer)
    with pytest.raises(BadInput):
        save_company(open_ledger(), "name: [", base_version=company.stored.version, by=officer)
    assert current_company(open_ledger()).stored.version == company.stored.version


def test_the_ready_example_is_a_valid_profile() -> None:
    assert len(parse_company_profile(EXAMPLE_COMPANY.read_text(encoding="utf-8")).past_awards) >= 5
