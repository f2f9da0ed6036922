"""Codes and buyers' names: how near they are."""

import pytest

from pipelines.qualification.code_similarity import (
    Codes,
    equality,
    naics_key,
    naics_similarity,
    psc_key,
    psc_similarity,
)
from warehouse.domain.buyer import buyer_key


def test_nearer_industries_are_more_similar() -> None:
    column = Codes(["541512", "541519", "5413", "236220", "", None], naics_key)
    near = naics_similarity(["541512"], column)[0]
    assert near == pytest.approx([1.5, 0.8, 0.4, 0, 0, 0])


def test_missing_code_is_like_nothing_not_even_another_missing_one() -> None:
    assert naics_similarity(["", "54"], Codes(["", None, "x"], naics_key)).tolist() == [[0, 0, 0], [0, 0, 0]]
    assert psc_similarity([""], Codes(["", "58"], psc_key)).tolist() == [[0, 0]]


def test_product_group_says_more_than_service_group() -> None:
    products = psc_similarity(["5820"], Codes(["5820", "58", "5999"], psc_key))[0]
    services = psc_similarity(["S201"], Codes(["s201", "S222", "S1"], psc_key))[0]
    assert products == pytest.approx([1.25, 0.9375, 0.3125])
    assert services == pytest.approx([1.25, 0.625, 0.3125])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("VETERANS AFFAIRS, DEPARTMENT OF", "Department of Veterans Affairs"),
        ("DEPT OF THE NAVY", "Navy"),
        ("US COAST GUARD", "U.S. Coast Guard"),
    ],
)
def test_one_buyer_under_two_spellings_is_one(one: str, other: str) -> None:
    assert buyer_key(one) == buyer_key(other)


def test_unnamed_buyers_are_not_equal() -> None:
    assert equality(["", "NAVY"], Codes([None, "Department of the Navy"], buyer_key)).tolist() == [[0, 0], [0, 1]]
