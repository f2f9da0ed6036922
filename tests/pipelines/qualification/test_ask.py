import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest

from pipelines.administration.system_settings import set_setting
from pipelines.qualification.answer import AnalysisAnswer, read_analysis, wire_schema
from pipelines.qualification.ask import LEASE, Answered, Asker, Unanswered
from pipelines.qualification.models import read_models
from pipelines.qualification.prompt import Prompt
from pipelines.qualification.provider import find_provider
from pipelines.qualification.providers import anthropic as claude
from tests.factories_people import new_person
from tests.fakes.model_vendors import Manner, Vendors, vendors_here
from warehouse.domain.access import Role
from warehouse.domain.assessment import Stage
from warehouse.ledger.llm_calls import spent
from warehouse.ledger.store import Row, open_ledger
from warehouse.settings import ROOT, Settings

MONTH = count()
NUMBERS = count(1)


@pytest.fixture
def vendors(home: Settings) -> Iterator[Vendors]:
    with vendors_here() as running:
        yield running


@pytest.fixture
def at(home: Settings) -> datetime:
    """The tenth of a month that no other test has spent in."""
    n = next(MONTH)
    return datetime(2030 + n // 12, 1 + n % 12, 10, 12, tzinfo=UTC)


def asker(at: datetime, *names: str) -> Asker:
    providers = [find_provider(name) for name in names or ("anthropic", "openai")]
    return Asker(open_ledger("procura_pipeline"), providers, read_models(), lambda: at)


def prompt(words: str = "", nonce: str = "") -> Prompt:
    text = words or f"notice {next(NUMBERS)}"
    return Prompt(Stage.ANALYSIS, "the stable part", text, wire_schema(Stage.ANALYSIS), 3_000, nonce)


def ask(at: datetime, question: Prompt, *names: str) -> Answered[AnalysisAnswer] | Unanswered:
    return asker(at, *names).ask(question, f"o{next(NUMBERS)}", read_analysis)


def calls(at: datetime) -> list[Row]:
    with open_ledger().read() as tx:
        return tx.rows(
            "select * from llm_calls where asked_at >= %s and asked_at < %s order by asked_at, provider",
            [at, at + LEASE],
        )


@pytest.mark.parametrize(("name", "cost"), [("anthropic", "0.002180"), ("openai", "0.002180")])
def test_an_answer_is_booked_to_the_millionth_with_who_gave_it(
    vendors: Vendors, at: datetime, name: str, cost: str
) -> None:
    vendors.anthropic.usage = vendors.openai.usage = {"input": 1_000, "cached": 600, "written": 200, "output": 116}
    got = ask(at, prompt(), name)
    assert isinstance(got, Answered)
    # 200 fresh x 2 + 600 x 0.2 + 200 x 2.5 + 116 x 10, a million tokens each
    assert (got.provider, got.cost_usd, got.fell_back_because) == (name, Decimal(cost), "")
    (call,) = calls(at)
    assert (call["state"], call["cost_usd"], call["request_id"]) == ("answered", Decimal(cost), f"req_{name}")
    assert (call["input_tokens"], call["cached_tokens"], call["written_tokens"], call["output_tokens"]) == (
        1_000,
        600,
        200,
        116,
    )
    assert call["price"]["priced_on"] == "2026-11-01"


def test_the_stable_part_is_marked_for_the_cache_and_tokens_are_counted_first(vendors: Vendors, at: datetime) -> None:
    ask(at, prompt(), "anthropic")
    body = vendors.anthropic.asked[0]
    assert body["system"] == [{"type": "text", "text": "the stable part", "cache_control": {"type": "ephemeral"}}]
    assert "tools" not in body
    assert len(vendors.anthropic.counted) == 1
    ask(at, prompt(), "openai")
    assert vendors.openai.asked[0]["store"] is False
    assert not vendors.openai.asked[0].get("tools")
    assert len(vendors.openai.counted) == 1


@pytest.mark.parametrize(
    ("manner", "said"),
    [
        (Manner.MALFORMED, "could not be read"), (Manner.TRUNCATED, "was cut off"), (Manner.EMPTY, "could not be read"),
        (Manner.SCORE_101, "could not be read"), (Manner.NAN, "could not be read"), (Manner.REFUSES, "it refused"),
        (Manner.RATE_LIMITED, "rate limit"), (Manner.FAILS_500, "out of order (HTTP 500)"), (Manner.NO_MONEY, "budget was used up"),
        (Manner.NO_JSON, "could not be read"), (Manner.HANGS_UP, "out of order"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("first", ["anthropic", "openai"])
def test_where_the_first_fails_the_second_answers_and_the_record_says_why(
    vendors: Vendors, at: datetime, first: str, manner: Manner, said: str
) -> None:
    second = "openai" if first == "anthropic" else "anthropic"
    getattr(vendors, first).manner = manner
    got = ask(at, prompt(), first, second)
    assert isinstance(got, Answered)
    assert got.provider == second
    assert said in got.fell_back_because
    assert got.fell_back_because.startswith(f"{first}: ")


@pytest.mark.parametrize("manner", [Manner.FAILS_500, Manner.MALFORMED, Manner.REFUSES, Manner.RATE_LIMITED])
def test_with_both_down_there_is_no_answer_and_the_reasons_are_named(
    vendors: Vendors, at: datetime, manner: Manner
) -> None:
    vendors.anthropic.manner = vendors.openai.manner = manner
    got = ask(at, prompt())
    assert isinstance(got, Unanswered)
    assert "anthropic: " in got.why
    assert "openai: " in got.why
    assert got.is_final == (manner in {Manner.MALFORMED, Manner.REFUSES})


def test_a_rate_limit_with_retry_after_is_waited_for_by_the_sdk(vendors: Vendors, at: datetime) -> None:
    vendors.anthropic.manner = Manner.RATE_LIMITED_ONCE
    got = ask(at, prompt(), "anthropic")
    assert isinstance(got, Answered)
    assert len(vendors.anthropic.asked) == 2


def test_silence_is_a_timeout_that_counts_with_all_that_was_set_aside(
    vendors: Vendors, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claude, "TIMEOUT_SECONDS", 0.05)
    vendors.anthropic.manner = Manner.SILENT
    got = ask(at, prompt())
    assert isinstance(got, Answered)
    assert "did not answer in time" in got.fell_back_because
    lost = calls(at)[0]
    assert (lost["state"], lost["cost_usd"]) == ("lost", lost["reserved_usd"])


def test_the_same_question_is_never_paid_twice(vendors: Vendors, at: datetime) -> None:
    same = prompt()
    first, second = ask(at, same), ask(at, same)
    assert isinstance(first, Answered)
    assert isinstance(second, Answered)
    assert (second.answer, second.cost_usd, second.provider) == (first.answer, Decimal(0), "anthropic")
    assert vendors.asked == 1


@pytest.mark.parametrize("manner", [Manner.MALFORMED, Manner.REFUSES, Manner.TRUNCATED])
def test_an_answer_that_cannot_be_used_is_not_paid_twice_either(vendors: Vendors, at: datetime, manner: Manner) -> None:
    vendors.anthropic.manner = vendors.openai.manner = manner
    same = prompt()
    first, second = ask(at, same), ask(at, same)
    assert (vendors.asked, type(first), type(second)) == (2, Unanswered, Unanswered)


def test_what_failed_without_an_answer_is_asked_again(vendors: Vendors, at: datetime) -> None:
    same = prompt()
    vendors.anthropic.manner = vendors.openai.manner = Manner.FAILS_500
    ask(at, same)
    vendors.anthropic.manner = Manner.ANSWERS
    assert isinstance(ask(at, same), Answered)


def test_asked_anew_by_a_person_it_is_another_question(vendors: Vendors, at: datetime) -> None:
    words = f"notice {next(NUMBERS)}"
    ask(at, prompt(words))
    ask(at, prompt(words, nonce="request 1"))
    ask(at, prompt(words, nonce="request 1"))
    assert vendors.asked == 2


def test_fifty_at_once_never_pass_the_ceiling(vendors: Vendors, at: datetime) -> None:
    set_setting(open_ledger(), "llm_ceiling_day_usd", "1", by=new_person(Role.ADMIN))
    try:
        with ThreadPoolExecutor(50) as crowd:
            got = list(crowd.map(lambda _: ask(at, prompt(), "anthropic"), range(50)))
        with open_ledger().read() as tx:
            assert spent(tx, at=at).day <= 1
        refused = [one for one in got if isinstance(one, Unanswered)]
        assert all(one.ceiling == "day" for one in refused)
        assert sum(isinstance(one, Answered) for one in got) == len(vendors.anthropic.asked)
        assert refused, "a dollar does not carry fifty at once"
    finally:
        set_setting(open_ledger(), "llm_ceiling_day_usd", "5", by=new_person(Role.ADMIN))


def test_the_budget_of_the_first_leaves_the_second(vendors: Vendors, at: datetime) -> None:
    admin = new_person(Role.ADMIN)
    set_setting(open_ledger(), "llm_ceiling_vendor_day_usd", "0", by=admin)
    try:
        got = ask(at, prompt(), "anthropic")
        assert isinstance(got, Unanswered)
        assert (got.ceiling, got.is_final, vendors.asked) == ("", False, 0)
    finally:
        set_setting(open_ledger(), "llm_ceiling_vendor_day_usd", "5", by=admin)


def test_a_record_of_a_call_holds_no_key_and_no_notice(vendors: Vendors, at: datetime) -> None:
    vendors.anthropic.manner = Manner.FAILS_500
    ask(at, prompt("a secret place in Virginia"))
    written = json.dumps(calls(at), default=str)
    assert "sk-" not in written
    assert "Virginia" not in written


DYING = """
import os, signal, sys
from datetime import UTC, datetime
from pipelines.qualification import ask as module
from tests.pipelines.qualification.test_ask import asker, prompt
from pipelines.qualification.answer import read_analysis
at = datetime.fromisoformat(sys.argv[1])
def dying(text):
    os.kill(os.getpid(), signal.SIGKILL)
asker(at).ask(prompt("killed"), "o-killed", dying)
"""


@pytest.mark.thorough
def test_killed_right_after_the_answer_nobody_pays_again(vendors: Vendors, at: datetime) -> None:
    done = subprocess.run([sys.executable, "-c", DYING, at.isoformat()], cwd=ROOT, check=False)
    assert done.returncode == -9
    got = ask(at + timedelta(seconds=1), prompt("killed"))
    assert isinstance(got, Answered)
    assert (got.cost_usd, vendors.asked) == (Decimal(0), 1)
