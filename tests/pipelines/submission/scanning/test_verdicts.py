"""Hostile files are never clean, honest ones always: by kind, in this process; in children and with other seeds on request."""

import os

import pytest

from pipelines.submission.scanning.judge import judge_file
from pipelines.submission.scanning.verdict import Fact
from tests.hostile_files.all_cases import HONEST, HOSTILE, campaign, cases

pytestmark = pytest.mark.thorough

SLOWEST_SECONDS = 5.0
MOST_MEBIBYTES = 256 + 32
"""Above them stands the interpreter with its modules, about 25 MiB."""


@pytest.mark.parametrize("kind", HOSTILE)
def test_no_hostile_file_is_clean(kind: str) -> None:
    clean = [case.label for case in cases(kind, seed=1) if judge_file(case.name, case.data, {}) is None]
    assert clean == []


@pytest.mark.parametrize("kind", HONEST)
def test_every_honest_file_is_clean(kind: str) -> None:
    wrong = []
    for case in cases(kind, seed=1):
        findings: dict[str, Fact] = {}
        finding = judge_file(case.name, case.data, findings)
        if finding is not None:
            wrong.append((case.label, finding.sentence()))
        assert findings["media_type"]
    assert wrong == []


def test_there_are_enough_cases_of_enough_kinds() -> None:
    honest = sum(1 for kind in HONEST for _ in cases(kind, seed=1))
    assert honest >= 100
    assert len(HOSTILE) >= 40


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 12))
def test_in_children_within_time_and_memory(seed: int) -> None:
    """`PROCURA_TEST_SEED` moves them all on."""
    _check(seed=seed + int(os.environ.get("PROCURA_TEST_SEED", "0")))


def _check(seed: int) -> None:
    outcomes = campaign(seed)
    assert [wrong for one in outcomes for wrong in one.wrong] == []
    hostile = sum(one.verdicts.total() for one in outcomes if one.kind in HOSTILE)
    assert hostile >= 200
    assert max(one.slowest_seconds for one in outcomes) <= SLOWEST_SECONDS + 1
    assert max(one.peak_mebibytes for one in outcomes) <= MOST_MEBIBYTES
