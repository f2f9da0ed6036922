"""A receipt number in the words of a page: one, with its line, and never long."""

import pytest

from pipelines.submission.browser.page_numbers import ReadNumber, SeveralNumbers, read_number


def test_number_is_quoted_with_its_line() -> None:
    found = read_number(r"number is (R-\d+)", ["Menu\nYour  number is R-12.\nFooter"])
    assert found == ReadNumber("R-12", "Your number is R-12.")


def test_same_number_twice_is_one() -> None:
    assert read_number(r"(R-\d+)", ["R-12 and R-12", "again R-12"]) == ReadNumber("R-12", "R-12 and R-12")


def test_different_numbers_are_none() -> None:
    with pytest.raises(SeveralNumbers, match="R-12, R-13"):
        read_number(r"(R-\d+)", ["R-12", "R-13"])


def test_nothing_fits_nothing() -> None:
    assert read_number(r"(R-\d+)", ["no number", ""]) is None
    assert read_number(r"x( *)y", ["x y"]) is None


def test_pattern_that_never_ends_reads_nothing() -> None:
    assert read_number(r"((?:a+)+)b", ["a" * 5_000]) is None


@pytest.mark.parametrize("text", ["PRC-TEST-0001 pending", "for N00014-26-R-0001", "PRC-TEST-0001 n00014-26-r-0001"])
def test_what_we_gave_ourselves_is_no_number(text: str) -> None:
    assert read_number(r"([A-Z0-9-]*[A-Z]-\d+)", [text], own=("PRC-TEST-0001", "N00014-26-R-0001")) is None


def test_number_beside_our_reference_is_read_and_quoted_whole() -> None:
    found = read_number(r"([A-Z]-\d+)", ["A-2 PRC-TEST-0001 Received"], own=("PRC-TEST-0001",))
    assert found == ReadNumber("A-2", "A-2 PRC-TEST-0001 Received")
