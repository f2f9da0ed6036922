"""Who may bid under which set-aside, as the acquisition rules say."""

import pytest

from pipelines.qualification.set_asides import (
    ELIGIBILITIES,
    OPEN_TO_ALL,
    restricting_codes,
    satisfies,
    set_aside_codes,
    unknown_codes,
)
from warehouse.domain.codes import is_set_aside


@pytest.mark.parametrize(
    ("published", "codes"),
    [
        (None, ()),
        ("", ()),
        ("sba", ("SBA",)),
        ('["SBA", "8A"]', ("SBA", "8A")),  # the daily file writes some as JSON
        ("SDVOSBC;HZC", ("SDVOSBC", "HZC")),
    ],
)
def test_published_codes_are_read_in_every_spelling(published: str | None, codes: tuple[str, ...]) -> None:
    assert set_aside_codes(published) == codes


@pytest.mark.parametrize("published", [None, "NONE", "SBP"])
def test_what_is_open_to_all_restricts_nobody_and_is_known(published: str | None) -> None:
    assert restricting_codes(published) == ()
    assert unknown_codes(published) == ()


def test_an_unknown_code_restricts_nobody_and_is_named() -> None:
    assert restricting_codes("SBA XYZ") == ("SBA",)
    assert unknown_codes("SBA XYZ") == ("XYZ",)


@pytest.mark.parametrize(
    ("held", "code", "may"),
    [
        ("8A", "SBA", True),  # every programme of small firms satisfies the total set-aside
        ("SBA", "8A", False),
        ("EDWOSB", "WOSB", True),  # FAR 19.1503
        ("WOSB", "EDWOSB", False),
        ("SDVOSBC", "VSA", True),  # VAAR 819.70
        ("VSA", "SDVOSBC", False),
        ("ISBEE", "IEE", True),
        ("IEE", "ISBEE", False),
        ("SBA", "LAS", False),
    ],
)
def test_a_narrower_programme_satisfies_the_wider_one_and_never_the_reverse(held: str, code: str, may: bool) -> None:
    assert satisfies(frozenset({held}), code) is may


def test_nobody_without_any_eligibility_passes_a_restriction() -> None:
    assert not any(satisfies(frozenset(), code) for code in ELIGIBILITIES if code not in OPEN_TO_ALL)


def test_every_eligibility_is_a_code_that_the_source_uses() -> None:
    assert [code for code in ELIGIBILITIES if not is_set_aside(code)] == []
