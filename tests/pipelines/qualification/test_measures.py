"""The measures, on rankings small enough to rate by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.qualification.measures import auc_by_firm, brier_gain, calibration_error, interval, ndcg_by_firm

WON = np.array([[True, False, False, True], [False, False, False, False]])


def test_perfect_ranking_is_rated_one_and_a_firm_without_wins_is_not_rated() -> None:
    scores = np.array([[4.0, 1.0, 2.0, 3.0], [1.0, 2.0, 3.0, 4.0]])
    assert ndcg_by_firm(scores, WON)[0] == pytest.approx(1)
    assert auc_by_firm(scores, WON)[0] == 1
    assert math.isnan(ndcg_by_firm(scores, WON)[1])
    assert math.isnan(auc_by_firm(scores, WON)[1])


def test_win_on_the_second_place_gains_less_by_the_logarithm() -> None:
    won = np.array([[True, False, False]])
    assert ndcg_by_firm(np.array([[1.0, 2.0, 0.0]]), won)[0] == pytest.approx(1 / math.log2(3))


def test_ties_count_half() -> None:
    assert auc_by_firm(np.zeros((1, 4)), WON[:1])[0] == 0.5


def test_win_beyond_the_tenth_place_gains_nothing() -> None:
    won = np.zeros((1, 12), dtype=np.bool_)
    won[0, 0] = True
    assert ndcg_by_firm(np.arange(12.0)[None, :], won)[0] == 0


def test_chances_that_come_true_have_no_error_and_overconfident_ones_have_theirs() -> None:
    won = np.tile([True, False, False, False, False], 20)[None, :]
    assert calibration_error(np.full(won.shape, 0.2), won) == pytest.approx(0, abs=1e-12)
    assert calibration_error(np.full(won.shape, 0.5), won) == pytest.approx(0.3)


def test_telling_everybody_the_rate_gains_nothing_and_knowing_gains() -> None:
    won = np.array([[True, False, False, False]] * 8)
    assert brier_gain(np.full(won.shape, 0.25), won).mean == pytest.approx(0)
    assert brier_gain(won.astype(float), won).low > 0


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=20))
def test_interval_holds_its_mean_and_is_drawn_the_same_again(values: list[float]) -> None:
    found = interval(np.array([*values, math.nan]))
    assert found.low - 1e-9 <= found.mean <= found.high + 1e-9
    assert found == interval(np.array(values))
