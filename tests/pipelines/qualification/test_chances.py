"""Chances fitted on invented pairs, kept and read again."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.qualification.chances import KEPT, Steps, fit_steps, kept_chances, parse_chances
from pipelines.qualification.ranker import RANKER_VERSION
from warehouse.errors import BadInput

pairs = st.lists(st.tuples(st.floats(0, 8), st.booleans()), min_size=1, max_size=200)


@given(pairs)
def test_chances_rise_with_similarity_and_stay_chances(given_pairs: list[tuple[float, bool]]) -> None:
    similarity, won = (np.array(column) for column in zip(*given_pairs, strict=True))
    steps = fit_steps(similarity, won)
    told = steps.of(np.linspace(0, 9, 50))
    assert (np.diff(told) >= 0).all()
    assert told.min() >= 0
    assert told.max() <= 1


def test_chances_are_the_shares_seen() -> None:
    similarity = np.repeat([1.0, 2.0, 3.0], 100)
    won = np.concatenate([np.arange(100) < share for share in (2, 10, 40)])
    # Within equal similarity the order of wins is chance: the share is what counts.
    mixed = np.random.default_rng(0).permutation(300)
    told = fit_steps(similarity[mixed], won[mixed]).of(np.array([0.0, 1.0, 2.0, 3.0, 9.0]))
    assert told == pytest.approx([0, 0.02, 0.1, 0.4, 0.4], abs=1e-6)


def test_kept_chances_are_of_the_ranker_that_is_here() -> None:
    """Whoever changes the ranker learns its chances anew: `procura train`."""
    found = kept_chances()
    assert found is not None
    assert found.ranker == RANKER_VERSION


def test_what_is_kept_reads_back_equal_and_holds_numbers_only() -> None:
    text = KEPT.read_text(encoding="utf-8")
    assert parse_chances(text).to_json() == text
    assert len(text) < 10_000


def test_bands_of_the_diagram_rise_in_score_and_count_what_was_won() -> None:
    bands = parse_chances(KEPT.read_text(encoding="utf-8")).bands
    assert [band.score_from for band in bands] == sorted(band.score_from for band in bands)
    assert all(band.came == pytest.approx(band.won / band.pairs, abs=1e-4) for band in bands)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"ranker": 1, "steps": 2}'])
def test_what_is_no_kept_chances_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="no kept chances"):
        parse_chances(text)


def test_chances_of_another_ranker_are_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.qualification.chances.RANKER_VERSION", "kernel-0")
    kept_chances.cache_clear()
    assert kept_chances() is None
    kept_chances.cache_clear()


def test_steps_without_any_point_tell_nothing() -> None:
    assert replace(Steps((1.0,), (0.5,)), similarity=(), chance=()).of(np.array([3.0])) == pytest.approx([0])
