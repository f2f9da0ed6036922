"""How good a ranking and its chances are, against what firms really won, with paired intervals over firms.

Here: the measures, each one value a firm where it can be, so that two rankings are compared firm by firm. Not here: what
is measured (train.py).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

TOP = 10
"""Ranks that nDCG looks at: what somebody reads before the coffee is cold."""

FIRST = 20
"""Ranks of each firm over which chances are judged."""

BINS = 10
_DRAWS = 2_000


@dataclass(frozen=True)
class Interval:
    """A mean and the range that holds it in 95 of 100 draws of the firms, with replacement."""

    mean: float
    low: float
    high: float


def ndcg_by_firm(scores: Floats, won: Bools) -> Floats:
    """Rate the first ten ranks of each firm, 0 to 1: shape (firms,); nan for a firm that won nothing of the pool.

    Args:
        scores: Shape (firms, opportunities), higher is better; of equal ones the later column stands first.
        won: What was really won, in the same shape.
    """
    gains = 1 / np.log2(np.arange(TOP) + 2)
    found = np.take_along_axis(won, order_of(scores)[:, :TOP], axis=1)
    best = np.concatenate([[np.nan], np.cumsum(gains)])
    rated: Floats = found @ gains[: found.shape[1]] / best[np.minimum(won.sum(axis=1), TOP)]
    return rated


def auc_by_firm(scores: Floats, won: Bools) -> Floats:
    """Give the chance that a win outranks a notice not won, ties counting half: shape (firms,); nan without either."""
    wins = won.sum(axis=1)
    pairs = wins * (won.shape[1] - wins)
    ranks = np.where(won, rankdata(scores, axis=1), 0).sum(axis=1)
    with np.errstate(invalid="ignore"):
        rated: Floats = (ranks - wins * (wins + 1) / 2) / np.where(pairs > 0, pairs, np.nan)
    return rated


def order_of(scores: Floats) -> NDArray[np.intp]:
    """List each firm's columns from its highest score down."""
    return np.argsort(scores, axis=1, kind="stable")[:, ::-1]


def calibration_error(chances: Floats, won: Bools) -> float:
    """Average how far what was told lies from what came, over ten bins of as many pairs each, by rising chance."""
    order = np.argsort(chances, axis=None, kind="stable")
    told, came = np.array_split(chances.ravel()[order], BINS), np.array_split(won.ravel()[order], BINS)
    gaps = [abs(float(p.mean() - y.mean())) * len(p) for p, y in zip(told, came, strict=True) if len(p)]
    return sum(gaps) / max(1, won.size)


def brier_gain(chances: Floats, won: Bools) -> Interval:
    """Say by how much the chances' squared error lies below that of telling everybody the pairs' own rate.

    Args:
        chances: Shape (firms, pairs of each), 0 to 1.
        won: In the same shape.
    """
    constant = (won.mean() - won) ** 2
    return interval((constant - (chances - won) ** 2).mean(axis=1))


def interval(by_firm: Floats) -> Interval:
    """Draw the firms again and again and read the range of the mean; firms that cannot be rated (nan) are left out."""
    rated = by_firm[~np.isnan(by_firm)]
    draws = np.random.default_rng(0).integers(0, len(rated), (_DRAWS, len(rated)))
    low, high = np.quantile(rated[draws].mean(axis=1), (0.025, 0.975))
    return Interval(float(rated.mean()), float(low), float(high))
