"""How assets are retried: what is away is asked again, what was refused or broke is not, Ctrl-C ends it."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass

import dagster as dg
import pytest
from dagster._serdes import serialize_value

from assets.policy import RETRY, only_absence_is_retried, shown
from pipelines.discovery.discover import Landed
from warehouse.domain.run_outcome import RunOutcome
from warehouse.errors import BadInput, SourceQuotaExceeded, SourceUnavailable, StoreUnavailable


def _run(body: Callable[[], None]) -> tuple[int, bool]:
    """Run an asset with quick retries; return how often its body began, and whether it succeeded."""
    begun = []

    @dg.asset(retry_policy=dg.RetryPolicy(max_retries=RETRY.max_retries, delay=0))
    @only_absence_is_retried
    def thing() -> None:
        begun.append(1)
        body()

    result = dg.materialize([thing], raise_on_error=False)
    return len(begun), result.success


def _raising(error: BaseException) -> Callable[[], None]:
    def body() -> None:
        raise error

    return body


@pytest.mark.parametrize("error", [StoreUnavailable("away"), SourceUnavailable("away")])
def test_what_is_away_is_asked_again(error: Exception) -> None:
    assert _run(_raising(error)) == (1 + RETRY.max_retries, False)


@pytest.mark.parametrize("error", [BadInput("no"), SourceQuotaExceeded("no"), ValueError("a fault of ours")])
def test_refusals_and_our_own_faults_are_not_repeated(error: Exception) -> None:
    assert _run(_raising(error)) == (1, False)


def test_interrupted_step_does_not_begin_again() -> None:
    def body() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000):
            pass

    assert _run(body) == (1, False)


def test_what_comes_back_succeeds() -> None:
    answers = iter([StoreUnavailable("away"), None])

    def body() -> None:
        error = next(answers)
        if error:
            raise error

    assert _run(body) == (2, True)


@dataclass
class Counts:
    """A summary as use cases return it."""

    landed: int
    reason: str
    skipped_files: list[dict[str, str]]


def test_summary_is_shown_each_count_by_itself_and_as_a_table() -> None:
    metadata = shown(Counts(landed=1234, reason="a|b", skipped_files=[{"name": "x.bin", "reason": "binary"}]))
    assert metadata["landed"] == dg.MetadataValue.int(1234)
    assert metadata["skipped_files"] == dg.MetadataValue.json([{"name": "x.bin", "reason": "binary"}])
    assert "| landed | 1,234 |" in str(metadata["summary"].value)


def test_what_landing_comes_to_can_be_stored_by_dagster() -> None:
    metadata = shown(Landed("sam_gov", outcome=RunOutcome.NO_NEWS))
    assert metadata["outcome"] == dg.MetadataValue.text("no_news")
    assert type(metadata["outcome"].value) is str
    assert "no_news" in serialize_value(metadata["outcome"])


def test_mapping_is_shown_as_well() -> None:
    assert shown({"records": 2})["records"] == dg.MetadataValue.int(2)
