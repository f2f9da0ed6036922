"""Scores, decisions and diagrams are appended to the lake once and stay."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

from pipelines.qualification.chances import kept_chances
from pipelines.qualification.decisions import set_status
from pipelines.qualification.history import append_decisions, append_scores, record_reliability
from pipelines.qualification.qualify import qualify_open_opportunities
from pipelines.qualification.snapshot import snapshot_ledger
from tests.factories import land, notice
from tests.factories_audit import superuser
from tests.factories_ledger import AT, opportunity, publish
from tests.factories_people import new_person
from warehouse.domain.access import Department, Role
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.opportunity import OpportunityStatus as Status
from warehouse.lake.connection import Cursor, open_lake
from warehouse.lake.marts import refresh_mart
from warehouse.lake.purging import remove_notices
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings


@pytest.fixture(scope="module", autouse=True)
def _scored(home: Settings) -> None:
    publish([opportunity(n, fit_score=None, recommendation=None, fit_reasons=[], scorer=None) for n in range(1, 5)])
    qualify_open_opportunities(open_ledger("procura_pipeline"), as_of=AT)


def asked(question: str) -> list[Any]:
    return open_lake().cursor().execute(question).fetchall()


def bring() -> tuple[int, int]:
    ledger = open_ledger("procura_pipeline")
    return append_scores(open_lake(), ledger), append_decisions(open_lake(), ledger)


def decide(number: int, *ways: Status) -> None:
    officer = new_person(Role.CONTRACT_OFFICER, Department.CONTRACTS)
    for to in ways:
        set_status(open_ledger(), [f"o{number:08d}"], to, by=officer, at=AT)


def test_every_score_comes_once_with_scorer_profile_and_time() -> None:
    bring()
    rows = asked("select scorer, profile_version, scored_at, reasons from marts.fit_history")
    assert len(rows) == 4
    assert all(all(row) for row in rows)
    assert bring()[0] == 0


def test_older_score_stays_beside_the_newer_one() -> None:
    bring()
    with open_ledger("procura_pipeline").deed(AuditEvent("test:rescored", "o00000001", "system")) as deed:
        deed.execute(
            "insert into fit_scores (opportunity_id, content_hash, profile_version, scorer, fit_score, recommendation, reasons,"
            " as_of) values ('o00000001', 'h', 'p', 'later', 3, 'pass', '[]', now())"
        )
    assert bring()[0] == 1
    assert len(asked("from marts.fit_history where opportunity_id = 'o00000001'")) == 2


def test_score_whose_number_is_lower_but_which_came_later_is_not_missed() -> None:
    bring()
    lowest = asked("select min(score_id) from marts.fit_history")[0][0]
    open_lake().write(lambda cursor: cursor.execute("delete from marts.fit_history where score_id = ?", [lowest]))
    assert bring()[0] == 1


def test_each_decision_is_a_row_beside_what_the_ranker_had_said_and_names_nobody() -> None:
    decide(2, Status.REVIEWING, Status.QUALIFIED)
    decide(3, Status.REVIEWING, Status.DISQUALIFIED)
    bring()
    snapshot_ledger(open_lake(), open_ledger("procura_pipeline"))
    refresh_mart(open_lake(), "decision_outcomes", as_of=AT)
    rows = asked(
        "select opportunity_id, decision, is_last, fit_score is not null, scorer is not null, status_now,"
        " agrees is not distinct from if(recommendation = 'watch', null, recommendation = decision)"
        " from marts.decision_outcomes order by decision_id"
    )
    assert rows == [
        ("o00000002", "pursue", True, True, True, "qualified", True),
        ("o00000003", "pass", True, True, True, "disqualified", True),
    ]
    assert bring()[1] == 0


def test_decision_taken_back_is_kept_and_no_longer_the_last() -> None:
    decide(4, Status.REVIEWING, Status.DISQUALIFIED, Status.REVIEWING)
    bring()
    refresh_mart(open_lake(), "decision_outcomes", as_of=AT)
    assert asked("select is_last from marts.decision_outcomes where opportunity_id = 'o00000004'") == [(False,)]


def test_decision_of_a_purged_opportunity_does_not_come_back_from_the_audit_log(home: Settings) -> None:
    decide(1, Status.REVIEWING, Status.DISQUALIFIED)
    bring()
    with superuser(home) as connection:
        connection.execute("delete from opportunity_notices where opportunity_id = 'o00000001'")
        connection.execute("delete from opportunities where id = 'o00000001'")
    open_lake().write(lambda cursor: cursor.execute("delete from core.decisions where opportunity_id = 'o00000001'"))
    assert bring()[1] == 0


def test_purge_takes_scores_and_decisions_with_it_under_former_ids_too() -> None:
    row = notice("purged")
    land(open_lake(), [row])
    ids = [str(row["opportunity_id"]), "its former id", "another"]

    def know(cursor: Cursor) -> None:
        cursor.execute("insert into core.opportunity_aliases values (?, ?)", [ids[1], ids[0]])
        for number, one in enumerate(ids):
            cursor.execute("insert into core.decisions values (?, ?, 'qualified', ?)", [-number, one, AT])
            cursor.execute(
                "insert into marts.fit_history values (?, ?, 'h', 'p', 's', null, 1, 'pass', '[]', ?, ?)",
                [-number, one, AT, AT],
            )

    open_lake().write(know)
    remove_notices(open_lake(), [(sha256(f"{row['source']}\x1f{row['notice_id']}".encode()).digest(), 10**6)], [])
    for table, key in (("marts.fit_history", "score_id"), ("core.decisions", "decision_id")):
        assert asked(f"select opportunity_id from {table} where {key} <= 0") == [("another",)]


def test_diagram_is_kept_once_for_each_version_of_the_chances() -> None:
    chances = kept_chances()
    assert chances is not None
    assert record_reliability(open_lake(), chances, at=AT) == len(chances.bands)
    assert record_reliability(open_lake(), chances, at=AT + timedelta(days=1)) == 0
    other = replace(chances, learned_from="another")
    assert record_reliability(open_lake(), other, at=AT) == len(chances.bands)
    assert asked("select count(distinct version) from marts.fit_reliability") == [(2,)]
    assert record_reliability(open_lake(), None, at=AT) == 0
