"""A red run of continuous integration gets a second look only where other programs were waited for."""

import json
from pathlib import Path

import pytest

from tests import run_tests

BROWSER, FLOW = "tests/browser/test_inbox.py::test_a_message_is_read", "tests/flows/test_up.py::test_it_starts"


@pytest.mark.parametrize(
    ("failed", "again"),
    [
        ([BROWSER, FLOW], [BROWSER, FLOW]),
        ([BROWSER, "tests/warehouse/test_clock.py::test_now"], []),
        ([f"{BROWSER}_{n}" for n in range(run_tests.MOST_AGAIN + 1)], []),
        ([], []),
    ],
    ids=["few that wait", "one that waits for nothing", "too many", "none"],
)
def test_few_that_wait_for_other_programs_are_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failed: list[str], again: list[str]
) -> None:
    monkeypatch.setattr(run_tests, "ROOT", tmp_path)
    cache = tmp_path / ".pytest_cache/v/cache/lastfailed"
    cache.parent.mkdir(parents=True)
    cache.write_text(json.dumps(dict.fromkeys(failed, True)), encoding="utf-8")
    assert run_tests.failed_beside_others() == again


def test_without_a_record_of_what_failed_nothing_is_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_tests, "ROOT", tmp_path)
    assert run_tests.failed_beside_others() == []
