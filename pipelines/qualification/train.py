"""Learn the ranker's chances from a fit set and measure it there, always on firms that were not learned from.

Firms are dealt into five parts by a hash of their id. What is told of a firm of one part was learned from the other four;
what is kept at the end is learned from all. The word table counts titles only, so nothing of an outcome is in a feature.

Here: the folds, what is learned in them, what is measured. Not here: the similarity (ranker.py), the measures
(measures.py), how chances are fitted and kept (chances.py).
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.qualification.chances import Band, Chances, Kept, Measured, fit_steps
from pipelines.qualification.code_similarity import equality, naics_key, psc_key, shared_levels
from pipelines.qualification.cut import Asking, price_asking
from pipelines.qualification.evidence import PreparedBatch
from pipelines.qualification.fit_set import FitSet, hash_of_set, read_fit_set, read_outcomes
from pipelines.qualification.measures import (
    BINS,
    FIRST,
    Bools,
    Floats,
    auc_by_firm,
    brier_gain,
    calibration_error,
    interval,
    ndcg_by_firm,
    order_of,
)
from pipelines.qualification.models import read_models
from pipelines.qualification.ranker import RANKER_VERSION, prepared_parts, similarity_to, to_points
from warehouse.domain.buyer import buyer_key
from warehouse.domain.company import CompanyProfile
from warehouse.errors import BadInput

PARTS = 5
SHARES = (0.0025, 0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5)
"""Shares of notices that the cascade might pass on to a model."""

LOTTERY = "DEFENSE LOGISTICS AGENCY"
"""Two thirds of a pool are its buys of parts among many equal suppliers; what a ranker does shows without them."""

_INDUSTRY = tuple((length, 1 / 5) for length in (2, 3, 4, 5, 6))
_PRODUCT = tuple((length, 1 / 3) for length in (1, 2, 4))

Compare = Callable[[CompanyProfile, PreparedBatch], Floats]


@dataclass(frozen=True)
class _First:
    """Each firm's first twenty: shape (firms, 20) each, best first."""

    similarity: Floats
    won: Bools
    told: Floats


def train(directory: Path) -> Chances:
    """Learn from a fit set and measure on it; the same set gives the same to the last digit.

    Raises:
        BadInput: the set cannot be read, or holds too little to learn from.
    """
    fit_set = read_fit_set(directory)
    won = read_outcomes(directory, fit_set)
    parts = part_of_firms([firm.name for firm in fit_set.firms])
    if len(set(parts)) < PARTS or won.shape[1] < FIRST or any(not won[parts == part].any() for part in range(PARTS)):
        raise BadInput(
            f"{directory}: {won.shape[0]} firms and {won.shape[1]} opportunities are too few to learn from.",
            todo=f"take firms for {PARTS} parts, each with wins, and {FIRST} opportunities or more.",
        )
    similarity = compared(fit_set, similarity_to)
    first = _first_of(similarity, won, parts)
    elsewhere = np.array([sub_tier != LOTTERY for sub_tier in fit_set.batch.sub_tier], dtype=np.bool_)
    return Chances(
        ranker=RANKER_VERSION,
        learned_from=hash_of_set(directory),
        firms=len(fit_set.firms),
        steps=fit_steps(first.similarity.ravel(), first.won.ravel()),
        bands=tuple(_bands(first)),
        curve=tuple(
            _curve(similarity, won, parts, elsewhere, price_asking(fit_set.firms, fit_set.batch, read_models()))
        ),
        measured=tuple(_measured(fit_set, similarity, won, first, elsewhere)),
    )


def part_of_firms(names: list[str]) -> NDArray[np.intp]:
    """Deal firms into five parts by a hash of their id: the same part whichever other firms there are."""
    return np.array([int(hashlib.sha256(name.encode()).hexdigest(), 16) % PARTS for name in names], dtype=np.intp)


def compared(fit_set: FitSet, compare: Compare) -> Floats:
    """Compare every firm with the whole pool: shape (firms, opportunities), six digits as a run holds them."""
    columns = [
        np.array([compare(firm, part) for firm in fit_set.firms]).reshape(len(fit_set.firms), -1)
        for part in prepared_parts(fit_set.batch, fit_set.idf)
    ]
    return np.round(np.hstack(columns), 6)


def by_hand(firm: CompanyProfile, part: PreparedBatch) -> Floats:
    """Compare by a formula of one afternoon, the yardstick: industry times product, plus title words, plus buyer.

    Codes by the share of their levels in common, of which a little stays where one code says nothing; titles by the cosine
    of their words; a half for the same sub-tier; the nearest award decides.
    """
    awards = firm.past_awards
    if not awards:
        return np.zeros(len(part.batch))
    industry = shared_levels([naics_key(award.naics_code) for award in awards], part.naics, _INDUSTRY)
    product = shared_levels([psc_key(award.psc_code) for award in awards], part.psc, _PRODUCT)
    by_word, _ = part.titles.similarities([award.title for award in awards])
    buyer = equality([buyer_key(award.sub_tier) for award in awards], part.sub_tier)
    nearest: Floats = ((0.05 + industry) * (0.05 + product) + by_word + 0.5 * buyer).max(axis=0)
    return nearest


def _first_of(similarity: Floats, won: Bools, parts: NDArray[np.intp]) -> _First:
    """Take each firm's first twenty and tell their chances by what the other parts' firms say."""
    order = order_of(similarity)[:, :FIRST]
    x, y = np.take_along_axis(similarity, order, axis=1), np.take_along_axis(won, order, axis=1)
    told = np.zeros_like(x)
    for part in range(PARTS):
        others = parts != part
        told[~others] = fit_steps(x[others].ravel(), y[others].ravel()).of(x[~others])
    return _First(x, y, told)


def _bands(first: _First) -> Iterator[Band]:
    """Cut the first twenty of all firms into ten bands of as many pairs each, by rising similarity."""
    x, y, told = first.similarity.ravel(), first.won.ravel(), first.told.ravel()
    points = to_points(x)
    for band in np.array_split(np.argsort(x, kind="stable"), BINS):
        yield Band(
            score_from=int(points[band].min()), score_to=int(points[band].max()),
            told=round(float(told[band].mean()), 4), came=round(float(y[band].mean()), 4),
            pairs=len(band), won=int(y[band].sum()),
        )  # fmt: skip


def _curve(
    similarity: Floats, won: Bools, parts: NDArray[np.intp], elsewhere: Bools, asking: Sequence[Asking]
) -> Iterator[Kept]:
    """Choose each cut on four parts' firms and look what it keeps of the fifth's wins and what it costs."""
    for share in SHARES:
        passed = np.zeros_like(won)
        for part in range(PARTS):
            others = parts != part
            passed[~others] = similarity[~others] >= np.quantile(similarity[others], 1 - share)
        cut = to_points(np.quantile(similarity, [1 - share]))
        kept, wins = (won & passed).sum(axis=0), won.sum(axis=0)
        elsewhere_kept = kept[elsewhere].sum() / max(1, wins[elsewhere].sum())
        shares = [round(float(value), 4) for value in (passed.mean(), kept.sum() / wins.sum(), elsewhere_kept)]
        yield Kept(shares[0], shares[1], shares[2], int(cut[0]), round(max(a.share(passed) for a in asking), 4))


def _measured(fit_set: FitSet, similarity: Floats, won: Bools, first: _First, elsewhere: Bools) -> Iterator[Measured]:
    yardstick = compared(fit_set, by_hand)
    for pool, wanted in (("all", np.ones_like(elsewhere)), (f"without {LOTTERY}", elsewhere)):
        for name, rate in (("nDCG@10", ndcg_by_firm), ("AUC", auc_by_firm)):
            ours, hand = (rate(values[:, wanted], won[:, wanted]) for values in (similarity, yardstick))
            yield _figure(f"{name}, {pool}", ours)
            yield _figure(f"{name}, {pool}: hand formula", hand)
            yield _figure(f"{name}, {pool}: above the hand formula, firm by firm", ours - hand)
    yield Measured("calibration error of each firm's first twenty", round(calibration_error(first.told, first.won), 4))
    yield Measured("Brier score of the first twenty", round(float(((first.told - first.won) ** 2).mean()), 5))
    gain = brier_gain(first.told, first.won)
    yield Measured(
        "Brier score below that of the constant rate", round(gain.mean, 5), round(gain.low, 5), round(gain.high, 5)
    )


def _figure(what: str, by_firm: Floats) -> Measured:
    found = interval(by_firm)
    return Measured(what, round(found.mean, 4), round(found.low, 4), round(found.high, 4))
