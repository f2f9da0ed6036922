"""Patterns of a receipt number: what they find, and that none of them can hold anything up."""

import time

import pytest

from pipelines.submission.receipt_patterns import FoundNumber, PatternsTooSlow, fault_of_pattern, find_numbers, search

PATTERN = r"confirmation (?:number|no\.?):?\s*([A-Z0-9-]+)"


def test_a_number_is_found_with_the_words_in_which_it_stands() -> None:
    texts = ["nothing", "Dear Sir,\nyour Confirmation Number: R-2026-17, kept.\nBye 12345"]
    assert find_numbers([PATTERN, r"bye (\d+)"], texts) == [
        FoundNumber(1, "R-2026-17", "your Confirmation Number: R-2026-17, kept."),
        FoundNumber(1, "12345", "Bye 12345"),
    ]


@pytest.mark.parametrize("word", ["pending", "R-1", "-----", "9" * 81])
def test_what_is_no_number_is_none(word: str) -> None:
    assert search(PATTERN, f"Confirmation number: {word}") == []


def test_a_number_that_stands_far_away_is_quoted_with_it() -> None:
    ((number, quote),) = search(r"receipt[\s\S]{0,5000}?(R-\d+)", "receipt " + "word " * 500 + "R-1234 end")
    assert number == "R-1234"
    assert number in quote
    assert len(quote) < 450


@pytest.mark.parametrize("pattern", [r"((?:a+)+)b", r"((?:a|aa)+)b", r"(?:a*)*(a{2,})b"])
def test_a_pattern_that_would_take_for_ever_is_cut_off(pattern: str) -> None:
    assert fault_of_pattern(pattern) == ""
    before = time.monotonic()
    with pytest.raises(PatternsTooSlow, match="seconds"):
        find_numbers([pattern], ["a" * 60], seconds=0.5)
    assert time.monotonic() - before < 60


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [
        ("(", "no regular expression"),
        ("x" * 200 + "(y)", "more than 200"),
        ("abc", "0 groups"),
        ("(a)(b)", "2 groups"),
        ("(a)?", "empty"),
        (r"No\. (\d{4,})", ""),
    ],
)
def test_a_faulty_pattern_is_said_to_be_one(pattern: str, fault: str) -> None:
    assert fault in fault_of_pattern(pattern)
    assert bool(fault) == bool(fault_of_pattern(pattern))


def test_without_texts_no_process_is_started() -> None:
    assert find_numbers([PATTERN], []) == []
