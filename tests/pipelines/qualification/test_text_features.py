"""Titles as words, pieces and vectors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.qualification.text_features import Idf, TitleSpace, build_idf, words

titles = st.lists(st.one_of(st.none(), st.text(max_size=40)), max_size=8)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("53--WASHER,FLAT", ["washer", "flat"]),
        ("J065--Repair of X-ray Unit", ["repair", "of", "x", "ray", "unit"]),
        ("Ｎetwork Café", ["network", "café"]),
        (None, []),
        ("--- ???", []),
    ],
)
def test_title_is_split_without_the_product_group_in_front(title: str | None, expected: list[str]) -> None:
    assert words(title) == expected


def test_rare_word_weighs_more_than_a_common_one_and_an_unseen_word_most() -> None:
    idf = build_idf(["pump repair", "pump parts", "pump and valve"])
    assert idf.of_word("chiller") > idf.of_word("valve") > idf.of_word("pump") == 1


def test_version_names_the_content_of_the_table() -> None:
    first, same = build_idf(["pump repair", "valve"]), build_idf(["valve", "repair pump"])
    assert first.version == same.version
    assert first.version != build_idf(["pump repair", "valve", "valve"]).version


def test_same_words_are_wholly_similar_and_strange_words_not_at_all() -> None:
    space = TitleSpace(["Chiller Repair", "REPAIR, CHILLER", "Snow Plough", ""], build_idf(["Chiller Repair"]))
    by_word, by_gram = space.similarities(["chiller repair"])
    assert by_word[0] == pytest.approx([1, 1, 0, 0])
    assert by_gram[0] == pytest.approx([1, 1, 0, 0])


def test_pieces_of_words_meet_across_forms() -> None:
    by_word, by_gram = TitleSpace(["Electronic Parts"], build_idf([])).similarities(["electronics"])
    assert by_word[0, 0] == 0
    assert by_gram[0, 0] > 0.5


@pytest.mark.thorough
@given(titles, titles, titles)
def test_similarity_lies_between_0_and_1_and_needs_no_company(
    pool: list[str | None], column: list[str | None], others: list[str | None]
) -> None:
    idf = build_idf(pool)
    for together in TitleSpace(column, idf).similarities(others):
        assert together.shape == (len(others), len(column))
        assert ((together >= 0) & (together <= 1 + 1e-9)).all()
    together = TitleSpace(column, idf).similarities(others)[0]
    for i, title in enumerate(column):
        alone = TitleSpace([title], idf).similarities(others)[0]
        assert np.array_equal(alone[:, 0], together[:, i])


def test_empty_table_makes_every_word_as_rare() -> None:
    assert Idf(0, {}).of_word("pump") == Idf(0, {}).of_word("valve") == 1
