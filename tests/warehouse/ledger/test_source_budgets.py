"""Requests of a source are counted once for all processes: never one too many, each period from nought."""

import multiprocessing
import os
from datetime import UTC, datetime, timedelta

from warehouse.ledger.source_budgets import Quota, budget_of, close_source, note_answer, take_request
from warehouse.ledger.store import close_ledgers, open_ledger
from warehouse.settings import Settings, current

AT = datetime(2026, 4, 10, 12, tzinfo=UTC)
DAY = Quota(10, timedelta(days=1))


def take(source: str, quota: Quota = DAY, at: datetime = AT) -> bool:
    return take_request(open_ledger("procura_pipeline"), source, quota, at=at)


def spent(source: str) -> tuple[int, int]:
    with open_ledger().read() as tx:
        budget = budget_of(tx, source)
    assert budget is not None
    return budget.spent, budget.spent_ever


def ask_often(home: str, source: str, times: int) -> int:
    os.environ["PROCURA_HOME"] = home
    current.cache_clear()
    granted = sum(take(source, Quota(100, timedelta(days=1))) for _ in range(times))
    close_ledgers()
    return granted


def test_four_processes_at_once_never_get_one_request_too_many(home: Settings) -> None:
    work = [(str(home.home), "shared", 60)] * 4
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        granted = pool.starmap(ask_often, work)
    assert sum(granted) == 100
    assert spent("shared") == (100, 100)


def test_a_new_day_begins_at_nought_and_an_older_clock_does_not_bring_the_last_one_back(home: Settings) -> None:
    assert [take("days") for _ in range(11)] == [True] * 10 + [False]
    assert not take("days", at=AT.replace(hour=23, minute=59, second=59))
    assert take("days", at=AT.replace(hour=0) + timedelta(days=1))
    assert [take("days", at=AT) for _ in range(10)] == [True] * 9 + [False], "counted to the newest day"
    assert spent("days") == (10, 20)


def test_periods_of_an_hour_begin_with_the_hour(home: Settings) -> None:
    hour = Quota(2, timedelta(hours=1))
    assert [take("hours", hour, AT + timedelta(minutes=n)) for n in (1, 20, 59)] == [True, True, False]
    assert take("hours", hour, AT + timedelta(minutes=60))


def test_a_closed_source_is_not_asked_until_then_and_a_later_instant_stands(home: Settings) -> None:
    ledger = open_ledger("procura_pipeline")
    take("closed")
    close_source(ledger, "closed", until=AT + timedelta(hours=2), because="quota")
    close_source(ledger, "closed", until=AT + timedelta(hours=1), because="quota")
    assert [take("closed", at=AT + timedelta(hours=n)) for n in (1, 2)] == [False, True]
    with open_ledger().read() as tx:
        budget = budget_of(tx, "closed")
    assert budget is not None
    assert (budget.closed_until, budget.closed_because) == (None, "")


def test_a_smaller_quota_of_another_key_holds_at_once(home: Settings) -> None:
    assert [take("keys", Quota(5, timedelta(days=1))) for _ in range(5)] == [True] * 5
    assert not take("keys", Quota(3, timedelta(days=1)))
    assert take("keys", Quota(4, timedelta(days=1))), "what it has spent counts as all of the smaller one, no more"


def test_broken_answers_are_counted_in_a_row(home: Settings) -> None:
    ledger = open_ledger("procura_pipeline")
    take("faults")
    assert [note_answer(ledger, "faults", is_good=good) for good in (False, False, True, False)] == [1, 2, 0, 1]
