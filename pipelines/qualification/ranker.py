"""The local ranker: how like a firm's past awards and declared work an opportunity is, 0 to 100 points.

A kernel without training. Each past award is compared with the opportunity in industry, product, title, buyer, place and
set-aside; the nearest award decides, further like ones add to it. What the firm only declares stands in as one more
award of lower weight. Nothing depends on the other opportunities of a batch: alone or among 100,000 the score is equal.

Here: weights, combination, the map to points. Not here: the features (evidence.py), hard rules (rules.py), the wording
of reasons (reasons.py).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipelines.qualification.approved_sources import approved_sources
from pipelines.qualification.batch import OpportunityBatch
from pipelines.qualification.evidence import Evidence, PreparedBatch, evidence_of, prepare
from pipelines.qualification.reasons import Contribution, reasons_for
from pipelines.qualification.text_features import Idf
from warehouse.domain.company import CompanyProfile
from warehouse.domain.fit import FitScore, Reason, excluded, scored

RANKER_VERSION = "kernel-1"

Floats = NDArray[np.float64]

_PART = 4_000
"""Opportunities compared at once: keeps a firm of 2,000 awards within some 500 MB."""

_FULL_SUPPORT = 4.0
"""Similarity from which further awards count fully: codes and buyer agree, or codes and half the title. Without this a
firm of many awards would drift upwards on notices that merely come from its usual buyer."""

_LIKE = 0.7
"""An award is called like the notice from this share of the nearest award's similarity."""

_OWN_SOURCE = 1.5
"""Being an approved source is worth as much as the exact industry."""

_NOT_A_SOURCE = 0.5
"""A part bought only from approved sources is out of reach, unless approval is sought first (FAR 9.202)."""

# Similarity -> points. Largest similarity without keywords: 7. Only the same buyer: 0.75, below 15. The exact industry
# alone: 1.5, "watch". Codes and buyer: 3.5, "pursue". Codes, buyer and half of the title: 5, 92.
_SIMILARITY = (0.0, 0.9, 1.5, 3.0, 4.5, 6.0, 7.5)
_POINTS = (0.0, 14.0, 46.0, 68.0, 88.0, 97.0, 100.0)


@dataclass(frozen=True)
class ScoredBatch:
    """Scores of a batch for one firm; reasons are worded only when asked for.

    Attributes:
        fit_score: Points 0 to 100, one per opportunity, in the order of the batch.
        similarity: What the points were read from: unrounded, for ordering; 0 and more.
        scorer: Id of ranker and IDF table.
    """

    profile: CompanyProfile
    batch: OpportunityBatch
    idf: Idf
    fit_score: NDArray[np.int64]
    similarity: Floats
    scorer: str
    _parts: Sequence["_Compared"]

    def __len__(self) -> int:
        """Count the opportunities."""
        return len(self.batch)

    def reasons(self, index: int) -> tuple[Reason, ...]:
        """Word the reasons for the score of the opportunity at `index` of the batch, greatest first."""
        contribution = self._parts[index // _PART].contribution(index % _PART)
        score = int(self.fit_score[index])
        return reasons_for(self.profile, self.batch, index, idf=self.idf, contribution=contribution, score=score)

    def fit(self, index: int, broken: Reason | None = None) -> FitScore:
        """Build the fit of the opportunity at `index`; `broken` is the hard rule that excludes it, if any does."""
        score = int(self.fit_score[index])
        if broken is not None:
            return excluded(broken, score, self.reasons(index), scorer=self.scorer)
        return scored(score, self.reasons(index), scorer=self.scorer)


def scorer_id(idf: Idf) -> str:
    """Name the ranker and the IDF table: what must be equal for scores to be comparable."""
    return f"{RANKER_VERSION}+idf-{idf.version}"


def score_opportunities(profile: CompanyProfile, batch: OpportunityBatch, idf: Idf) -> ScoredBatch:
    """Score every opportunity of `batch` for the firm; a part of the batch gives the same scores."""
    parts = [_compare(profile, part) for part in prepared_parts(batch, idf)]
    similarity = np.concatenate([np.zeros(0), *(part.similarity for part in parts)])
    return ScoredBatch(profile, batch, idf, to_points(similarity), similarity, scorer_id(idf), parts)


def similarity_to(profile: CompanyProfile, part: PreparedBatch) -> Floats:
    """Give the bare similarity of each opportunity of a prepared part: for ranking many firms over one pool."""
    return _compare(profile, part).similarity


def prepared_parts(batch: OpportunityBatch, idf: Idf) -> Iterator[PreparedBatch]:
    """Prepare the batch part by part, in order."""
    for start, stop in pairwise([*range(0, len(batch), _PART), len(batch)]):
        yield prepare(batch.part(start, stop), idf)


def to_points(similarity: Floats) -> NDArray[np.int64]:
    """Map similarity to points 0 to 100: monotone, the same for every firm and batch."""
    return np.floor(np.interp(similarity, _SIMILARITY, _POINTS) + 0.5).astype(np.int64)


@dataclass(frozen=True)
class _Compared:
    """One part of a batch compared with a firm: the nearest award (or the declared work) and what each kind gave there."""

    similarity: Floats
    nearest: NDArray[np.intp]
    like: NDArray[np.int64]
    given: dict[str, Floats]
    points_before_sources: NDArray[np.int64]

    def contribution(self, i: int) -> Contribution:
        """Pick out one opportunity."""
        given = {kind: float(values[i]) for kind, values in self.given.items()}
        return Contribution(int(self.nearest[i]), int(self.like[i]), given, int(self.points_before_sources[i]))


def _compare(profile: CompanyProfile, part: PreparedBatch) -> _Compared:
    found = evidence_of(profile, part)
    rows = found.total()
    nearest, columns = rows.argmax(axis=0), np.arange(len(part.batch))
    best = rows[nearest, columns]
    support = _support(rows, best)
    # The same numbers may add up in another order in a batch of one, or on another machine: nine digits keep scores equal.
    before = np.round(best + support, 9)
    like = (rows[:-1] >= _LIKE * best).sum(axis=0) - (nearest < len(rows) - 1)
    given = _at(found, nearest) | {"history": support}
    return _Compared(_weigh_sources(profile, part.batch, before), nearest, like, given, to_points(before))


def _support(rows: Floats, best: Floats) -> Floats:
    """Weigh the awards behind the nearest one: at most 1 in all; another award never lowers `best` + support."""
    behind = np.log(np.exp(rows - best).sum(axis=0))
    support: Floats = np.tanh(behind) * np.minimum(1, best / _FULL_SUPPORT) ** 2
    return support


def _at(found: Evidence, nearest: NDArray[np.intp]) -> dict[str, Floats]:
    columns = np.arange(len(nearest))
    return {kind: values[nearest, columns] for kind, values in found.by_row.items()} | found.of_firm


def _weigh_sources(profile: CompanyProfile, batch: OpportunityBatch, similarity: Floats) -> Floats:
    """Raise what lists the firm as approved source, lower what lists only others; without own CAGE codes leave all."""
    own = {code.upper() for code in profile.cage_codes}
    if not own:
        return similarity
    weighed = similarity.copy()
    for i, text in enumerate(batch.description):
        listed = approved_sources(text)
        if listed:
            weighed[i] = similarity[i] * _NOT_A_SOURCE if own.isdisjoint(listed) else similarity[i] + _OWN_SOURCE
    return weighed
