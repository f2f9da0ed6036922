"""From similarity to chance: of 100 notices as like as this, how many did firms win that were like the reader's?

An isotonic regression over each training firm's first twenty: the chance rises with the similarity and with nothing else.
It says what was seen among the firms and in the weeks of the set it was learned from; a score stays points.

Here: fitting, keeping as JSON, reading off. Not here: what it is learned from (train.py).
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from pipelines.qualification.cut import MOST_OF_MONEY
from pipelines.qualification.ranker import RANKER_VERSION
from warehouse.errors import BadInput

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

KEPT = Path(__file__).with_name("chances.json")
"""What `procura train` wrote last: numbers only, some two kilobytes."""

_FEWEST = 25
"""Pairs of a step: fewer say nothing about a chance of some hundredths."""

_DIGITS = 6
"""Kept digits: the same file from the same set on another machine."""


@dataclass(frozen=True)
class Steps:
    """A rising line through points: similarity to chance, straight between them, level beyond the last."""

    similarity: tuple[float, ...]
    chance: tuple[float, ...]

    def of(self, similarity: Floats) -> Floats:
        """Read off chances, 0 to 1, in the shape given; likeness of nothing has no chance."""
        told: Floats = np.interp(similarity, (0.0, *self.similarity), (0.0, *self.chance))
        return told


@dataclass(frozen=True)
class Band:
    """One band of the reliability diagram, of firms that the chances were not learned from.

    Attributes:
        score_from: Fewest points of its pairs.
        score_to: Most points of its pairs.
        told: Mean chance told.
        came: Share that was won.
        pairs: How many pairs.
        won: How many of them were won.
    """

    score_from: int
    score_to: int
    told: float
    came: float
    pairs: int
    won: int


@dataclass(frozen=True)
class Kept:
    """One point of the cascade's curve, of firms on which the cut was not chosen.

    Attributes:
        passed_on: Share of all notices that reach the cut.
        wins_kept: Share of the later wins among them.
        wins_kept_elsewhere: The same of wins not of the lottery (train.py, LOTTERY).
        score_from: The cut in points, as chosen on all firms.
        of_money: What asking about them costs, of the money of analysing every notice; the dearest vendor's (cut.py).
    """

    passed_on: float
    wins_kept: float
    wins_kept_elsewhere: float
    score_from: int
    of_money: float


@dataclass(frozen=True)
class Measured:
    """One figure with the range that holds it in 95 of 100 draws of the firms, where there is one."""

    what: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Chances:
    """What was learned for one ranker from one set.

    Attributes:
        ranker: RANKER_VERSION of the similarity; another ranker's needs its own.
        learned_from: Hash of the fit set.
        firms: Firms learned from.
        steps: Similarity to chance, of all firms.
        bands: Reliability by rising chance, each firm's told by the other firms.
        curve: For the cascade's cut, by rising share passed on.
        measured: How good ranker and chances were on the set.
    """

    ranker: str
    learned_from: str
    firms: int
    steps: Steps
    bands: tuple[Band, ...]
    curve: tuple[Kept, ...]
    measured: tuple[Measured, ...]

    @property
    def cut(self) -> Kept:
        """Where a model is asked from: the point that keeps most wins within a twentieth of the money; else the cheapest."""
        payable = [point for point in self.curve if point.of_money <= MOST_OF_MONEY]
        return payable[-1] if payable else self.curve[0]

    @property
    def version(self) -> str:
        """Hash of all of it, twelve hex digits."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:12]

    def to_json(self) -> str:
        """Write it the one way, a line a field."""
        lines = [f" {json.dumps(name)}: {json.dumps(value)}" for name, value in asdict(self).items()]
        return "{\n" + ",\n".join(lines) + "\n}\n"


def fit_steps(similarity: Floats, won: Bools) -> Steps:
    """Fit the rising line to pairs (two arrays of one length), joining neighbours until each step holds 25 pairs."""
    x, where, pairs = np.unique(similarity, return_inverse=True, return_counts=True)
    wins = np.bincount(where, won, len(x))
    cuts = [0]
    for cut in isotonic_regression(wins / pairs, weights=pairs).blocks[1:-1].tolist():
        if min(pairs[cuts[-1] : cut].sum(), pairs[cut:].sum()) >= _FEWEST:
            cuts.append(cut)
    pairs_of, wins_of, x_of = (np.add.reduceat(values, cuts) for values in (pairs, wins, x * pairs))
    return Steps(_rounded(x_of / pairs_of), _rounded(wins_of / pairs_of))


@cache
def kept_chances() -> Chances | None:
    """Read what is kept with the product; None when it was learned for another ranker and so says nothing of this one."""
    found = parse_chances(KEPT.read_text(encoding="utf-8"))
    return found if found.ranker == RANKER_VERSION else None


def parse_chances(text: str) -> Chances:
    """Read what `to_json` wrote.

    Raises:
        BadInput: it is not that.
    """
    try:
        raw = json.loads(text)
        steps = Steps(*(tuple(map(float, raw["steps"][name])) for name in ("similarity", "chance")))
        bands = tuple(Band(**band) for band in raw["bands"])
        curve = tuple(Kept(**point) for point in raw["curve"])
        measured = tuple(Measured(**figure) for figure in raw["measured"])
        return Chances(str(raw["ranker"]), str(raw["learned_from"]), int(raw["firms"]), steps, bands, curve, measured)
    except (ValueError, TypeError, KeyError) as error:
        raise BadInput(f"these are no kept chances: {error}", todo="write them anew with `procura train`") from error


def _rounded(values: Floats) -> tuple[float, ...]:
    return tuple(np.round(values, _DIGITS).tolist())
