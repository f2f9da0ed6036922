"""Limits in the notice's own words: what is proposed, with the words that say it, and what is left alone."""

from typing import Any

import pytest

from pipelines.submission.limits_in_text import Proposal, proposals
from tests.factories_packages import point


def said(*quotes: str) -> dict[str, Any]:
    found = proposals(point(n, quote=quote, quote_field="description", quote_start=0) for n, quote in enumerate(quotes))
    return {one.name: one.value for one in found}


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("The total size of the e-mail shall not exceed 10 MB.", {"total_bytes": 10_000_000}),
        ("Each attachment is limited to 2.5 megabytes.", {"file_bytes": 2_500_000}),
        ("No single file may be larger than 1 GB", {"file_bytes": 1_000_000_000}),
        ("Messages up to 20&nbsp;MB <b>maximum</b>", {"total_bytes": 20_000_000}),
        ("Volume II shall not exceed 30 pages.", {"pages": {"Volume II": 30}}),
        ("Volume 1 is limited to thirty (30) single-sided pages", {"pages": {"Volume 1": 30}}),
        ("Submit in PDF or Microsoft Word format.", {"file_types": ["pdf", "docx"]}),
        ("The quote shall not exceed 15 pages.", {}),
        ("The server holds 500 GB of records.", {}),
        ("The PDF is attached to this notice.", {}),
        ("Files up to 0 MB", {}),
        ("", {}),
    ],
)
def test_a_sentence_proposes_what_it_states(quote: str, found: dict[str, Any]) -> None:
    assert said(quote) == found


def test_of_several_sizes_the_smallest_and_of_volumes_all() -> None:
    assert said(
        "Total not to exceed 25 MB.", "E-mails larger than 10 MB are not received, maximum.", "Volume I limit: 30 pages",
        "Volume II limit: 5 pages",
    ) == {"total_bytes": 10_000_000, "pages": {"Volume I": 30, "Volume II": 5}}  # fmt: skip


def test_a_proposal_carries_the_words_as_they_are_stored() -> None:
    quote = "The total\n  shall not exceed 10&nbsp;MB."
    assert proposals([point(1, quote=quote)]) == (Proposal("total_bytes", 10_000_000, quote),)
