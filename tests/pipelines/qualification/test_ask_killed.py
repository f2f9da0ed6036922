"""kill -9 between any two steps of a single question: what is answered and kept is not paid again, what may be owed counts whole."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from pipelines.qualification.answer import read_analysis, wire_schema
from pipelines.qualification.ask import LEASE, Answered, Asker, Unanswered
from pipelines.qualification.models import read_models
from pipelines.qualification.prompt import Prompt
from pipelines.qualification.provider import find_provider
from tests.fakes.model_vendors import Vendors, vendors_here
from warehouse.domain.assessment import Stage
from warehouse.ledger.llm_calls import spent
from warehouse.ledger.store import Row, open_ledger
from warehouse.settings import ROOT, Settings

pytestmark = pytest.mark.thorough

CEILING = 5
months = count()

DYING = """
import os, signal, sys
from dataclasses import dataclass
from datetime import datetime
from pipelines.qualification.answer import read_analysis
from pipelines.qualification.ask import Asker
from pipelines.qualification.models import read_models
from pipelines.qualification.provider import find_provider
from tests.pipelines.qualification.test_ask_killed import prompt
from warehouse.ledger.store import open_ledger

where, at = sys.argv[1], datetime.fromisoformat(sys.argv[2])

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

class Dying:
    '''The real vendor, before or after whom the process dies.'''
    name = "anthropic"
    real = find_provider("anthropic")
    is_set, count_tokens = real.is_set, real.count_tokens
    def ask(self, question, model):
        if where == "before it is sent":
            die()
        said = self.real.ask(question, model)
        if where == "before it is settled":
            die()
        return said

read = die if where == "before it is concluded" else read_analysis
Asker(open_ledger("procura_pipeline"), [Dying()], read_models(), lambda: at).ask(prompt(where), "o-killed " + where, read)
"""


@pytest.fixture
def vendors(home: Settings) -> Iterator[Vendors]:
    with vendors_here() as running:
        yield running


def prompt(words: str) -> Prompt:
    return Prompt(Stage.ANALYSIS, "the stable part", words, wire_schema(Stage.ANALYSIS), 3_000)


def ask(words: str, at: datetime) -> Answered[object] | Unanswered:
    asker = Asker(open_ledger("procura_pipeline"), [find_provider("anthropic")], read_models(), lambda: at)
    return asker.ask(prompt(words), f"o-killed {words}", read_analysis)


def calls(words: str) -> list[Row]:
    with open_ledger().read() as tx:
        return tx.rows("select * from llm_calls where opportunity_id = %s order by asked_at", [f"o-killed {words}"])


@pytest.mark.parametrize(
    ("where", "asked_then", "asked_in_all"),
    [
        ("before it is sent", 0, 1),
        ("during the answer", 1, 2),
        ("before it is settled", 1, 2),
        ("before it is concluded", 1, 1),
    ],
)
def test_killed_anywhere_a_kept_answer_is_not_paid_again_and_what_may_be_owed_counts_whole(
    vendors: Vendors, where: str, asked_then: int, asked_in_all: int
) -> None:
    n = next(months)
    at = datetime(2050 + n // 12, 1 + n % 12, 10, 12, tzinfo=UTC)
    process = subprocess.Popen([sys.executable, "-c", DYING, where, at.isoformat()], cwd=ROOT)

    def kill_asker(_moment: str, address: str) -> None:
        if where == "during the answer" and address == "/v1/messages":
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)

    vendors.at_request = kill_asker
    assert process.wait() == -signal.SIGKILL
    vendors.at_request = lambda _moment, _address: None
    is_kept = where == "before it is concluded"
    assert (len(vendors.anthropic.asked), calls(where)[0]["state"]) == (asked_then, "answered" if is_kept else "open")

    soon = ask(where, at + timedelta(seconds=1))
    assert isinstance(soon, Answered) == is_kept, "as long as the one who asked may live, nobody else asks"
    assert len(vendors.anthropic.asked) == asked_then

    late = ask(where, at + LEASE + timedelta(seconds=1))
    assert isinstance(late, Answered)
    assert len(vendors.anthropic.asked) == asked_in_all
    again = ask(where, at + LEASE * 2)
    assert isinstance(again, Answered)
    assert (again.cost_usd, len(vendors.anthropic.asked)) == (0, asked_in_all), (
        "once answered and kept, it is never asked again"
    )
    if not is_kept:
        lost, answered = calls(where)
        assert (lost["state"], lost["cost_usd"], answered["state"]) == ("lost", lost["reserved_usd"], "answered")
    with open_ledger().read() as tx:
        assert spent(tx, at=at).day <= CEILING
