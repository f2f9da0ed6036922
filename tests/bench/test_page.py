"""The page of figures: rows of what was measured now are new, the others stay with their day."""

from datetime import date

from tests.bench.measure import Figure
from tests.bench.run import page

FIRST, LATER = date(2026, 4, 1), date(2026, 5, 1)


def test_a_part_that_is_measured_again_replaces_its_rows_and_no_others() -> None:
    before = page([Figure("a", "reading", "5x", "≤ 6x", True), Figure("c", "changing", "2x")], "", FIRST)
    after = page([Figure("b", "writing", "9x", "≤ 8x", False), Figure("c", "changing", "3x")], before, LATER)
    assert [line for line in after.splitlines() if line.startswith("| ") and line[3] == " "] == [
        "| a | reading | 5x | ≤ 6x | met | 2026-04-01 |",
        "| b | writing | 9x | ≤ 8x | **missed** | 2026-05-01 |",
        "| c | changing | 3x |  |  | 2026-05-01 |",
    ]


def test_measuring_nothing_changes_nothing() -> None:
    before = page([Figure("a", "reading", "5x")], "", FIRST)
    assert page([], before, LATER) == before
