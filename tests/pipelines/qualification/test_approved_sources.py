"""CAGE codes of approved sources in a notice's text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.qualification.approved_sources import approved_sources


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Approved source is 0AB12 778-1. The solicitation is an RFQ.", {"0AB12"}),
        ("Approved sources are 0AB12 77.8 REV 2; 9ZZ81 X-4; 9ZZ81 X-5. More.", {"0AB12", "9ZZ81"}),
        ("approved sources are 0ab12 77", {"0AB12"}),
        ("Only approved sources are considered for award of this contract.", set()),
        ("No sources are named.", set()),
        (None, set()),
    ],
)
def test_listed_makers_are_found(text: str | None, expected: set[str]) -> None:
    assert approved_sources(text) == expected


@given(st.text())
def test_odd_text_never_raises(text: str) -> None:
    approved_sources("Approved sources are " + text)
