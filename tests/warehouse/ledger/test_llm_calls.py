from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import psycopg
import pytest

from pipelines.administration.system_settings import set_setting
from tests.factories_people import new_person
from warehouse.addresses import conninfo
from warehouse.domain.access import Person, Role
from warehouse.domain.assessment import Stage
from warehouse.ledger.llm_calls import (
    Question,
    Reserved,
    Used,
    cached_answer,
    reserve,
    settle_answered,
    settle_unanswered,
    spent,
)
from warehouse.ledger.store import Ledger, open_ledger
from warehouse.settings import Settings

LEASE = timedelta(minutes=10)
numbers = count(1)
days = count()


@pytest.fixture(scope="module", autouse=True)
def _much_for_one(home: Settings) -> None:
    ceiling("llm_ceiling_opportunity_cents", "1000")


@pytest.fixture
def at(home: Settings) -> datetime:
    """The noon of a month that no other test has spent in."""
    n = next(days)
    return datetime(2030 + n // 12, 1 + n % 12, 10, 12, tzinfo=UTC)


@pytest.fixture
def pipeline(home: Settings) -> Ledger:
    return open_ledger("procura_pipeline")


def question(most: str = "0.25", **given: Any) -> Question:
    n = next(numbers)
    values: dict[str, Any] = {
        "hash": f"{n:064x}", "provider": "anthropic", "model": "m", "purpose": Stage.ANALYSIS, "opportunity_id": f"o{n}",
        "most_usd": Decimal(most), "price": {"input": "2", "on": "2026-11-01"},
    }  # fmt: skip
    return Question(**(values | given))


def ask(ledger: Ledger, asked: Question, at: datetime) -> Reserved:
    with ledger.housekeeping() as tx:
        return reserve(tx, asked, at=at, lease=LEASE)


def answer(ledger: Ledger, reserved: Reserved, at: datetime, cost: str = "0.1") -> None:
    assert reserved.call_id is not None
    with ledger.housekeeping() as tx:
        settle_answered(
            tx, reserved.call_id, cost_usd=Decimal(cost), used=Used(100, 0, 0, 10), latency_ms=5, request_id="r",
            answer={"text": "said"}, schema_version="1", at=at,
        )  # fmt: skip


def ceiling(key: str, value: str) -> None:
    """Set a ceiling as an admin would."""
    set_setting(open_ledger(), key, value, by=new_person(Role.ADMIN))


def test_fifty_at_once_never_pass_the_ceiling(pipeline: Ledger, at: datetime) -> None:
    asked = [question("0.3") for _ in range(50)]
    with ThreadPoolExecutor(50) as crowd:
        verdicts = Counter(crowd.map(lambda q: ask(pipeline, q, at).verdict, asked))
    assert verdicts == {"reserved": 16, "day": 34}, "16 times 0.30 is 4.80 of 5.00"
    with pipeline.read() as tx:
        assert spent(tx, at=at).day == Decimal("4.8")


def test_the_ceiling_may_be_met_exactly_and_not_by_a_millionth_more(pipeline: Ledger, at: datetime) -> None:
    assert ask(pipeline, question("4.999999"), at).verdict == "reserved"
    assert ask(pipeline, question("0.000002"), at).verdict == "day"
    assert ask(pipeline, question("0.000001"), at).verdict == "reserved"


def test_what_a_call_did_not_cost_is_free_again(pipeline: Ledger, at: datetime) -> None:
    first = ask(pipeline, question("4.9"), at)
    assert ask(pipeline, question("0.3"), at).verdict == "day"
    answer(pipeline, first, at, cost="0.012346")
    assert ask(pipeline, question("0.3"), at).verdict == "reserved"
    with pipeline.read() as tx:
        assert spent(tx, at=at).day == Decimal("0.312346")


def test_a_new_day_and_a_new_month_begin_by_utc(pipeline: Ledger, at: datetime) -> None:
    midnight = at.replace(hour=0) + timedelta(days=1)
    assert ask(pipeline, question("5"), midnight - timedelta(microseconds=1)).verdict == "reserved"
    assert ask(pipeline, question("1"), midnight - timedelta(microseconds=1)).verdict == "day"
    for day in range(9):
        assert ask(pipeline, question("5"), midnight + timedelta(days=day)).verdict == "reserved"
    assert ask(pipeline, question("1"), midnight + timedelta(days=9)).verdict == "month"


def test_one_vendor_has_a_ceiling_of_its_own(pipeline: Ledger, at: datetime) -> None:
    ceiling("llm_ceiling_vendor_day_usd", "2")
    try:
        assert ask(pipeline, question("2"), at).verdict == "reserved"
        assert ask(pipeline, question("0.1"), at).verdict == "vendor_day"
        assert ask(pipeline, question("0.1", provider="openai"), at).verdict == "reserved"
    finally:
        ceiling("llm_ceiling_vendor_day_usd", "5")


def test_one_opportunity_has_a_ceiling_over_all_its_time(pipeline: Ledger, at: datetime) -> None:
    same, later = f"o of {at}", at + timedelta(days=20)
    ceiling("llm_ceiling_opportunity_cents", "50")
    try:
        assert ask(pipeline, question("0.5", opportunity_id=same), at).verdict == "reserved"
        assert ask(pipeline, question("0.000001", opportunity_id=same), later).verdict == "opportunity"
        assert ask(pipeline, question("0.5"), later).verdict == "reserved"
    finally:
        ceiling("llm_ceiling_opportunity_cents", "1000")


def test_a_ceiling_of_nothing_lets_nothing_through(pipeline: Ledger, at: datetime) -> None:
    ceiling("llm_ceiling_month_usd", "0")
    try:
        assert ask(pipeline, question("0.000001"), at).verdict == "month"
    finally:
        ceiling("llm_ceiling_month_usd", "50")


def test_a_question_is_asked_once_and_its_answer_is_there_for_all(pipeline: Ledger, at: datetime) -> None:
    same = question()
    with ThreadPoolExecutor(20) as crowd:
        reserved = list(crowd.map(lambda _: ask(pipeline, same, at), range(20)))
    assert Counter(r.verdict for r in reserved) == {"reserved": 1, "open": 19}
    answer(pipeline, next(r for r in reserved if r.call_id), at)
    assert ask(pipeline, same, at).verdict == "cached"
    with pipeline.read() as tx:
        assert cached_answer(tx, same.hash) == {"text": "said"}


def test_whoever_died_asking_is_replaced_after_the_lease_and_the_money_counts_as_spent(
    pipeline: Ledger, at: datetime
) -> None:
    same = question("0.2")
    ask(pipeline, same, at)
    assert ask(pipeline, same, at + LEASE).verdict == "open"
    assert ask(pipeline, same, at + LEASE + timedelta(seconds=1)).verdict == "reserved"
    with pipeline.read() as tx:
        assert spent(tx, at=at).day == Decimal("0.4")


def test_an_answer_after_the_lease_counts_and_is_kept(pipeline: Ledger, at: datetime) -> None:
    late, other = question("0.2"), question("0.2")
    first = ask(pipeline, late, at)
    ask(pipeline, other, at + timedelta(hours=1))
    answer(pipeline, first, at + timedelta(hours=1), cost="0.01")
    assert ask(pipeline, late, at + timedelta(hours=1)).verdict == "cached"
    with pipeline.read() as tx:
        assert spent(tx, at=at).day == Decimal("0.21")


def test_what_failed_costs_nothing_and_what_may_be_owed_costs_all_of_it(pipeline: Ledger, at: datetime) -> None:
    for may_be_owed, day in ((False, "0"), (True, "0.25")):
        call = ask(pipeline, question(), at).call_id
        assert call is not None
        with pipeline.housekeeping() as tx:
            settle_unanswered(tx, call, may_be_owed=may_be_owed, latency_ms=1, fault="x", at=at)
        with pipeline.read() as tx:
            assert spent(tx, at=at).day == Decimal(day)


@pytest.mark.parametrize(
    "statement",
    [
        "insert into llm_calls (prompt_hash, provider, model, purpose, opportunity_id, reserved_usd, price, asked_at, open_until)"
        " values ('x', 'x', 'x', 'triage', 'x', 0, '{}', now(), now())",
        "update llm_calls set cost_usd = 0",
        "delete from llm_calls",
        "insert into llm_cache values ('x', '{}', 1, now())",
        "update llm_cache set response = '{}'",
        "update assessments set score = 100",
        "delete from assessments",
    ],
)
@pytest.mark.parametrize("role", ["procura_app", "procura_pipeline"])
def test_nobody_writes_money_or_answers_by_hand(home: Settings, role: str, statement: str) -> None:
    with psycopg.connect(**conninfo(role, settings=home)) as connection:  # type: ignore[arg-type]
        connection.execute("select act_as('system', null)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


def test_people_do_not_spend(home: Settings, at: datetime) -> None:
    officer: Person = new_person(Role.CONTRACT_OFFICER)
    for role in ("procura_app", "procura_pipeline"):
        with psycopg.connect(**conninfo(role, settings=home)) as connection:  # type: ignore[arg-type]
            connection.execute("select act_as(%s, null)", [officer.id])
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(
                    "select reserve_llm_call('x', 'x', 'm', 'triage', 'o', 0.1, '{}', now(), interval '1 minute')"
                )
